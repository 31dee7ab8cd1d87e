class_name MuseumGuard
extends CharacterBody2D
## A night watchman: walks his round, looks around with a torch and comes running when he sees the thief.

signal thief_spotted(guard, where)

enum Mood { STROLLING, CURIOUS, CHASING }

const TORCH_REACH := 320.0
const TORCH_HALF_ANGLE := deg_to_rad(28.0)

@export var walking_speed := 60.0
@export var running_speed := 150.0
@export var round_points: Array[Vector2] = []

var mood: Mood = Mood.STROLLING
var suspicion := 0.0
var _next_point := 0


func _ready() -> void:
	if round_points.is_empty():
		push_warning("Guard %s has no round to walk and will stand still" % name)


func _physics_process(delta: float) -> void:
	match mood:
		Mood.STROLLING:
			_walk_round()
		Mood.CURIOUS:
			velocity = Vector2.ZERO
			cool_down(delta)
		Mood.CHASING:
			velocity = global_position.direction_to(_thief().global_position) * running_speed
	move_and_slide()


## Inside the cone of light, and no wall or statue in between.
func can_see(target: Node2D) -> bool:
	var offset := target.global_position - global_position
	if offset.length() > TORCH_REACH:
		return false
	if absf(Vector2.RIGHT.rotated(rotation).angle_to(offset)) > TORCH_HALF_ANGLE:
		return false
	var query := PhysicsRayQueryParameters2D.create(global_position, target.global_position)
	query.exclude = [self]
	var hit := get_world_2d().direct_space_state.intersect_ray(query)
	return not hit.is_empty() and hit.collider == target


## Footsteps on marble carry further than on carpet.
func hear(loudness: float, origin: Vector2) -> void:
	suspicion += loudness / maxf(1.0, global_position.distance_to(origin))
	if suspicion >= 1.0:
		mood = Mood.CHASING
		thief_spotted.emit(self, origin)
	elif suspicion > 0.3:
		mood = Mood.CURIOUS
		look_at(origin)


func cool_down(delta: float) -> void:
	suspicion = move_toward(suspicion, 0.0, 0.2 * delta)
	if is_zero_approx(suspicion):
		mood = Mood.STROLLING


func _walk_round() -> void:
	if round_points.is_empty():
		return
	if global_position.distance_to(round_points[_next_point]) < 4.0:
		_next_point = (_next_point + 1) % round_points.size()
	velocity = global_position.direction_to(round_points[_next_point]) * walking_speed


func _thief() -> Node2D:
	return get_tree().get_first_node_in_group("thief")
