import type { Catalog } from '../catalog/catalog.js';
import { dataLanguages } from '../lexical/names.js';
import type { ChunkRow, NewDefinition } from '../catalog/rows.js';
import { endsBlockComment, isCommentOrDecorator } from '../syntax/comments.js';
import { tokens } from '../lexical/tokens.js';
import { headerRows } from './fileHeader.js';
import type { Query } from './query.js';
import type { ChunkTexts } from './request.js';

/** Whole lines of a file, both ends included, and what to call them. */
export interface Range {
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
}

/** A range with its text as it stands on disk. */
export interface Excerpt extends Range {
  readonly text: string;
}

/** What is defined in a chunk and around it, each in the order of the text. */
export interface Surroundings {
  readonly own: readonly NewDefinition[];
  /** Begun before the chunk, ended in it. */
  readonly ending: readonly NewDefinition[];
  /** Defined in the chunk that follows. */
  readonly next: readonly NewDefinition[];
}

/** A definition of up to so many lines is shown whole, of a longer one at least its first lines. */
const wholeLines = 40;
const signatureLines = 8;
/** Chunks that a hit may reach into after its own; lines can be long. */
const furtherChunks = 4;
/** Fewer lines than these are not worth leaving out. */
const leastLeftOut = 3;

/**
 * The lines that a hit shows for its chunk: those that answer. What goes beyond the chunk is read from the file together
 * with it, and ends above `before`, where lines begin that are shown already.
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
  if (longer !== undefined) return cut(longer, chunk.startLine, { ...range, endLine: end });
  return cut(text, chunk.startLine, { ...range, endLine: Math.min(end, chunk.endLine) });
}

/** A file's chunks have row ids that follow each other, as their texts do. */
function chunkAfter(catalog: Catalog, chunk: ChunkRow): ChunkRow | undefined {
  const next = catalog.chunks.get(chunk.id + 1);
  if (next?.path !== chunk.path || next.startOffset !== chunk.endOffset) return undefined;
  // One that begins within a line continues a line, not a text.
  return next.startLine > chunk.endLine ? next : undefined;
}

/** `first` and those after it, up to a line; none where that would be too many. */
function chunksUpTo(catalog: Catalog, first: ChunkRow | undefined, line: number): ChunkRow[] {
  const found: ChunkRow[] = [];
  for (let chunk = first; chunk !== undefined && chunk.startLine <= line; chunk = chunkAfter(catalog, chunk))
    if (found.push(chunk) > furtherChunks) return [];
  return (found.at(-1)?.endLine ?? line) < line ? [] : found;
}

function cut(text: string, firstLine: number, range: Range): Excerpt {
  const lines = text.split('\n');
  const end = range.endLine - firstLine + 1;
  const shown = lines.slice(range.startLine - firstLine, end).join('\n');
  return { ...range, text: shown + (end < lines.length ? '\n' : '') };
}

/**
 * The lines that answer: of the one definition that clearly does, with the comment above it; else the chunk's, with the
 * rest of a definition that it is for the most part, be it only its comment, and without the file's licence and imports.
 */
export function rangeOf(chunk: ChunkRow, text: string, around: Surroundings, query?: Query): Range {
  const lines = text.split('\n').slice(0, chunk.endLine - chunk.startLine + 1);
  const range = answeringLines(chunk, lines, around, query);
  if (range.startLine > 1 || dataLanguages.has(chunk.language)) return range;
  const rows = headerRows(lines, query);
  return rows < leastLeftOut ? range : { ...range, startLine: 1 + rows };
}

function answeringLines(
  { startLine, endLine, symbol, language }: ChunkRow,
  lines: readonly string[],
  around: Surroundings,
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

  // What began before the others and ends in the chunk may be what answers, too.
  const ending = around.ending.filter((one) => within.every((other) => other.startLine > one.endLine));
  const contestants = [...ending, ...within];
  const answer = query && clearAnswer(contestants, query);
  if (answer !== undefined) {
    if (answer.startLine < startLine) return wholeChunk;
    const from = startLine + leadOf(answer);
    const to = shownEnd(answer, endLine);
    const leftOut = from - startLine + Math.max(0, endLine - to);
    if (contestants.length < 2 || leftOut < leastLeftOut) return withRestOf(answer);
    return { startLine: from, endLine: to, symbol: nameOf(answer, symbol) };
  }
  if (dataLanguages.has(language)) return wholeChunk;
  const main = within.find(
    (one) => one.startLine >= startLine && one.endLine > endLine && isMost(lines, leadOf(one)),
  );
  return main === undefined ? wholeChunk : withRestOf(main);
}

/** The one that has the name asked for, or whose name shares more words with the query than any other's. */
function clearAnswer(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const named = definitions.filter(({ name }) => query.identifiers.includes(name));
  return named.length === 1 ? named[0] : likeliest(definitions, query);
}

function likeliest(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const wanted = new Set(query.tokens);
  const shared = definitions.map((definition) => ({
    definition,
    words: new Set(tokens(definition.name).filter((token) => wanted.has(token))).size,
  }));
  shared.sort((a, b) => b.words - a.words);
  const [best, next] = shared;
  return best !== undefined && best.words >= 2 && best.words > (next?.words ?? 0)
    ? best.definition
    : undefined;
}

/** The last line to show of a definition that begins in a chunk with this last line, or right after it. */
function shownEnd({ startLine, endLine }: NewDefinition, chunkEnd: number): number {
  if (endLine - startLine < wholeLines) return endLine;
  return Math.min(endLine, Math.max(chunkEnd, startLine + signatureLines - 1));
}

/** The first row of the comments and decorators that stand right above a row. */
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

/** The row where a comment begins that ends on row `end`; undefined when something stands before it. */
function commentRow(lines: readonly string[], end: number): number | undefined {
  for (let row = end; row >= 0; row--) {
    const line = lines[row]?.trim() ?? '';
    if (line.includes('/*')) return line.startsWith('/*') ? row : undefined;
  }
  // It began above the chunk.
  return 0;
}

/** Whether the rows from `from` on are most of those that are not blank. */
function isMost(lines: readonly string[], from: number): boolean {
  const filled = lines.map((line) => line.trim() !== '');
  const count = (rows: readonly boolean[]): number => rows.filter(Boolean).length;
  return count(filled.slice(from)) * 2 > count(filled);
}

/** A chunk's symbol where it is this definition's name with those around it. */
function nameOf({ name }: NewDefinition, symbol: string | null): string {
  return symbol === name || symbol?.endsWith(`.${name}`) === true ? symbol : name;
}

/** Lines of files that hits show, so that none is shown twice. */
export class ShownLines {
  readonly #ranges = new Map<string, Excerpt[]>();

  add(path: string, excerpt: Excerpt): void {
    this.#ranges.set(path, [...this.#of(path), excerpt]);
  }

  /** The first line below a chunk that is shown already. */
  nextLine({ path, endLine }: ChunkRow): number {
    return Math.min(...this.#of(path).map((one) => (one.startLine > endLine ? one.startLine : Infinity)));
  }

  /** Whether an excerpt is a part of one that is shown already. */
  hold(path: string, { startLine, text }: Excerpt): boolean {
    const said = text.trimEnd();
    const lastLine = startLine + said.split('\n').length - 1;
    // Texts are compared too, since a long line can have several chunks.
    return this.#of(path).some(
      (one) => one.startLine <= startLine && lastLine <= one.endLine && one.text.includes(said),
    );
  }

  #of(path: string): readonly Excerpt[] {
    return this.#ranges.get(path) ?? [];
  }
}
