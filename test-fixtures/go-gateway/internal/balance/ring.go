package balance

import (
	"hash/fnv"
	"sort"
	"strconv"
)

// replicas is the number of points that each node owns on the circle; more points, smoother shares.
const replicas = 128

// Ring sends the same key to the same node, and moves few keys when a node joins or leaves.
type Ring struct {
	points []uint32
	owner  map[uint32]string
}

// NewRing places every node on the circle.
func NewRing(nodes []string) *Ring {
	r := &Ring{owner: make(map[uint32]string, len(nodes)*replicas)}
	for _, node := range nodes {
		for i := 0; i < replicas; i++ {
			point := hash(node + "#" + strconv.Itoa(i))
			r.points = append(r.points, point)
			r.owner[point] = node
		}
	}
	sort.Slice(r.points, func(i, j int) bool { return r.points[i] < r.points[j] })
	return r
}

// Lookup walks clockwise from the key to the next point. It answers "" for an empty ring.
func (r *Ring) Lookup(key string) string {
	if len(r.points) == 0 {
		return ""
	}
	h := hash(key)
	i := sort.Search(len(r.points), func(i int) bool { return r.points[i] >= h })
	return r.owner[r.points[i%len(r.points)]]
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return h.Sum32()
}
