import type { Span } from '../syntax/outline.js';
import type { Pacer } from '../syntax/pacer.js';
import type { Atom } from './atoms.js';

/** Costs of a cut, in chunks. A cut of cost 1 is made only if it saves a chunk. */
export interface CutCosts {
  /** Through a span that would fit into one chunk. */
  readonly whole: number;
  /** Through a span that does not fit into one chunk. */
  readonly large: number;
  /** Before the last or after the first row of a span. */
  readonly edge: number;
  /** Where no span begins or ends. */
  readonly amid: number;
  /** Where there is no blank line. */
  readonly dense: number;
  /** Inside a line. */
  readonly line: number;
}

export const defaultCutCosts: CutCosts = {
  whole: 1,
  large: 0.1,
  edge: 0.3,
  amid: 0.1,
  dense: 0.1,
  line: 1,
};

/** A chunk below this share of the budget costs extra. */
const smallFill = 0.3;
/** Above this cost, differences count little. */
const steepCost = 2;

/** The cost of a cut before each atom; `costs[0]` is not used. */
export function cutCosts(
  atoms: readonly Atom[],
  spans: readonly Span[],
  budget: number,
  costs: CutCosts = defaultCutCosts,
): Float64Array {
  const rows = (atoms.at(-1)?.row ?? -1) + 2;
  const weightBefore = new Float64Array(rows + 1);
  for (const atom of atoms) weightBefore[atom.row + 1] = (weightBefore[atom.row + 1] ?? 0) + atom.weight;
  for (let row = 1; row <= rows; row++)
    weightBefore[row] = (weightBefore[row] ?? 0) + (weightBefore[row - 1] ?? 0);

  const steps = new Float64Array(rows + 2);
  const edges = new Float64Array(rows + 2);
  const meets = new Uint8Array(rows + 2);
  const add = (array: Float64Array, row: number, value: number): void => {
    if (row < array.length) array[row] = (array[row] ?? 0) + value;
  };
  for (const { start, end } of spans) {
    const last = Math.min(end, rows - 1);
    if (start >= last) continue;
    const weight = (weightBefore[last + 1] ?? 0) - (weightBefore[start] ?? 0);
    const cost = weight <= budget ? costs.whole : costs.large;
    add(steps, start + 1, cost);
    add(steps, last + 1, -cost);
    edges[start + 1] = Math.max(edges[start + 1] ?? 0, costs.edge);
    edges[last] = Math.max(edges[last] ?? 0, costs.edge);
    meets[start] = 1;
    meets[last + 1] = 1;
  }

  const result = new Float64Array(atoms.length);
  let inside = 0;
  let row = 0;
  let before: Atom | undefined;
  for (const [index, atom] of atoms.entries()) {
    for (; row <= atom.row; row++) inside += steps[row] ?? 0;
    let cost = inside + (edges[atom.row] ?? 0);
    // A span that ends before blank lines borders on the atom after them.
    const gap = before === undefined ? 0 : atom.row - before.row;
    if (meets[atom.row] !== 1 && (before === undefined || meets[before.row + 1] !== 1)) cost += costs.amid;
    if (gap < 2) cost += costs.dense;
    if (cost > steepCost) cost = steepCost + (cost - steepCost) * 0.1;
    result[index] = atom.continues ? cost + costs.line : cost;
    before = atom;
  }
  return result;
}

/** Half-open range of atoms. */
export type Group = readonly [from: number, to: number];

/**
 * Partitions `atoms[from, to)` into groups of at most `limit` tokens at the least total cost: one per chunk, more for
 * a small chunk, and the cost of each cut. An atom above the limit is a group of its own.
 */
export async function pack(
  atoms: readonly Atom[],
  cuts: Float64Array,
  [from, to]: Group,
  limit: number,
  pacer: Pacer,
): Promise<Group[]> {
  const best = new Float64Array(to - from + 1);
  const previous = new Int32Array(to - from + 1);
  for (let end = from + 1; end <= to; end++) {
    if ((end & 255) === 0 && pacer.due) await pacer.pause();
    let weight = 0;
    let least = Infinity;
    for (let start = end - 1; start >= from; start--) {
      weight += atoms[start]?.weight ?? 0;
      if (weight > limit && start < end - 1) break;
      const fill = weight / limit;
      const small = fill < smallFill ? (smallFill - fill) / smallFill : 0;
      const cost = (best[start - from] ?? 0) + 1 + small + (start > from ? (cuts[start] ?? 0) : 0);
      if (cost < least) {
        least = cost;
        previous[end - from] = start;
      }
    }
    best[end - from] = least;
  }
  const groups: Group[] = [];
  for (let end = to; end > from;) {
    const start = previous[end - from] ?? from;
    groups.push([start, end]);
    end = start;
  }
  return groups.reverse();
}
