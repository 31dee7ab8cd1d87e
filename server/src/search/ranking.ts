import type { ChunkRow } from '../store/catalog.js';
import { type Query, fileNameTokens } from './query.js';

/** What is known of a chunk that may be an answer. */
export interface Candidate {
  readonly chunk: ChunkRow;
  /** BM25 over the chunk's words; 0 without any. */
  readonly words: number;
  /** Cosine with the query; undefined while there is no vector, or none was asked for. */
  readonly cosine: number | undefined;
  /** 1 when it defines an identifier of the query as it is written, .5 when only the case differs, else 0. */
  readonly defines: number;
}

export interface Ranked {
  readonly chunk: ChunkRow;
  readonly score: number;
}

/** How much each feature counts, after it was brought to 0..1. */
const weights = {
  words: 1,
  wordsOfFile: 0.3,
  defines: 0.3,
  fileName: 0.15,
  cosine: 0.7,
  cosineOfFile: 0.3,
};

/** The same for a query that is one name: where it is defined decides, and vectors only blur. */
const symbolWeights = { ...weights, wordsOfFile: 0, defines: 1.5, fileName: 1, cosine: 0, cosineOfFile: 0 };

const testPath =
  /(?:^|\/)(?:tests?|__tests__|specs?|testdata|fixtures?|mocks?)\/|(?:[._-](?:test|spec)s?\.[^/]+|(?:^|\/)test_[^/]+|_test\.[^/]+|Tests?\.[^/]+)$/;
const docPath = /(?:^|\/)(?:docs?|documentation|examples?|samples?|demos?)\/|\.(?:md|mdx|rst|adoc|txt)$/i;
const shimPath = /(?:^|\/)(?:compat|compatibility|shims?|polyfills?|legacy|deprecated)(?:\/|\.[^/]+$)/i;

/** Multiplies the score of what is seldom meant; lifted when the query asks for it. */
function penalty(path: string, query: Query): number {
  if (testPath.test(path)) return query.asksForTests ? 1 : 0.6;
  if (docPath.test(path)) return query.asksForDocs ? 1 : 0.7;
  return shimPath.test(path) ? 0.8 : 1;
}

/** Maps the upper half of the values to 0..1: what is no better than the median counts nothing. */
function aboveMedian(values: readonly (number | undefined)[]): (value: number | undefined) => number {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)] ?? 0;
  const max = known.at(-1) ?? 0;
  // A lone candidate, or most of them equal: whatever it is, it is the best there is.
  if (max <= median) return (value) => (value === max && known.length > 0 ? 1 : 0);
  return (value) => (value === undefined ? 0 : Math.min(1, Math.max(0, (value - median) / (max - median))));
}

function dividedByMax(values: readonly number[]): (value: number) => number {
  const max = Math.max(0, ...values);
  return (value) => (max === 0 ? 0 : value / max);
}

/** Sums a chunk's values by file. */
function sumByFile(
  candidates: readonly Candidate[],
  value: (candidate: Candidate) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const candidate of candidates) {
    const { path } = candidate.chunk;
    sums.set(path, (sums.get(path) ?? 0) + value(candidate));
  }
  return sums;
}

/** Share of the file name's tokens that the query holds; for a symbol, whether the name is the file's name. */
function fileNameMatch(path: string, query: Query, wanted: ReadonlySet<string>): number {
  const name = fileNameTokens(path);
  if (query.symbol !== undefined) {
    const stem = (path.split('/').at(-1) ?? '').replace(/\..*$/, '').replace(/[_-]/g, '').toLowerCase();
    return stem === query.symbol.replace(/[_-]/g, '').toLowerCase() ? 1 : 0;
  }
  return name.length === 0 ? 0 : name.filter((token) => wanted.has(token)).length / name.length;
}

/**
 * Orders candidates by words and meaning together: each feature is brought to 0..1 over the candidates, weighted and
 * summed; then the best chunk of every file comes before any file's second.
 */
export function rank(candidates: readonly Candidate[], query: Query): Ranked[] {
  const w =
    query.symbol !== undefined && candidates.some(({ defines }) => defines > 0) ? symbolWeights : weights;
  const wanted = new Set(query.tokens);
  const words = dividedByMax(candidates.map((candidate) => candidate.words));
  const cosine = aboveMedian(candidates.map((candidate) => candidate.cosine));
  const wordSums = sumByFile(candidates, (candidate) => candidate.words);
  const cosineSums = sumByFile(candidates, (candidate) => cosine(candidate.cosine));
  const wordsOfFile = dividedByMax([...wordSums.values()]);
  const cosineOfFile = dividedByMax([...cosineSums.values()]);

  const ranked = candidates.map((candidate): Ranked => {
    const { path } = candidate.chunk;
    const score =
      w.words * words(candidate.words) +
      w.wordsOfFile * wordsOfFile(wordSums.get(path) ?? 0) +
      w.defines * candidate.defines +
      w.fileName * fileNameMatch(path, query, wanted) +
      w.cosine * cosine(candidate.cosine) +
      w.cosineOfFile * cosineOfFile(cosineSums.get(path) ?? 0);
    return { chunk: candidate.chunk, score: score * penalty(path, query) };
  });
  // Equal scores are ordered by place, so that the same index always gives the same answer.
  ranked.sort(
    (a, b) =>
      b.score - a.score ||
      (a.chunk.path < b.chunk.path
        ? -1
        : a.chunk.path > b.chunk.path
          ? 1
          : a.chunk.startOffset - b.chunk.startOffset),
  );
  return bestOfEachFileFirst(ranked);
}

function bestOfEachFileFirst(ranked: readonly Ranked[]): Ranked[] {
  const seen = new Set<string>();
  const first: Ranked[] = [];
  const rest: Ranked[] = [];
  for (const item of ranked) {
    (seen.has(item.chunk.path) ? rest : first).push(item);
    seen.add(item.chunk.path);
  }
  return [...first, ...rest];
}
