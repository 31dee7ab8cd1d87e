import type { Sample } from './testSamples.js';

/** One small program per language that has no grammar of its own, with the path of the file. */
export const ruledSamples: Readonly<Record<string, Sample & { readonly path: string }>> = {
  cmake: {
    path: 'door',
    text: `cmake_minimum_required(VERSION 3.20)
project(doors VERSION 1.0)
option(WITH_LOCK "Adds a lock" ON)
# Adds a door.
function(add_door name)
  message("\${name}")
endfunction()
macro(twice x)
  list(APPEND all \${x})
endmacro()
add_library(doors STATIC
  door.cpp
  lock.cpp)
`,
    definitions: [
      'constant doors 2-2',
      'constant WITH_LOCK 3-3',
      'function add_door 5-7',
      'function twice 8-10',
      'target doors 11-13',
    ],
    comments: ['4-4'],
  },
  crystal: {
    path: 'door',
    text: `# A door.
class Door < Frame
  MAX_WIDTH = 3
  # Turns.
  def turn(by)
    @width += by
  end
  private def self.area
    3
  end
end
module Doors
  struct Lock
  end
  enum Side
    Left
  end
end
`,
    definitions: [
      'class Door 2-11',
      'constant Door.MAX_WIDTH 3-3',
      'method Door.turn 5-7',
      'method Door.area 8-10',
      'class Doors.Lock 13-14',
      'enum Doors.Side 15-17',
    ],
    comments: ['1-1', '4-4'],
  },
  dockerfile: {
    path: 'door',
    text: `# Builds.
FROM node:20 AS build
WORKDIR /app
RUN npm ci

FROM --platform=linux/amd64 node:20-slim as run
COPY --from=build /app /app
FROM scratch
COPY a b
`,
    definitions: ['stage build 2-4', 'stage run 6-7'],
    comments: ['1-1'],
  },
  erlang: {
    path: 'door',
    text: `%% Doors.
-module(door).
-export([turn/2]).
-record(door, {width = 1}).
-type side() :: left
              | right.
-define(MAX, 10).
% Turns.
turn(D, 0) ->
    D;
turn(D, By) ->
    D + By.
area(D) -> D * D.
`,
    definitions: [
      'module door 2-2',
      'struct door 4-4',
      'type side 5-6',
      'constant MAX 7-7',
      'function turn 9-12',
      'function area 13-13',
    ],
    comments: ['1-1', '8-8'],
  },
  fish: {
    path: 'door',
    text: `# Greets.
function greet
  echo hi
end
function bye --description 'Says bye'
  echo bye
end
`,
    definitions: ['function greet 2-4', 'function bye 5-7'],
    comments: ['1-1'],
  },
  fsharp: {
    path: 'door',
    text: `module Doors =
    // A door.
    type Door =
        { Width: int }
        member this.Turn(by) =
            this.Width + by
    let limit = 10
    let rec area (d: Door) =
        d.Width * d.Width
    (* Sides. *)
    type Side =
        | Left
        | Right
let top = 3
`,
    definitions: [
      'type Doors.Door 3-6',
      'function Doors.Door.Turn 5-6',
      'method Doors.area 8-9',
      'type Doors.Side 11-13',
      'constant top 14-14',
    ],
    comments: ['2-2', '10-10'],
  },
  graphql: {
    path: 'door',
    text: `# Types.
"""
A door.
"""
type Door implements Node @key(fields: "id") {
  id: ID!
  open(by: Int = 3): Boolean
}
interface Node {
  id: ID!
}
enum Side { LEFT RIGHT }
scalar Date
query FindDoor($id: ID!) {
  door(id: $id) { id }
}
`,
    definitions: [
      'type Door 5-8',
      'property Door.id 6-6',
      'property Door.open 7-7',
      'interface Node 9-11',
      'property Node.id 10-10',
      'enum Side 12-12',
      'type Date 13-13',
      'function FindDoor 14-16',
    ],
    comments: ['1-4'],
  },
  groovy: {
    path: 'door',
    text: `package doors
/** A door. */
class Door implements Openable {
  int width
  // Turns.
  void unused
  def turn(int by) {
    width += by
  }
  private static int area(Door d) {
    d.width
  }
}
interface Openable { def open() }
enum Side { LEFT, RIGHT }
task hello {
  doLast { println 'hi {' }
}
`,
    definitions: [
      'class Door 3-13',
      'method Door.turn 7-9',
      'method Door.area 10-12',
      'interface Openable 14-14',
      'enum Side 15-15',
      'target hello 16-18',
    ],
    comments: ['2-2', '5-5'],
  },
  make: {
    path: 'door',
    text: `# Settings.
CFLAGS := -O2
LIBS ?= -lm
define greet
echo $(1)
endef

# Builds all.
all: build test
build: main.o
	cc -o main main.o

%.o: %.c
	cc -c $<
`,
    definitions: [
      'constant CFLAGS 2-2',
      'constant LIBS 3-3',
      'macro greet 4-6',
      'target all 9-9',
      'target build 10-11',
      'target %.o 13-14',
    ],
    comments: ['1-1', '8-8'],
  },
  nim: {
    path: 'door',
    text: `## Doors.
type
  Door* = object
    width: int
  Side = enum
    left, right
# Turns.
proc turn*(d: var Door, by = 1): int =
  d.width += by
  d.width
func area(d: Door): int = d.width
template twice(x) =
  x
  x
`,
    definitions: [
      'type Door 3-4',
      'type Side 5-6',
      'function turn 8-10',
      'function area 11-11',
      'macro twice 12-14',
    ],
    comments: ['1-1', '7-7'],
  },
  notebook: {
    path: 'tides.ipynb',
    text: `
# %% [markdown]

# Tides
How high they are.
## Data

# %%

# Reads.
def read(path):
    return open(path)


# %% [markdown]
Done.
# %%
class Tide:
    def high(self):
        return 3
`,
    definitions: [
      'heading Tides 4-20',
      'heading Tides > Data 6-20',
      'function read 11-12',
      'class Tide 18-20',
      'method Tide.high 19-20',
    ],
    comments: ['10-10'],
  },
  ocaml: {
    path: 'door.mli',
    text: `(** Doors. *)
type door
type 'a side = Left | Right
exception Stuck of string
(** Turns.
    Twice. *)
val turn : door ->
  int -> door
module type OPENABLE = sig
  type t
  val opened : t -> bool
end
`,
    definitions: [
      'type door 2-2',
      'type side 3-3',
      'type Stuck 4-4',
      'function turn 7-8',
      'interface OPENABLE 9-12',
      'type OPENABLE.t 10-10',
      'method OPENABLE.opened 11-11',
    ],
    comments: ['1-1', '5-6'],
  },
  powershell: {
    path: 'door',
    text: `<#
Doors.
#>
# Opens a door.
function Open-Door {
  param([int]$Width)
  if ($Width) { "{" }
}
class Door {
  [int]$Width
  Door([int]$w) { $this.Width = $w }
  [void] Turn([int]$by) {
    $this.Width += $by
  }
}
enum Side { Left; Right }
filter Get-Even { if ($_ % 2) { $_ } }
`,
    definitions: [
      'function Open-Door 5-8',
      'class Door 9-15',
      'method Door.Door 11-11',
      'method Door.Turn 12-14',
      'enum Side 16-16',
      'function Get-Even 17-17',
    ],
    comments: ['1-4'],
  },
  prisma: {
    path: 'door',
    text: `datasource db {
  url = env("URL")
}
// A user.
model User {
  id Int @id
}
enum Role {
  ADMIN
}
`,
    definitions: ['constant db 1-3', 'struct User 5-7', 'enum Role 8-10'],
    comments: ['4-4'],
  },
  proto: {
    path: 'door',
    text: `syntax = "proto3";
// A door.
message Door {
  int32 width = 1;
  /* Side. */
  enum Side {
    LEFT = 0;
  }
}
service Doors {
  // Opens it.
  rpc Open (Door) returns (Door);
  rpc Watch (Door) returns (stream Door) {
    option deadline = 1;
  }
}
`,
    definitions: [
      'struct Door 3-9',
      'enum Door.Side 6-8',
      'interface Doors 10-16',
      'method Doors.Open 12-12',
      'method Doors.Watch 13-15',
    ],
    comments: ['2-2', '5-5', '11-11'],
  },
  sql: {
    path: 'door',
    text: `-- Orders.
CREATE TABLE IF NOT EXISTS shop.orders (
  id bigint PRIMARY KEY,
  note text DEFAULT 'a; b' -- not the end;
);

/* Fast. */
CREATE UNIQUE INDEX orders_by_note ON orders (note);
create or replace function total(o orders) returns int as $$
begin
  return 1;
end;
$$ language plpgsql;
CREATE VIEW open_orders AS
  SELECT * FROM orders;
CREATE PROCEDURE tidy()
BEGIN
  DELETE FROM orders;
END;
SELECT 1;
`,
    definitions: [
      'table orders 2-5',
      'index orders_by_note 8-8',
      'function total 9-13',
      'view open_orders 14-15',
      'function tidy 16-19',
    ],
    comments: ['1-1', '7-7'],
  },
  svelte: {
    path: 'doors/Door.svelte',
    text: `<script context="module">
  export const limit = 3;
</script>
<script>
  /** Turns. */
  export function turn(by) {
    width += by;
  }
</script>

{#if open}
  <p>{width}</p>
{/if}
`,
    definitions: ['component Door 1-13', 'constant Door.limit 2-2', 'function Door.turn 6-8'],
    comments: ['5-5'],
  },
  vim: {
    path: 'door',
    text: `" Opens.
function! door#open(width) abort
  let w = a:width
endfunction
command! -nargs=1 Door call door#open(<args>)
`,
    definitions: ['function door#open 2-4', 'function Door 5-5'],
    comments: ['1-1'],
  },
  vue: {
    path: 'doors/Door.vue',
    text: `<template>
  <div class="door">
    <button @click="turn">
      Turn
    </button>
  </div>
</template>

<script setup lang="ts">
import { ref } from 'vue';
const width = ref(1);
// Turns.
function turn(): void {
  width.value += 1;
}
</script>

<style scoped>
.door {
  color: red;
}
</style>
`,
    definitions: ['component Door 1-22', 'constant Door.width 11-11', 'function Door.turn 13-15'],
    comments: ['12-12'],
  },
};
