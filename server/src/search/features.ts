import type { Field, FieldPostings } from '../lexical/postings.js';
import type { FolderStatistics } from '../lexical/statistics.js';
import type { TermPostings } from '../lexical/matching.js';
import type { ScoreLease } from './scoreArrays.js';

/** BM25's parameters for a field: `k1`, how soon further occurrences stop counting; `b`, how much a long text loses. */
export interface Bm25 {
  readonly k1: number;
  readonly b: number;
}

export const fieldSettings: Readonly<Record<Field, Bm25>> = {
  body: { k1: 1.5, b: 0.75 },
  names: { k1: 1.2, b: 0.5 },
  signatures: { k1: 1.2, b: 0.5 },
  path: { k1: 1.2, b: 0.3 },
  lead: { k1: 1.2, b: 0.5 },
  comments: { k1: 1.2, b: 0.6 },
  usage: { k1: 1.2, b: 0.75 },
};

/** Inverse document frequency of a term, as in BM25, from the number of texts that contain it. */
export function inverseDocumentFrequency(holders: number, all: number): number {
  return Math.log(1 + (all - holders + 0.5) / (holders + 0.5));
}

/**
 * BM25 of every text of a field, by the text's number. `weights`: of each term, when more than this folder counts.
 * `scores`: zeros, which become the result.
 */
export function bm25(
  postings: readonly FieldPostings[],
  lengths: Uint32Array,
  average: number,
  { k1, b }: Bm25,
  weights?: readonly number[],
  scores: Float64Array = new Float64Array(lengths.length),
): Float64Array {
  const [fixed, perLength] = [k1 * (1 - b), (k1 * b) / average];
  for (const [term, { docs, counts }] of postings.entries()) {
    const weight = (weights?.[term] ?? inverseDocumentFrequency(docs.length, lengths.length)) * (k1 + 1);
    for (let i = 0; i < docs.length; i++) {
      const doc = docs[i] ?? 0;
      const count = counts[i] ?? 0;
      scores[doc] = (scores[doc] ?? 0) + (weight * count) / (count + fixed + perLength * (lengths[doc] ?? 0));
    }
  }
  return scores;
}

/** How much a term tells among `files` files. One that no file contains counts as a very rare one. */
export function termWeight({ files: holders }: Pick<TermPostings, 'files'>, files: number): number {
  return weightOf(holders.length, files);
}

const weightOf = (holders: number, files: number): number =>
  holders === 0 ? Math.log(1 + 2 * files) : inverseDocumentFrequency(holders, files);

/**
 * How much of a query each file contains: the share of its terms weighed by `termWeight`, as a square root, because the
 * first terms say more than the last. `shares`: zeros, which become the result.
 */
export function coverage(
  terms: readonly Pick<TermPostings, 'files'>[],
  files: number,
  weights?: readonly number[],
  shares: Float64Array = new Float64Array(files),
): Float64Array {
  let all = 0;
  for (const [i, term] of terms.entries()) {
    const weight = weights?.[i] ?? termWeight(term, files);
    all += weight;
    for (const file of term.files) shares[file] = (shares[file] ?? 0) + weight;
  }
  if (all === 0) return shares;
  for (let file = 0; file < files; file++) shares[file] = Math.sqrt((shares[file] ?? 0) / all);
  return shares;
}

/** The lexical scores of a folder's chunks and files. */
export type LexicalScores = Readonly<Record<Field | 'coverage', Float64Array>>;

/** How much terms tell, and how long texts are, in all folders that are ranked together. */
export interface CommonStatistics {
  weight(term: string, field: Field): number;
  average(field: Field): number;
  /** See `termWeight`. */
  termWeight(term: string): number;
}

/** A query's terms in one folder. */
export interface MatchedTerms {
  readonly terms: readonly TermPostings[];
  readonly docs: FolderStatistics;
}

/** The statistics of several folders as if they were one: else a term would tell less the smaller the folder. */
export function commonStatistics(folders: readonly MatchedTerms[]): CommonStatistics {
  const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const postings = new Map<string, TermPostings[]>();
  for (const one of folders.flatMap(({ terms }) => terms))
    postings.set(one.term, [...(postings.get(one.term) ?? []), one]);
  const files = sum(folders, ({ docs }) => docs.files.length);
  return {
    weight: (term, field) => {
      const holders = sum(postings.get(term) ?? [], ({ fields }) => fields[field].docs.length);
      return inverseDocumentFrequency(
        holders,
        sum(folders, ({ docs }) => docs.lengths[field].length),
      );
    },
    average: (field) => {
      const texts = sum(folders, ({ docs }) => docs.lengths[field].length);
      const lengths = sum(folders, ({ docs }) => docs.averages[field] * docs.lengths[field].length);
      return texts === 0 ? 1 : lengths / texts;
    },
    termWeight: (term) =>
      weightOf(
        sum(postings.get(term) ?? [], ({ files: holders }) => holders.length),
        files,
      ),
  };
}

/** `common`: the statistics of all folders that are ranked together, when there are more than this one. */
export function lexicalScores(
  { terms, docs }: MatchedTerms,
  common: CommonStatistics | undefined,
  { zeros }: ScoreLease,
): LexicalScores {
  const score = (field: Field): Float64Array =>
    bm25(
      terms.map(({ fields }) => fields[field]),
      docs.lengths[field],
      common?.average(field) ?? docs.averages[field],
      fieldSettings[field],
      common && terms.map(({ term }) => common.weight(term, field)),
      zeros(docs.lengths[field].length),
    );
  return {
    body: score('body'),
    names: score('names'),
    signatures: score('signatures'),
    path: score('path'),
    lead: score('lead'),
    comments: score('comments'),
    usage: score('usage'),
    coverage: coverage(
      terms,
      docs.files.length,
      common && terms.map(({ term }) => common.termWeight(term)),
      zeros(docs.files.length),
    ),
  };
}

/** Maps values to 0..1 by the largest of them. */
export function byLargest(values: Iterable<number>): (value: number) => number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  return (value) => (largest === 0 ? 0 : value / largest);
}

/** Maps the values above the median to 0..1, and all others to 0. */
export function aboveMedian(values: readonly (number | undefined)[]): (value: number | undefined) => number {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)] ?? 0;
  const max = known.at(-1) ?? 0;
  // A single candidate, or mostly equal ones: the largest counts as the best.
  if (max <= median) return (value) => (value === max && known.length > 0 ? 1 : 0);
  return (value) => (value === undefined ? 0 : Math.min(1, Math.max(0, (value - median) / (max - median))));
}

/** Sums `value` by file, of at most `most` items: those with the largest values. */
export function sumByFile<T extends { readonly fileId: number }>(
  items: readonly T[],
  value: (item: T) => number,
  most = Infinity,
): Map<number, number> {
  const best = items.length > most ? [...items].sort((a, b) => value(b) - value(a)).slice(0, most) : items;
  const sums = new Map<number, number>();
  for (const item of best) sums.set(item.fileId, (sums.get(item.fileId) ?? 0) + value(item));
  return sums;
}

/** Numbers of the `most` largest values above `floor`, the largest first, equal ones by number. */
export function largest(values: Float64Array, most: number, floor: number): number[] {
  const value = (at: number): number => values[at] ?? floor;
  const order = (a: number, b: number): number => value(b) - value(a) || a - b;
  let kept: number[] = [];
  let bar = floor;
  for (let at = 0; at < values.length; at++) {
    if ((values[at] ?? floor) <= bar) continue;
    kept.push(at);
    // Sorting part of the values from time to time costs far less than sorting all of a large folder.
    if (kept.length < most * 8) continue;
    kept = kept.sort(order).slice(0, most);
    bar = value(kept.at(-1) ?? 0);
  }
  return kept.sort(order).slice(0, most);
}
