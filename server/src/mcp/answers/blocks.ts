import { join } from 'node:path';
import type {
  HitLine,
  MatchStrength,
  Relation,
  SearchHit,
} from '../../../../shared/src/protocol/protocol.js';

/** A range of lines to show to an agent. */
export interface HitBlock {
  readonly folder: string;
  /** Relative to `folder`, with `/`. */
  readonly path: string;
  /** From 1, both ends included. */
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
  readonly language: string;
  readonly score: number;
  /** Its line that answers. */
  readonly line: HitLine;
  /** Absent in related code. */
  readonly match?: MatchStrength;
  /** Of related code only. */
  readonly relations?: readonly Relation[];
  readonly via?: string;
  /** The lines from `startLine` on, without line ends. */
  readonly lines: readonly string[];
}

/** Hits as blocks, best first. A hit that overlaps a better one of the same file is joined to it. */
export function toBlocks(hits: readonly SearchHit[]): HitBlock[] {
  const blocks: HitBlock[] = [];
  const byFile = new Map<string, number[]>();
  for (const hit of hits) {
    const block = toBlock(hit);
    const file = join(hit.folder, hit.path);
    const others = byFile.get(file) ?? [];
    const at = others.find((index) => overlap(blocks[index], block));
    const better = at === undefined ? undefined : blocks[at];
    if (at === undefined || better === undefined) {
      byFile.set(file, [...others, blocks.length]);
      blocks.push(block);
    } else {
      blocks[at] = joined(better, block);
    }
  }
  return blocks;
}

function toBlock({ text, ...hit }: SearchHit): HitBlock {
  // Blank lines at the start and the end are not part of the range.
  const lines = text
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .replace(/\s+$/, '')
    .split(/\r?\n/);
  return { ...hit, lines: lines.slice(0, hit.endLine - hit.startLine + 1) };
}

function overlap(a: HitBlock | undefined, b: HitBlock): boolean {
  return a !== undefined && a.startLine <= b.endLine && b.startLine <= a.endLine;
}

/** Joins two ranges under the better one's symbol and score. Common lines are taken from the better one. */
function joined(better: HitBlock, other: HitBlock): HitBlock {
  const startLine = Math.min(better.startLine, other.startLine);
  const endLine = Math.max(better.endLine, other.endLine);
  const before = other.lines.slice(0, Math.max(0, better.startLine - other.startLine));
  const after = other.lines.slice(Math.max(0, better.endLine - other.startLine + 1));
  const own = padded(better, after.length > 0);
  const both = [...new Set([...(better.relations ?? []), ...(other.relations ?? [])])];
  const relations = better.relations !== undefined && { relations: both };
  return { ...better, ...relations, startLine, endLine, lines: [...before, ...own, ...after] };
}

/** Blank lines at the end of a text are restored when another text follows. */
function padded({ lines, startLine, endLine }: HitBlock, followed: boolean): readonly string[] {
  const missing = followed ? endLine - startLine + 1 - lines.length : 0;
  return missing > 0 ? [...lines, ...Array<string>(missing).fill('')] : lines;
}
