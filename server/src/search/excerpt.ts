import type { Catalog } from '../catalog/catalog.js';
import { dataLanguages } from '../lexical/names.js';
import type { ChunkRow, NewDefinition } from '../catalog/rows.js';
import { endsBlockComment, isCommentOrDecorator } from '../syntax/comments.js';
import { tokens } from '../lexical/tokens.js';
import { headerRows } from './fileHeader.js';
import type { Query } from './query.js';
import type { ChunkTexts } from './request.js';

/** Whole lines of a file, both ends included, and their symbol. */
export interface Range {
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
}

/** A range with its text as it is on disk. */
export interface TextOfRange extends Range {
  readonly text: string;
}

export interface Excerpt extends TextOfRange {
  /** The line on which its symbol is defined; undefined when that is not within the range. */
  readonly signatureLine: number | undefined;
}

/** Definitions in a chunk and around it, each list in the order of the text. */
export interface DefinitionsAround {
  readonly own: readonly NewDefinition[];
  /** Begin before the chunk and end in it. */
  readonly ending: readonly NewDefinition[];
  /** Defined in the next chunk. */
  readonly next: readonly NewDefinition[];
}

/** A definition of up to `wholeLines` lines is shown whole, of a longer one at least `signatureLines`. */
const wholeLines = 40;
const signatureLines = 8;
/** Most chunks after its own that a hit may extend into. Lines can be long. */
const furtherChunks = 4;
/** Fewer lines are not worth leaving out. */
const leastLeftOut = 3;

/**
 * The lines that a hit shows for its chunk. Lines beyond the chunk are read from the file in the same read, and end
 * above `before`, where lines begin that another hit shows.
 */
export async function excerptOf(
  catalog: Catalog,
  texts: ChunkTexts,
  chunk: ChunkRow,
  text: string,
  query?: Query,
  before = Infinity,
): Promise<Excerpt> {
  const next = chunkAfter(catalog, chunk);
  const around = {
    own: catalog.chunks.definitionsIn(chunk.id),
    ending: query === undefined ? [] : catalog.chunks.definitionsEndingIn(chunk),
    next: next === undefined ? [] : catalog.chunks.definitionsIn(next.id),
  };
  const range = rangeOf(chunk, text, around, query);
  const end = Math.min(range.endLine, before - 1);
  const further = chunksUpTo(catalog, next, end);
  const longer = further.length === 0 ? undefined : await texts.of(chunk, ...further);
  const shown =
    longer === undefined
      ? cut(text, chunk.startLine, { ...range, endLine: Math.min(end, chunk.endLine) })
      : cut(longer, chunk.startLine, { ...range, endLine: end });
  return { ...shown, signatureLine: signatureLine(shown, [...around.own, ...around.next]) };
}

/** The first line of a symbol's definition that has its name: decorators may come before it. */
export function signatureLine(
  { startLine, endLine, symbol, text }: TextOfRange,
  definitions: readonly NewDefinition[],
): number | undefined {
  const name = symbol?.split('.').at(-1);
  const within = definitions.filter((one) => one.startLine >= startLine && one.startLine <= endLine);
  const definition = within.find((one) => one.name === name) ?? within[0];
  if (definition === undefined) return undefined;
  const lines = text.split('\n').slice(definition.startLine - startLine);
  const row = lines.findIndex((line) => line.includes(definition.name));
  return row < 0 ? definition.startLine : definition.startLine + row;
}

/** Row ids of a file's chunks are consecutive, in the order of its text. */
export function chunkAfter(catalog: Catalog, chunk: ChunkRow): ChunkRow | undefined {
  const next = catalog.chunks.get(chunk.id + 1);
  if (next?.path !== chunk.path || next.startOffset !== chunk.endOffset) return undefined;
  // A chunk that begins within a line continues that line.
  return next.startLine > chunk.endLine ? next : undefined;
}

/** `first` and the chunks after it, up to a line; none when there would be too many. */
function chunksUpTo(catalog: Catalog, first: ChunkRow | undefined, line: number): ChunkRow[] {
  const found: ChunkRow[] = [];
  for (let chunk = first; chunk !== undefined && chunk.startLine <= line; chunk = chunkAfter(catalog, chunk))
    if (found.push(chunk) > furtherChunks) return [];
  return (found.at(-1)?.endLine ?? line) < line ? [] : found;
}

function cut(text: string, firstLine: number, range: Range): TextOfRange {
  const lines = text.split('\n');
  const end = range.endLine - firstLine + 1;
  const shown = lines.slice(range.startLine - firstLine, end).join('\n');
  return { ...range, text: shown + (end < lines.length ? '\n' : '') };
}

/**
 * The lines to show: those of the one definition that clearly answers, with the comment above it. Otherwise those of
 * the chunk, with the rest of the definition that makes up most of it (or its comment), and without the file's
 * licence and imports.
 */
export function rangeOf(chunk: ChunkRow, text: string, around: DefinitionsAround, query?: Query): Range {
  const lines = text.split('\n').slice(0, chunk.endLine - chunk.startLine + 1);
  const range = answeringLines(chunk, lines, around, query);
  if (range.startLine > 1 || dataLanguages.has(chunk.language)) return range;
  const rows = headerRows(lines, query);
  return rows < leastLeftOut ? range : { ...range, startLine: 1 + rows };
}

function answeringLines(
  { startLine, endLine, symbol, language }: ChunkRow,
  lines: readonly string[],
  around: DefinitionsAround,
  query: Query | undefined,
): Range {
  const leadOf = (definition: NewDefinition): number =>
    leadRow(lines, definition.startLine - startLine, language);
  const led = around.next.find((one) => one.startLine <= endLine + 1 && leadOf(one) < lines.length);
  const within = led === undefined ? around.own : [...around.own, led];
  const wholeChunk = { startLine, endLine, symbol };
  const withRestOf = (definition: NewDefinition): Range => {
    const end = shownEnd(definition, endLine);
    return end <= endLine ? wholeChunk : { startLine, endLine: end, symbol: nameOf(definition, symbol) };
  };

  // A definition that began before the others and ends in the chunk may be the answer, too.
  const ending = around.ending.filter((one) => within.every((other) => other.startLine > one.endLine));
  const contenders = [...ending, ...within];
  const answer = query && clearAnswer(contenders, query);
  if (answer !== undefined) {
    if (answer.startLine < startLine) return wholeChunk;
    const from = startLine + leadOf(answer);
    const to = shownEnd(answer, endLine);
    const leftOut = from - startLine + Math.max(0, endLine - to);
    if (contenders.length < 2 || leftOut < leastLeftOut) return withRestOf(answer);
    return { startLine: from, endLine: to, symbol: nameOf(answer, symbol) };
  }
  if (dataLanguages.has(language)) return wholeChunk;
  const main = within.find(
    (one) => one.startLine >= startLine && one.endLine > endLine && isMost(lines, leadOf(one)),
  );
  return main === undefined ? wholeChunk : withRestOf(main);
}

/** The definition whose name the query contains, or whose name shares more tokens with the query than any other's. */
function clearAnswer(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const named = definitions.filter(({ name }) => query.identifiers.includes(name));
  return named.length === 1 ? named[0] : mostTokensShared(definitions, query);
}

function mostTokensShared(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const wanted = new Set(query.tokens);
  const shared = definitions.map((definition) => ({
    definition,
    tokens: new Set(tokens(definition.name).filter((token) => wanted.has(token))).size,
  }));
  shared.sort((a, b) => b.tokens - a.tokens);
  const [best, next] = shared;
  return best !== undefined && best.tokens >= 2 && best.tokens > (next?.tokens ?? 0)
    ? best.definition
    : undefined;
}

/** The last line to show of a definition that begins in a chunk ending at `chunkEnd`, or directly after it. */
function shownEnd({ startLine, endLine }: NewDefinition, chunkEnd: number): number {
  if (endLine - startLine < wholeLines) return endLine;
  return Math.min(endLine, Math.max(chunkEnd, startLine + signatureLines - 1));
}

/** The first row of the comments and decorators directly above a row. */
function leadRow(lines: readonly string[], row: number, language: string): number {
  if (language === 'markdown') return row;
  let start = row;
  while (start > 0) {
    const above = lines[start - 1] ?? '';
    const begin = endsBlockComment.test(above) ? commentRow(lines, start - 1) : undefined;
    if (begin !== undefined) start = begin;
    else if (isCommentOrDecorator(above, language)) start--;
    else break;
  }
  return start;
}

/** The row where the block comment that ends on row `end` begins; undefined when it begins after code. */
function commentRow(lines: readonly string[], end: number): number | undefined {
  for (let row = end; row >= 0; row--) {
    const line = lines[row]?.trim() ?? '';
    if (line.includes('/*')) return line.startsWith('/*') ? row : undefined;
  }
  // The comment began above the chunk.
  return 0;
}

/** Whether the rows from `from` on are most of the non-blank rows. */
function isMost(lines: readonly string[], from: number): boolean {
  const filled = lines.map((line) => line.trim() !== '');
  const count = (rows: readonly boolean[]): number => rows.filter(Boolean).length;
  return count(filled.slice(from)) * 2 > count(filled);
}

/** The chunk's symbol when it is this definition's qualified name, otherwise the plain name. */
function nameOf({ name }: NewDefinition, symbol: string | null): string {
  return symbol === name || symbol?.endsWith(`.${name}`) === true ? symbol : name;
}

/** Lines that hits already show, so that none is shown twice. */
export class ShownLines {
  /** By the row id of the file. */
  readonly #ranges = new Map<number, TextOfRange[]>();

  add(fileId: number, excerpt: TextOfRange): void {
    this.#ranges.set(fileId, [...this.#of(fileId), excerpt]);
  }

  /** The first line below a chunk that is already shown. */
  nextLine(fileId: number, { endLine }: ChunkRow): number {
    return Math.min(...this.#of(fileId).map((one) => (one.startLine > endLine ? one.startLine : Infinity)));
  }

  /** Whether an excerpt is part of one that is already shown. */
  hold(fileId: number, { startLine, text }: TextOfRange): boolean {
    const said = text.trimEnd();
    const lastLine = startLine + said.split('\n').length - 1;
    // Compare the texts too, because a long line can have several chunks.
    return this.#of(fileId).some(
      (one) => one.startLine <= startLine && lastLine <= one.endLine && one.text.includes(said),
    );
  }

  #of(fileId: number): readonly TextOfRange[] {
    return this.#ranges.get(fileId) ?? [];
  }
}
