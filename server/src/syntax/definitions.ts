import type { Node, QueryMatch } from 'web-tree-sitter';
import { isBlank } from './lines.js';
import type { Lines } from './lines.js';
import type { Pacer } from './pacer.js';
import type { SyntaxTree } from './parsers.js';

/** A named definition. Lines count from 1, both ends included. */
export interface Definition {
  readonly name: string;
  /** Name with the enclosing names: `UserStore.findByEmail`, in Markdown `Install > Linux`. */
  readonly qualifiedName: string;
  /** `class`, `function`, `method`, `interface`, `type`, `constant`, `heading` and the like. */
  readonly kind: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly nameLine: number;
}

/** A comment or docstring with its marks; adjacent line comments are one. Lines count from 1, both ends included. */
export interface Comment {
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
}

const maxDefinitions = 5000;
/** Most characters of comments that are taken from one file. */
const maxCommentLength = 50_000;
const maxNameLength = 120;

/** Kinds of definitions in which a function is a method. */
const classKinds: ReadonlySet<string> = new Set(['class', 'struct', 'interface', 'enum', 'scope']);
/** The order of definitions: by line, an outer one before those inside. */
export const byPlace = (a: Definition, b: Definition): number =>
  a.startLine - b.startLine || b.endLine - a.endLine;

/** Receivers that add nothing to a name: `exports.run` and `this.run` are `run`. */
const bareReceivers: ReadonlySet<string> = new Set(['exports', 'module.exports', 'this', 'self', 'window']);

/** A definition by offsets (UTF-16 units), before its name is qualified. */
export interface Found {
  name: string;
  kind: string;
  /** The lower priority wins: queries list the more exact pattern first. */
  pattern: number;
  start: number;
  end: number;
  readonly nameAt: number;
  receiver: string | undefined;
}

/** First row by last row (from 0), for each comment that shares its rows with no code. */
export type CommentRows = ReadonlyMap<number, number>;

export interface Collected {
  readonly definitions: readonly Definition[];
  readonly comments: readonly Comment[];
  readonly commentRows: CommentRows;
}

/** Definitions and comments of a tree, in the order of the text. */
export async function collect(tree: SyntaxTree, lines: Lines, pacer: Pacer): Promise<Collected> {
  const found = new Map<number, Found>();
  const comments = new Map<number, number>();
  for (const matches of tree.matches()) {
    for (const match of matches) note(match, found, comments);
    if (found.size >= maxDefinitions) break;
    if (pacer.due) await pacer.pause();
  }
  const commentRows = new Map<number, number>();
  for (const [start, end] of comments) {
    const row = lines.rowAt(start);
    if (isBlank(lines.text.slice(lines.start(row), start))) commentRows.set(lines.rowAt(end - 1), row);
  }
  const definitions = qualify([...found.values()], lines, commentRows);
  return { definitions, comments: joined(comments, lines), commentRows };
}

/**
 * The last row (from 0) of a node between two offsets, without white space and comments at its end. Some grammars
 * (Scala, Haskell) include comments there that belong to the next node.
 */
export function lastRow(start: number, end: number, lines: Lines, commentRows: CommentRows): number {
  const first = lines.rowAt(start);
  let row = lines.rowAt(Math.max(start, end - 1));
  if (row > first && isBlank(lines.text.slice(lines.start(row), end))) row--;
  while (row > first) {
    const comment = commentRows.get(row);
    if (comment !== undefined && comment > first) row = comment - 1;
    else if (lines.isBlank(row)) row--;
    else break;
  }
  return row;
}

function note(match: QueryMatch, found: Map<number, Found>, comments: Map<number, number>): void {
  let name: Node | undefined;
  let node: Node | undefined;
  let kind = '';
  let receiver: Node | undefined;
  let body: Node | undefined;
  for (const capture of match.captures) {
    if (capture.name === 'name') name = capture.node;
    else if (capture.name === 'receiver') receiver = capture.node;
    else if (capture.name === 'body') body = capture.node;
    else if (capture.name === 'comment') comments.set(capture.node.startIndex, capture.node.endIndex);
    else if (capture.name === 'scope' || capture.name.startsWith('definition.')) {
      node = capture.node;
      kind = capture.name.replace('definition.', '');
    }
  }
  if (!name || !node) return;
  const nameAt = name.startIndex;
  // Where a grammar has the body beside the definition.
  const endIndex = body?.endIndex ?? node.endIndex;
  const known = found.get(nameAt);
  if (known) {
    // Two patterns may find the same name, such as a function and its export. The wider range is kept.
    known.start = Math.min(known.start, node.startIndex);
    known.end = Math.max(known.end, endIndex);
    if (match.patternIndex >= known.pattern) return;
    known.pattern = match.patternIndex;
    known.kind = kind;
    known.name = plainName(name.text);
    return;
  }
  const text = plainName(name.text);
  if (text === '' || found.size >= maxDefinitions) return;
  found.set(nameAt, {
    name: text,
    kind,
    pattern: match.patternIndex,
    start: node.startIndex,
    end: endIndex,
    nameAt,
    receiver: receiver && plainReceiver(receiver.text),
  });
}

function plainName(text: string): string {
  return text
    .slice(0, maxNameLength * 2)
    .replace(/^["'`]|["'`]$/g, '')
    .replace(/\s*::\s*/g, '.')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxNameLength);
}

function plainReceiver(text: string): string | undefined {
  const plain = text.replace(/\.prototype$/, '').replace(/^(?:module\.)?exports\.|^this\./, '');
  return bareReceivers.has(plain) || !/^[\w$.]{1,60}$/.test(plain) ? undefined : plain;
}

/** Qualifies each name with the enclosing definitions, and drops definitions that only qualify others. */
export function qualify(found: Found[], lines: Lines, commentRows: CommentRows): Definition[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end || a.nameAt - b.nameAt);
  const around: (Found & { qualified: string })[] = [];
  const definitions: Definition[] = [];
  for (const one of found) {
    // Definitions with equal ranges are siblings, as in `const a = 1, b = 2`.
    for (let top = around.at(-1); top; top = around.at(-1)) {
      const isInside =
        one.start >= top.start && one.end <= top.end && one.end - one.start < top.end - top.start;
      if (isInside) break;
      around.pop();
    }
    const outer = around.at(-1);
    // `typedef struct point {…} point;` is one definition.
    if (outer?.kind === 'type' && outer.name === one.name) continue;
    const parts = [outer?.qualified, one.receiver, one.name].filter((part) => part !== undefined);
    const qualified = parts.join('.');
    around.push({ ...one, qualified });
    if (one.kind === 'scope') continue;
    const isMethod = one.kind === 'function' && outer !== undefined && classKinds.has(outer.kind);
    definitions.push({
      name: one.name.slice(/^[\w$.]+$/.test(one.name) ? one.name.lastIndexOf('.') + 1 : 0),
      qualifiedName: qualified,
      kind: isMethod ? 'method' : one.kind,
      startLine: lines.rowAt(one.start) + 1,
      endLine: lastRow(one.start, one.end, lines, commentRows) + 1,
      nameLine: lines.rowAt(one.nameAt) + 1,
    });
  }
  return definitions;
}

/** Comments by their first offset and the one after their last; adjacent ones are joined. */
export function joined(ranges: ReadonlyMap<number, number>, lines: Lines): Comment[] {
  const comments: Comment[] = [];
  let length = 0;
  let open: { start: number; end: number } | undefined;
  const close = (): void => {
    if (!open) return;
    const text = lines.text
      .slice(open.start, Math.min(open.end, open.start + maxCommentLength - length))
      .trimEnd();
    length += text.length;
    const startRow = lines.rowAt(open.start);
    const endRow = lines.rowAt(open.start + Math.max(0, text.length - 1));
    if (text !== '') comments.push({ startLine: startRow + 1, endLine: endRow + 1, text });
  };
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    if (length >= maxCommentLength) return comments;
    if (open && start < open.end) continue;
    const isNext = open !== undefined && /^[ \t]*\r?\n?[ \t]*$/.test(lines.text.slice(open.end, start));
    if (open && isNext) open.end = end;
    else {
      close();
      open = { start, end };
    }
  }
  if (length < maxCommentLength) close();
  return comments;
}
