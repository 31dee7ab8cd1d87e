import { aboveMedian, byLargest, sumByFile } from './features.js';
import { type PenaltyContext, penalty } from './penalties.js';
import { type Query, fileNameTokens } from './query.js';
import { type Feature, type Weights, featureNames, questionWeights, symbolWeights } from './weights.js';

/** A chunk that may be a hit, with its features before scaling: BM25 scores, cosines and shares. */
export interface Candidate {
  /** Row id of the chunk. Ids ascend within a file. */
  readonly id: number;
  /** Row id of the file. */
  readonly fileId: number;
  /** Number of the folder among those that are searched. */
  readonly folder: number;
  readonly path: string;
  readonly language: string;
  /** BM25 of the chunk's text, of the names that it defines and of the lines that define them. */
  readonly body: number;
  readonly names: number;
  readonly signatures: number;
  /** `body`, summed over all chunks of the file. */
  readonly bodyOfFile: number;
  /** BM25 of the file's path, of the comments at its top, of the first sentence of each comment, and of usage lines. */
  readonly pathWords: number;
  readonly lead: number;
  readonly comments: number;
  readonly usage: number;
  /** How much of the query the file contains, 0 to 1. */
  readonly coverage: number;
  /** 1 when it defines an identifier of the query, .5 when only the case differs, otherwise 0. */
  readonly defines: number;
  /** Cosine with the query; undefined while there is no vector, or none was asked for. */
  readonly cosine: number | undefined;
  /** Cosine of the file's own vector with the query. */
  readonly fileCosine: number | undefined;
}

export interface Ranked {
  readonly id: number;
  readonly fileId: number;
  /** Number of the folder among those that are searched. */
  readonly folder: number;
  readonly path: string;
  readonly score: number;
  /** The terms of the score: each feature times its weight, and the penalty's factor under its name. */
  readonly terms: Readonly<Record<string, number>>;
}

/** Most chunks of one file whose cosines are summed. More would only add noise. */
const nearestChunks = 50;

/** Share of the file name's tokens that the query contains. */
export function nameShare(path: string, wanted: ReadonlySet<string>): number {
  const name = fileNameTokens(path);
  return name.length === 0 ? 0 : name.filter((token) => wanted.has(token)).length / name.length;
}

/**
 * 1 when a file has the symbol's name, in any spelling, .5 when its name goes on after a dot: `Thing.Async.cs` is a part of
 * `Thing`, whose file is `Thing.cs`.
 */
export function nameEqual(path: string, symbol: string | undefined): number {
  if (symbol === undefined) return 0;
  const plain = (name: string): string => name.replace(/[_-]/g, '').toLowerCase();
  const name = path.split('/').at(-1) ?? '';
  if (plain(name.replace(/\.[^.]*$/, '')) === plain(symbol)) return 1;
  return plain(name.replace(/\..*$/, '')) === plain(symbol) ? 0.5 : 0;
}

/** Whether the query names this file by its path or the end of it. */
export function pathNamed(path: string, named: readonly string[]): number {
  const own = `/${path.toLowerCase()}`;
  return named.some((name) => own.endsWith(`/${name}`) || name.endsWith(own)) ? 1 : 0;
}

type File = Pick<Candidate, 'fileId' | 'folder' | 'path'>;

/** Caches `of` by file. */
function perFile<T>(of: (file: File) => T): (file: File) => T {
  const known = new Map<number, T>();
  return (file) => {
    let value = known.get(file.fileId);
    if (value === undefined) known.set(file.fileId, (value = of(file)));
    return value;
  };
}

/** Scales each feature of each candidate to 0..1. */
export function features(candidates: readonly Candidate[], query: Query): Record<Feature, number>[] {
  const wanted = new Set(query.tokens);
  const largest = (value: (candidate: Candidate) => number): ((value: number) => number) =>
    byLargest(candidates.map(value));
  const body = largest((c) => c.body);
  const names = largest((c) => c.names);
  const signatures = largest((c) => c.signatures);
  const pathWords = largest((c) => c.pathWords);
  const lead = largest((c) => c.lead);
  const comments = largest((c) => c.comments);
  const usage = largest((c) => c.usage);
  const bodyOfFile = largest((c) => c.bodyOfFile);
  const cosine = aboveMedian(candidates.map((c) => c.cosine));
  const cosines = sumByFile(candidates, (c) => cosine(c.cosine), nearestChunks);
  const cosineOfFile = byLargest(cosines.values());
  const files = new Map(candidates.map((c) => [c.fileId, c.fileCosine]));
  const fileVector = aboveMedian([...files.values()]);
  // Cached, because candidates share files, and splitting a file name costs more than the rest.
  const byPath = perFile(({ path }) => ({
    nameShare: nameShare(path, wanted),
    nameEqual: nameEqual(path, query.symbol),
    pathNamed: pathNamed(path, query.paths),
  }));

  return candidates.map((c) => ({
    body: body(c.body),
    bodyOfFile: bodyOfFile(c.bodyOfFile),
    names: names(c.names),
    defines: c.defines,
    path: pathWords(c.pathWords),
    ...byPath(c),
    language: query.languages.includes(c.language) ? 1 : 0,
    lead: lead(c.lead),
    signatures: signatures(c.signatures),
    comments: comments(c.comments),
    coverage: c.coverage,
    usage: usage(c.usage),
    cosine: cosine(c.cosine),
    cosineOfFile: cosineOfFile(cosines.get(c.fileId) ?? 0),
    fileVector: fileVector(c.fileCosine),
  }));
}

export interface RankOptions extends Pick<PenaltyContext, 'platform'> {
  /** For the folder of this number. */
  readonly superseded: (folder: number) => PenaltyContext['superseded'];
  readonly isHeaderOnly: (folder: number) => boolean;
  readonly weights?: { readonly question: Weights; readonly symbol: Weights };
}

/**
 * Ranks candidates: each feature is scaled to 0..1 over the candidates, weighted and summed. The best chunk of every
 * file comes before the second of any file.
 */
export function rank(candidates: readonly Candidate[], query: Query, options: RankOptions): Ranked[] {
  const { question, symbol } = options.weights ?? { question: questionWeights, symbol: symbolWeights };
  // A name without a definition here is an ordinary term.
  const weights =
    query.symbol !== undefined && candidates.some(({ defines }) => defines > 0) ? symbol : question;
  const found = features(candidates, query);
  const penaltyOf = perFile(({ path, folder }) =>
    penalty(path, query, {
      platform: options.platform,
      superseded: options.superseded(folder),
      isHeaderOnly: () => options.isHeaderOnly(folder),
    }),
  );
  const ranked = candidates.map((candidate, i): Ranked => {
    const { id, fileId, folder, path } = candidate;
    const terms: Record<string, number> = {};
    let sum = 0;
    for (const name of featureNames) {
      const term = weights[name] * (found[i]?.[name] ?? 0);
      if (term === 0) continue;
      terms[name] = term;
      sum += term;
    }
    const { factor, reason } = penaltyOf(candidate);
    if (reason !== undefined) terms[reason] = factor;
    return { id, fileId, folder, path, score: sum * factor, terms };
  });
  // Order equal scores by place, so that the same index always gives the same answer.
  ranked.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.id - b.id));
  return bestOfEachFileFirst(ranked);
}

function bestOfEachFileFirst(ranked: readonly Ranked[]): Ranked[] {
  const seen = new Set<number>();
  const first: Ranked[] = [];
  const rest: Ranked[] = [];
  for (const item of ranked) {
    (seen.has(item.fileId) ? rest : first).push(item);
    seen.add(item.fileId);
  }
  return [...first, ...rest];
}
