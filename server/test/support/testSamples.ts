export interface Sample {
  readonly text: string;
  /** `kind qualifiedName startLine-endLine` of each definition. */
  readonly definitions: readonly string[];
  /** `startLine-endLine` of each comment. */
  readonly comments: readonly string[];
}

/** One small program per grammar. */
export const samples: Readonly<Record<string, Sample>> = {
  bash: {
    text: '#!/bin/bash\n# Greets.\ngreet() {\n  echo hi\n}\nfunction part {\n  echo bye\n}\n',
    definitions: ['function greet 3-5', 'function part 6-8'],
    comments: ['1-2'],
  },
  c: {
    text: `/* A point. */
typedef struct point {
  int x;
} point;

#define MAX_POINTS 16
int area(const point *p);

// The largest.
static point *largest(point *all, int n) {
  return &all[n];
}
enum shape { ROUND };
`,
    definitions: [
      'type point 2-4',
      'constant MAX_POINTS 6-6',
      'function area 7-7',
      'function largest 10-12',
      'enum shape 13-13',
    ],
    comments: ['1-1', '9-9'],
  },
  cpp: {
    text: `// Shapes.
namespace geo {
template <class T>
class Box : public Base {
 public:
  Box();
  ~Box() {}
  T width() const { return 1; }
  T& at(int i);
};
}  // namespace geo

int geo::Box::volume(int x) {
  return x;
}
using Size = int;
`,
    definitions: [
      'module geo 2-11',
      'class geo.Box 4-10',
      'method geo.Box.Box 6-6',
      'method geo.Box.~Box 7-7',
      'method geo.Box.width 8-8',
      'method geo.Box.at 9-9',
      'function geo.Box.volume 13-15',
      'type Size 16-16',
    ],
    comments: ['1-1', '11-11'],
  },
  csharp: {
    text: `namespace Shop.Orders {
  /// <summary>Keeps orders.</summary>
  [Serializable]
  public class Store {
    public Store() {}
    public int Count { get; }
    public void Add(int id) {
      int Twice() => id * 2;
    }
  }
  record Line(int Id);
}
`,
    definitions: [
      'module Shop.Orders 1-12',
      'class Shop.Orders.Store 3-10',
      'constructor Shop.Orders.Store.Store 5-5',
      'property Shop.Orders.Store.Count 6-6',
      'method Shop.Orders.Store.Add 7-9',
      'function Shop.Orders.Store.Add.Twice 8-8',
      'class Shop.Orders.Line 11-11',
    ],
    comments: ['2-2'],
  },
  css: {
    text: '/* Buttons. */\n.button,\n.link > a {\n  color: red;\n}\n@keyframes spin {\n  from { top: 0 }\n}\n',
    definitions: ['rule .button, .link > a 2-5', 'rule spin 6-8'],
    comments: ['1-1'],
  },
  elixir: {
    text: `defmodule Shop.Cart do
  @moduledoc "Carts."
  # Adds.
  @doc ~S"""
  Adds an item.
  """
  def add(cart, item) when item > 0 do
    [item | cart]
  end

  defp total(cart), do: length(cart)
end
`,
    definitions: ['module Shop.Cart 1-12', 'function Shop.Cart.add 7-9', 'function Shop.Cart.total 11-11'],
    comments: ['2-3', '4-6'],
  },
  go: {
    text: `package shop

// Store keeps orders.
type Store[T any] struct {
	items []T
}

type Reader interface {
	Read() int
}

// Add puts one in.
func (s *Store[T]) Add(item T) {
	s.items = append(s.items, item)
}

func New() int { return 1 }

const Limit = 10

var (
	first = 1
)
`,
    definitions: [
      'struct Store 4-6',
      'interface Reader 8-10',
      'method Store.Add 13-15',
      'function New 17-17',
      'constant Limit 19-19',
      'variable first 22-22',
    ],
    comments: ['3-3', '12-12'],
  },
  haskell: {
    text: `module Shop where

-- | Doubles.
double :: Int -> Int
double n = n * 2

data Shape = Round | Flat
class Sized a where
  size :: a -> Int
instance Sized Shape where
  size s = 1
`,
    definitions: [
      'signature double 4-4',
      'function double 5-5',
      'type Shape 7-7',
      'interface Sized 8-9',
      'signature Sized.size 9-9',
      'method Shape.size 11-11',
    ],
    comments: ['3-3'],
  },
  html: {
    text: '<!-- The page. -->\n<main id="content">\n  <p>Hi</p>\n</main>\n',
    definitions: ['element content 2-4'],
    comments: ['1-1'],
  },
  java: {
    text: `package shop;

/** Keeps orders. */
@Service
public class Store<T> {
  int count = 1;
  Store() {}

  // Adds.
  @Override
  public void add(T item) {
    count++;
  }
  enum Shape { ROUND }
  record Line(int id) {}
}
interface Reader { int read(); }
`,
    definitions: [
      'class Store 4-16',
      'constructor Store.Store 7-7',
      'method Store.add 10-13',
      'enum Store.Shape 14-14',
      'class Store.Line 15-15',
      'interface Reader 17-17',
      'method Reader.read 17-17',
    ],
    comments: ['3-3', '9-9'],
  },
  javascript: {
    text: `// First.
// Second.
class Store {
  add(item) {
    return item;
  }
  remove = () => 1;
}
const limit = 10;
exports.open = function () {};
Store.prototype.close = function () {};
export const find = (id) => id;
const table = { row() {}, cell: () => 1 };
`,
    definitions: [
      'class Store 3-8',
      'method Store.add 4-6',
      'method Store.remove 7-7',
      'constant limit 9-9',
      'function open 10-10',
      'function Store.close 11-11',
      'function find 12-12',
      'constant table 13-13',
      'method table.row 13-13',
      'function table.cell 13-13',
    ],
    comments: ['1-2'],
  },
  json: {
    text: '{\n  "name": "x",\n  "scripts": {\n    "build": "tsc"\n  }\n}\n',
    definitions: ['key name 2-2', 'key scripts 3-5', 'key scripts.build 4-4'],
    comments: [],
  },
  julia: {
    text: `"""
Opens doors.
"""
module Doors
# line
const LIMIT = 10
abstract type Openable end
"A door."
struct Door{T} <: Openable
    width::T
end
mutable struct Box
    x
end
function turn(d::Door, by=1)
    d.width + by
end
area(d::Door) = d.width^2
function Base.show(io::IO, d::Door)
    print(io, d)
end
macro twice(e)
    :($e; $e)
end
primitive type Byte 8 end
f(x::T) where {T} = x
@enum Side left right
end
`,
    definitions: [
      'constant Doors.LIMIT 6-6',
      'interface Doors.Openable 7-7',
      'struct Doors.Door 9-11',
      'struct Doors.Box 12-14',
      'method Doors.turn 15-17',
      'method Doors.area 18-18',
      'method Doors.show 19-21',
      'macro Doors.twice 22-24',
      'type Doors.Byte 25-25',
      'method Doors.f 26-26',
    ],
    comments: ['1-3', '5-5', '8-8'],
  },
  kotlin: {
    text: `/** Keeps orders. */
class Store(val limit: Int) {
  val count = 1
  // Adds.
  fun add(item: Int): Int {
    return item
  }
}
object Registry
fun String.shout() = this
typealias Id = Int
`,
    definitions: [
      'class Store 2-8',
      'property Store.count 3-3',
      'method Store.add 5-7',
      'class Registry 9-9',
      'function shout 10-10',
      'type Id 11-11',
    ],
    comments: ['1-1', '4-4'],
  },
  lua: {
    text: `-- Adds.
local function add(a) return a end
function Store.open() end
function Store:close() end
Store.find = function() end
local pick = function() end
`,
    definitions: [
      'function add 2-2',
      'function Store.open 3-3',
      'method Store.close 4-4',
      'function Store.find 5-5',
      'function pick 6-6',
    ],
    comments: ['1-1'],
  },
  objectivec: {
    text: `#import "Door.h"
// A door.
#define LIMIT 3
@protocol Openable <NSObject>
- (void)open;
@end
@interface Door : NSObject <Openable>
@property (nonatomic, strong) NSString *name;
- (instancetype)initWithName:(NSString *)name width:(int)width;
+ (Door *)shared;
@end
@implementation Door
/* Turns. */
- (instancetype)initWithName:(NSString *)name width:(int)width {
  self = [super init];
  return self;
}
+ (Door *)shared { return nil; }
@end
@interface Door (Lock)
- (void)lock;
@end
@implementation Door (Lock)
- (void)lock {}
@end
static int helper(int x) { return x; }
`,
    definitions: [
      'constant LIMIT 3-3',
      'interface Openable 4-6',
      'method Openable.open 5-5',
      'class Door 7-11',
      'property Door.name 8-8',
      'method Door.initWithName 9-9',
      'method Door.shared 10-10',
      'class Door 12-19',
      'method Door.initWithName 14-17',
      'method Door.shared 18-18',
      'class Door 20-22',
      'method Door.lock 21-21',
      'class Door 23-25',
      'method Door.lock 24-24',
      'function helper 26-26',
    ],
    comments: ['2-2', '13-13'],
  },
  ocaml: {
    text: `(** Doors. *)
open Printf
type side = Left | Right
type 'a door = { width : int; mutable items : 'a list }
exception Stuck of string
(* turns *)
let turn d by =
  d.width + by
let limit = 10
let rec walk = function [] -> 0 | _ :: t -> walk t
module Lock = struct
  let close x = x
end
module type OPENABLE = sig
  type t
  val openit : t -> unit
end
class room = object
  method area = 3
end
external foo : int -> int = "foo"
let ( +% ) a b = a + b
`,
    definitions: [
      'type side 3-3',
      'type door 4-4',
      'type Stuck 5-5',
      'function turn 7-8',
      'constant limit 9-9',
      'function walk 10-10',
      'module Lock 11-13',
      'function Lock.close 12-12',
      'interface OPENABLE 14-17',
      'type OPENABLE.t 15-15',
      'method OPENABLE.openit 16-16',
      'class room 18-20',
      'method room.area 19-19',
      'function foo 21-21',
    ],
    comments: ['1-1', '6-6'],
  },
  php: {
    text: `<?php
namespace Shop;
/** Keeps orders. */
class Store {
  // Adds.
  public function add($item) {
    return $item;
  }
}
interface Reader {}
function open() {}
`,
    definitions: ['class Store 4-9', 'method Store.add 6-8', 'interface Reader 10-10', 'function open 11-11'],
    comments: ['3-3', '5-5'],
  },
  python: {
    text: `"""Shop."""
LIMIT = 10

@dataclass
class Store:
    """Keeps orders."""

    # Adds.
    async def add(self, item):
        """Puts one in."""
        def twice():
            return 2
        return item
`,
    definitions: [
      'constant LIMIT 2-2',
      'class Store 4-13',
      'method Store.add 9-13',
      'function Store.add.twice 11-12',
    ],
    comments: ['1-1', '6-6', '8-8', '10-10'],
  },
  ruby: {
    text: `# Keeps orders.
class Shop::Store < Base
  LIMIT = 10
  def self.open; end

  # Adds.
  def add(item)
    item
  end
end
module Util; end
`,
    definitions: [
      'class Shop.Store 2-10',
      'constant Shop.Store.LIMIT 3-3',
      'method Shop.Store.open 4-4',
      'method Shop.Store.add 7-9',
      'module Util 11-11',
    ],
    comments: ['1-1', '6-6'],
  },
  rust: {
    text: `/// Keeps orders.
#[derive(Debug)]
pub struct Store<T> {
    items: Vec<T>,
}

impl<T> fmt::Display for shop::Store<T> {
    fn fmt(&self) {}
}
impl Reader for [u8; 4] {
    const SIZE: u8 = 4;
}
mod tests {
    fn works() {}
}
macro_rules! shout { () => {} }
`,
    definitions: [
      'struct Store 3-5',
      'method Store.fmt 8-8',
      'constant [u8; 4].SIZE 11-11',
      'module tests 13-15',
      'function tests.works 14-14',
      'macro shout 16-16',
    ],
    comments: ['1-1'],
  },
  scala: {
    text: `package shop
/** Keeps orders. */
class Store(limit: Int) {
  def add(item: Int): Int =
    item + limit

  // Closes.
  def close(): Unit = ()
  val count = 1
}
object Store { type Id = Int }
trait Reader { def read: Int }
`,
    definitions: [
      'class Store 3-10',
      'method Store.add 4-5',
      'method Store.close 8-8',
      'property Store.count 9-9',
      'class Store 11-11',
      'type Store.Id 11-11',
      'interface Reader 12-12',
      'method Reader.read 12-12',
    ],
    comments: ['2-2', '7-7'],
  },
  solidity: {
    text: `// SPDX
pragma solidity ^0.8.0;
import "./a.sol";
/// @notice A vault.
abstract contract Vault is Owned, IVault {
    using Math for uint256;
    struct Item { uint256 a; }
    enum Side { Left, Right }
    event Opened(address who);
    error Closed(uint256 at);
    mapping(address => uint256) public balances;
    uint256 constant LIMIT = 3;
    modifier onlyOwner() { _; }
    constructor(address a) { owner = a; }
    /// Deposits.
    function deposit(uint256 x) external payable returns (uint256) {
        return x;
    }
    receive() external payable {}
}
interface IVault { function deposit(uint256 x) external; }
library Math { function max(uint a, uint b) internal pure returns (uint) { return a; } }
function free(uint x) pure returns (uint) { return x; }
`,
    definitions: [
      'class Vault 5-20',
      'struct Vault.Item 7-7',
      'enum Vault.Side 8-8',
      'event Vault.Opened 9-9',
      'type Vault.Closed 10-10',
      'property Vault.balances 11-11',
      'property Vault.LIMIT 12-12',
      'method Vault.onlyOwner 13-13',
      'method Vault.constructor 14-14',
      'method Vault.deposit 16-18',
      'interface IVault 21-21',
      'method IVault.deposit 21-21',
      'class Math 22-22',
      'method Math.max 22-22',
      'function free 23-23',
    ],
    comments: ['1-1', '4-4', '15-15'],
  },
  toml: {
    text: '# Build.\nname = "x"\n[profile.release]\nlto = true\n[[bin]]\npath = "y"\n',
    definitions: ['table profile.release 3-4', 'table bin 5-6'],
    comments: ['1-1'],
  },
  tsx: {
    text: 'export const App = () => {\n  return <p>Hi</p>;\n};\ninterface Props {}\n',
    definitions: ['function App 1-3', 'interface Props 4-4'],
    comments: [],
  },
  typescript: {
    text: `/** Finds. */
export abstract class UserStore<T> {
  @Inject() handler = () => 1;
  abstract close(): void;
  findByEmail(email: string): T {
    return email;
  }
}
export const find = (id: number) => id, limit = 10;
type Id = string;
export enum Shape { Round }
namespace Util { export function run() {} }
export interface Reader { read(): number }
`,
    definitions: [
      'class UserStore 2-8',
      'method UserStore.handler 3-3',
      'method UserStore.close 4-4',
      'method UserStore.findByEmail 5-7',
      'function find 9-9',
      'constant limit 9-9',
      'type Id 10-10',
      'enum Shape 11-11',
      'module Util 12-12',
      'function Util.run 12-12',
      'interface Reader 13-13',
      'method Reader.read 13-13',
    ],
    comments: ['1-1'],
  },
  yaml: {
    text: '# Jobs.\non: push\njobs:\n  build:\n    steps:\n      - run: make\n',
    definitions: ['key on 2-2', 'key jobs 3-6', 'key jobs.build 4-6'],
    comments: ['1-1'],
  },
  zig: {
    text: `/// A point.
pub const Point = struct {
    x: u8,
    pub fn length(self: Point) u8 {
        return self.x;
    }
};
fn main() void {}
const limit = 3;
test "adds" {}
`,
    definitions: [
      'struct Point 2-7',
      'method Point.length 4-6',
      'function main 8-8',
      'constant limit 9-9',
      'test adds 10-10',
    ],
    comments: ['1-1'],
  },
  clojure: {
    text: `(ns my.door "Doors." (:require [clojure.string :as str]))
; line
(def limit 10)
(defn turn
  "Turns."
  [x]
  (inc x))
(defn- hidden [x] x)
(defmacro unless [c & b] \`(if ~c nil ~@b))
(defprotocol Openable (open [this]))
(defrecord Door [w] Openable (open [this] w))
(defmulti area :shape)
(defmethod area :round [x] 3)
(deftest turns (is true))
`,
    definitions: [
      'constant limit 3-3',
      'function turn 4-7',
      'function hidden 8-8',
      'function unless 9-9',
      'interface Openable 10-10',
      'class Door 11-11',
      'function area 12-12',
      'function area 13-13',
      'function turns 14-14',
    ],
    comments: ['2-2'],
  },
  dart: {
    text: `/// Opens doors.
class Door extends Frame with Hinged implements Closable {
  final int width;
  static const max = 3;
  Door(this.width);
  Door.wide() : width = 9;
  factory Door.from(Map m) => Door(m['w']);

  /// Turns.
  void turn(int by) {
    print(by);
  }
  int get area => width * 2;
  set area(int v) {}
  bool operator ==(Object o) => true;
}
mixin Hinged { void swing() {} }
enum Colour { red, green }
extension Wide on Door { bool isWide() => true; }
typedef Handler = void Function(int);
const limit = 10;
int free(int x) => x;
// line
`,
    definitions: [
      'class Door 2-16',
      'constant Door.max 4-4',
      'method Door.Door 5-5',
      'method Door.wide 6-6',
      'method Door.from 7-7',
      'method Door.turn 10-12',
      'method Door.area 13-13',
      'method Door.area 14-14',
      'class Hinged 17-17',
      'method Hinged.swing 17-17',
      'enum Colour 18-18',
      'class Wide 19-19',
      'method Wide.isWide 19-19',
      'type Handler 20-20',
      'constant limit 21-21',
      'function free 22-22',
    ],
    comments: ['1-1', '9-9', '23-23'],
  },
  elm: {
    text: `module Main exposing (main)
{-| Doc -}

type Msg = Go | Stop Int
type alias Model = { n : Int }
port send : String -> Cmd msg

-- line
update : Msg -> Model -> Model
update msg model =
    case msg of
        Go -> model
        Stop _ -> model
`,
    definitions: ['type Msg 4-4', 'type Model 5-5', 'function send 6-6', 'function update 9-13'],
    comments: ['2-2', '8-8'],
  },
  gdscript: {
    text: `class_name Player extends Node
# speed
const MAX = 3
signal hit(amount)
enum State { IDLE, RUN }
var speed = 10
@export var jump = 2

## Moves.
func move(delta):
	position += delta

class Inner:
	func inside():
		pass
`,
    definitions: [
      'class Player 1-1',
      'constant MAX 3-3',
      'signal hit 4-4',
      'enum State 5-5',
      'property speed 6-6',
      'property jump 7-7',
      'function move 10-11',
      'class Inner 13-15',
      'method Inner.inside 14-15',
    ],
    comments: ['2-2', '9-9'],
  },
  gleam: {
    text: `//// Module
import gleam/io

/// A door.
pub type Door {
  Open(width: Int)
  Closed
}
pub type Id = Int
pub const limit = 10

/// Turns.
pub fn turn(by: Int) -> Int {
  by + 1
}
`,
    definitions: ['type Door 5-8', 'type Id 9-9', 'constant limit 10-10', 'function turn 13-15'],
    comments: ['1-1', '4-4', '12-12'],
  },
  hcl: {
    text: `# network
resource "aws_instance" "web" {
  ami = "x"
  tags = { a = 1 }
}
variable "region" {
  default = "eu"
}
locals {
  n = 3
}
module "vpc" {
  source = "./vpc"
}
`,
    definitions: ['block web 2-5', 'block region 6-8', 'block locals 9-11', 'block vpc 12-14'],
    comments: ['1-1'],
  },
  nix: {
    text: `# doc
{ pkgs, lib, ... }:
let
  version = "1.0";
  /* builds */
  build = name: args: pkgs.mkDerivation { inherit name; };
in {
  services.nginx.enable = true;
  environment = { packages = [ ]; };
}
`,
    definitions: ['constant version 4-4', 'function build 6-6', 'module environment 9-9'],
    comments: ['1-1', '5-5'],
  },
  perl: {
    text: `package My::Door;
use strict;
# Opens.
sub new {
  my ($class, %args) = @_;
  return bless {}, $class;
}
our $limit = 10;
use constant MAX => 3;
sub turn { 1 }
1;
`,
    definitions: ['module My.Door 1-1', 'function new 4-7', 'constant MAX 9-9', 'function turn 10-10'],
    comments: ['3-3'],
  },
  r: {
    text: `# Opens a door
open_door <- function(width, ...) {
  width + 1
}
turn = function(x) x
limit <- 10
setClass("Door", representation(w = "numeric"))
setMethod("show", "Door", function(object) cat("x"))
`,
    definitions: ['function open_door 2-4', 'function turn 5-5', 'class Door 7-7', 'function show 8-8'],
    comments: ['1-1'],
  },
  scss: {
    text: `// colours
$main: #fff;
@mixin round($r) { border-radius: $r; }
@function double($n) { @return $n * 2; }
.door { .hinge & { color: red; } &:hover { color: $main; } }
@media (min-width: 3px) { .wide { width: 1px; } }
%base { margin: 0; }
`,
    definitions: [
      'constant $main 2-2',
      'function round 3-3',
      'function double 4-4',
      'rule .door 5-5',
      'rule .door..hinge & 5-5',
      'rule .door.&:hover 5-5',
      'rule .wide 6-6',
      'rule base 7-7',
    ],
    comments: ['1-1'],
  },
  swift: {
    text: `import Foundation

/// Limits the rate.
public struct RateLimiter: Sendable {
  private let burst: Int
  static let shared = RateLimiter(burst: 3)

  public init(burst: Int) { self.burst = burst }

  /// Whether one may go on.
  func allows(_ key: String) -> Bool {
    return key.isEmpty
  }
  subscript(index: Int) -> Int { index }
  deinit { }
}

protocol Clock {
  var now: Date { get }
  func sleep(for seconds: Double) async throws
}

enum Failure: Error { case slow(Int), gone }

extension RateLimiter: Clock {
  var now: Date { Date() }
}

class Store<T>: Base {
  var items: [T] = []
}
actor Counter { var n = 0 }
typealias Handler = (Int) -> Void
let limit = 10
func free<T>(x: T) {}
/* block */
infix operator +++
`,
    definitions: [
      'struct RateLimiter 4-16',
      'property RateLimiter.burst 5-5',
      'property RateLimiter.shared 6-6',
      'method RateLimiter.init 8-8',
      'method RateLimiter.allows 11-13',
      'method RateLimiter.subscript 14-14',
      'interface Clock 18-21',
      'property Clock.now 19-19',
      'method Clock.sleep 20-20',
      'enum Failure 23-23',
      'property RateLimiter.now 26-26',
      'class Store 29-31',
      'property Store.items 30-30',
      'class Counter 32-32',
      'property Counter.n 32-32',
      'type Handler 33-33',
      'constant limit 34-34',
      'function free 35-35',
    ],
    comments: ['3-3', '10-10', '36-36'],
  },
};
