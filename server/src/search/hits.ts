import { join } from 'node:path';
import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { MatchStrength, SearchHit } from '../../../shared/src/protocol/protocol.js';
import type { Catalog, ChunkRow } from '../catalog/catalog.js';
import { Pacer } from '../syntax/pacer.js';
import { type TokenWeights, answerLine } from './answerLine.js';
import { Duplicates } from './duplicates.js';
import { type Excerpt, ShownLines, chunkAfter, excerptOf } from './excerpt.js';
import { isHeaderOnly } from './fileHeader.js';
import type { Query } from './query.js';
import type { Ranked } from './ranking.js';
import type { ChunkTexts, SearchTarget } from './request.js';

export interface HitOptions<T extends Ranked> {
  readonly limit: number;
  /** Add the terms of the score to each hit. */
  readonly explain?: boolean;
  /** None for related code. */
  readonly query?: Query;
  /** How well a chunk matches, by its row id; undefined for a chunk that is no candidate. */
  readonly matches?: (id: number) => MatchStrength | undefined;
  readonly weights?: TokenWeights;
  /** The lines to show, where they are known already. */
  readonly known?: (one: T) => Excerpt | undefined;
  /** More to say of a hit. */
  readonly further?: (one: T) => Partial<SearchHit>;
}

/** A chunk with its text on disk. */
interface Read {
  readonly chunk: ChunkRow;
  readonly text: string;
  /** Whether it has nothing but imports and the like. */
  readonly isHeader?: boolean;
  readonly excerpt?: Excerpt;
}

/** Longest step in milliseconds: several searches may get their texts in the same turn of the event loop. */
const stepMs = 4;

/** Most chunks that are read in place of one of imports: better ones of its file, then those that follow it. */
const mostInPlace = 3;

/**
 * Turns the best chunks into hits, with their texts as they are on disk. Chunks that are no longer there are skipped, and
 * imports above other code come last.
 */
export async function hitsOf<T extends Ranked>(
  catalog: Catalog,
  targets: readonly SearchTarget[],
  ranked: readonly T[],
  options: HitOptions<T>,
  signal: AbortSignal | undefined,
): Promise<SearchHit[]> {
  const { limit, query } = options;
  const hits: SearchHit[] = [];
  const headers: (readonly [T, Read])[] = [];
  const duplicates = new Duplicates();
  const shown = new ShownLines();
  const pacer = new Pacer(stepMs);
  const add = async (one: T, { chunk, text, excerpt: known }: Read): Promise<void> => {
    const target = targets[one.folder];
    if (target === undefined || (known === undefined && duplicates.isDuplicate(text))) return;
    const below = shown.nextLine(one.fileId, chunk);
    const excerpt = known ?? (await excerptOf(catalog, target.texts, chunk, text, query, below));
    if (shown.hold(one.fileId, excerpt)) return;
    shown.add(one.fileId, excerpt);
    hits.push(toHit(target, one, chunk, excerpt, options));
  };
  const read = async (one: T): Promise<Read | undefined> => {
    const excerpt = options.known?.(one);
    const chunk = excerpt && catalog.chunks.get(one.id);
    if (excerpt !== undefined) return chunk && { chunk, text: excerpt.text, excerpt };
    const texts = targets[one.folder]?.texts;
    return texts && readTelling(catalog, texts, one, ranked, query);
  };
  // Reads the first page at once: most searches need no more, and reading in parallel is faster.
  let ahead: (Read | undefined)[] = [];
  for (const [i, one] of ranked.entries()) {
    if (hits.length === limit) break;
    throwIfCancelled(signal, 'Search');
    if (i % limit === 0) ahead = await Promise.all(ranked.slice(i, i + limit).map(read));
    if (pacer.due) await pacer.pause();
    const next = ahead[i % limit];
    if (next?.isHeader === true) headers.push([one, next]);
    else if (next !== undefined) await add(one, next);
  }
  for (const [one, last] of headers) if (hits.length < limit) await add(one, last);
  return hits;
}

function toHit<T extends Ranked>(
  { folder, prefix }: SearchTarget,
  one: T,
  chunk: ChunkRow,
  excerpt: Excerpt,
  { explain, matches, weights = new Map(), further }: HitOptions<T>,
): SearchHit {
  const { id, score, terms } = one;
  const match = matches && (matches(chunk.id) ?? matches(id));
  return {
    folder: prefix === '' ? folder.path : join(folder.path, prefix.slice(0, -1)),
    path: chunk.path.slice(prefix.length),
    startLine: excerpt.startLine,
    endLine: excerpt.endLine,
    symbol: excerpt.symbol,
    language: chunk.language,
    score: round(score),
    ...(match && { match }),
    text: excerpt.text,
    line: answerLine(excerpt, weights),
    ...further?.(one),
    ...(explain === true && {
      terms: Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, round(term)])),
    }),
  };
}

const round = (score: number): number => Math.round(score * 10_000) / 10_000;

/** A question about imports themselves. */
const asksForImports = /\b(?:import|require|include|dependenc)/i;

/**
 * A chunk with its text. In place of a chunk of imports: the best chunk of its file that says more, because a file often
 * owes its rank to more than its imports. Not for a name alone: what imports it should not stand for what uses it.
 */
async function readTelling(
  catalog: Catalog,
  texts: ChunkTexts,
  one: Ranked,
  ranked: readonly Ranked[],
  query: Query | undefined,
): Promise<Read | undefined> {
  const read = async (chunk: ChunkRow | undefined): Promise<Read | undefined> => {
    const text = chunk && (await texts.of(chunk));
    return chunk === undefined || text === undefined ? undefined : { chunk, text };
  };
  const own = await read(catalog.chunks.get(one.id));
  if (own === undefined || !isHeaderOnly(own.text) || asksForImports.test(query?.text ?? '')) return own;
  const others = ranked
    .filter(({ id, fileId }) => fileId === one.fileId && id !== one.id)
    .slice(0, mostInPlace);
  for (const { id } of others) {
    const other = await read(catalog.chunks.get(id));
    if (other !== undefined && !isHeaderOnly(other.text)) return other;
  }
  const isName = query === undefined || query.symbol !== undefined;
  for (const chunk of following(catalog, own.chunk)) {
    const next = await read(chunk);
    if (next !== undefined && !isHeaderOnly(next.text)) return isName ? { ...own, isHeader: true } : next;
  }
  // The file has nothing else: it is there to pass on what it imports.
  return own;
}

function following(catalog: Catalog, chunk: ChunkRow): ChunkRow[] {
  const found: ChunkRow[] = [];
  let next = chunkAfter(catalog, chunk);
  for (; next !== undefined && found.length < mostInPlace; next = chunkAfter(catalog, next)) found.push(next);
  return found;
}
