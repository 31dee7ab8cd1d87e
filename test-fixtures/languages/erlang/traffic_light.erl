%%% The lights of one crossing: cars have green until somebody on foot asks.
-module(traffic_light).
-behaviour(gen_statem).

-export([start_link/1, request_crossing/1, emergency/2]).
-export([init/1, callback_mode/0, cars_go/3, cars_stop/3, people_walk/3, blinking/3]).

-define(AMBER_MS, 3000).
-define(CLEARANCE_MS, 2000).

-record(crossing, {
    id :: binary(),
    width_m :: number(),
    shortest_green = 15000 :: pos_integer(),
    green_since :: integer() | undefined
}).

start_link(Crossing) ->
    gen_statem:start_link(?MODULE, Crossing, []).

%% The button on the pole.
request_crossing(Pid) ->
    gen_statem:cast(Pid, button).

%% A fire engine comes: Direction keeps green, everybody else waits.
emergency(Pid, Direction) ->
    gen_statem:cast(Pid, {emergency, Direction}).

callback_mode() -> [state_functions, state_enter].

init(#crossing{} = Crossing) ->
    {ok, cars_go, Crossing}.

cars_go(enter, _Old, Crossing) ->
    {keep_state, Crossing#crossing{green_since = now_ms()}};
cars_go(cast, button, Crossing) ->
    {keep_state_and_data, [{state_timeout, green_left(Crossing), change}]};
cars_go(state_timeout, change, Crossing) ->
    {next_state, cars_stop, Crossing};
cars_go(cast, {emergency, road}, _Crossing) ->
    {keep_state_and_data, [{state_timeout, cancel}]};
cars_go(info, lamp_failed, Crossing) ->
    {next_state, blinking, Crossing}.

cars_stop(enter, _Old, _Crossing) ->
    {keep_state_and_data, [{state_timeout, ?AMBER_MS + ?CLEARANCE_MS, clear}]};
cars_stop(state_timeout, clear, Crossing) ->
    {next_state, people_walk, Crossing};
cars_stop(_Type, _Event, _Crossing) ->
    keep_state_and_data.

people_walk(enter, _Old, Crossing) ->
    {keep_state_and_data, [{state_timeout, walking_time(Crossing), over}]};
people_walk(state_timeout, over, Crossing) ->
    {next_state, cars_go, Crossing};
people_walk(_Type, _Event, _Crossing) ->
    keep_state_and_data.

%% Amber flashes on all sides when a lamp is broken: nobody may believe in a green that is not there.
blinking(enter, Old, #crossing{id = Id}) ->
    logger:error("crossing ~s: lamp failed in ~p, falling back to blinking", [Id, Old]),
    keep_state_and_data;
blinking(_Type, _Event, _Crossing) ->
    keep_state_and_data.

%% Old people walk 0.8 metres a second, and need a moment to set off.
walking_time(#crossing{width_m = Width}) ->
    round(Width / 0.8 * 1000) + 1500.

green_left(#crossing{shortest_green = Shortest, green_since = Since}) ->
    max(0, Since + Shortest - now_ms()).

now_ms() -> erlang:monotonic_time(millisecond).
