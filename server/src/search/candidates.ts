import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { Catalog, FolderRow } from '../catalog/catalog.js';
import type { Field } from '../lexical/postings.js';
import type { TokenWeights } from './answerLine.js';
import {
  type CommonStatistics,
  type LexicalScores,
  type MatchedTerms,
  commonStatistics,
  largest,
  lexicalScores,
  termWeight,
} from './features.js';
import type { Query } from './query.js';
import { type Candidate, pathNamed } from './ranking.js';
import { isBesideCode } from './penalties.js';
import type { ScoreArrays, ScoreLease } from './scoreArrays.js';
import type { SearchRequest, SearchTarget } from './request.js';
import type { VectorMatch } from '../vectors/vectorStore.js';
import { questionWeights } from './weights.js';
import { type FileDoc, type FolderStatistics, perStatistics, sampleOf } from '../lexical/statistics.js';

/** Most chunks that terms and vectors each propose. A chunk that neither proposes cannot be a hit. */
const lexicalCandidates = 150;
const denseCandidates = 50;
/** Most nearest chunks to ask for where many are beside the code, so that tests and documentation do not take all places. */
const mostDense = 100;
/** Files whose own vectors propose their best chunk, while some chunks have no vector. */
const fileCandidates = 30;

export interface Found {
  readonly candidates: readonly Candidate[];
  /** Of each folder. */
  readonly docs: readonly FolderStatistics[];
  /** How much each token of the query tells. */
  readonly weights: TokenWeights;
}

type Accept = ((file: FileDoc) => boolean) | undefined;

/** What a folder has of a query, before its chunks are chosen. */
interface Matched extends MatchedTerms {
  readonly target: SearchTarget;
  readonly accept: Accept;
  readonly nearest: Promise<readonly VectorMatch[]> | undefined;
  /** Numbers of chunks that define a name of the query. */
  readonly defines: ReadonlyMap<number, number>;
}

/**
 * The candidates for a query in these folders, with their lexical scores and cosines. Scores of several folders are
 * comparable: a term tells as much in each.
 */
export async function findCandidates(
  catalog: Catalog,
  targets: readonly SearchTarget[],
  request: SearchRequest,
  query: Query,
  acceptIn: (target: SearchTarget) => Accept,
  arrays: ScoreArrays,
): Promise<Found> {
  const { mode } = request;
  // The query's vector is made in another thread, and the collections are in another process: both work while the terms
  // are looked up here. Each goes on in the next turn, when messages come and requests have left this process.
  const nearest = targets.map((target) =>
    mode === 'lexical' ? undefined : nearestChunks(catalog, target, request),
  );
  for (const one of nearest) one?.catch(() => undefined);
  const folders: Matched[] = [];
  for (const [i, target] of targets.entries()) {
    if (mode !== 'lexical' || i > 0) await nextTurn();
    await catalog.lexical.prepare(target.folder.id);
    // Postings and definitions are read by the numbers of one state of the statistics.
    const matched = catalog.snapshot(() => {
      const { id } = target.folder;
      const docs = catalog.lexical.docs(id);
      if (mode === 'semantic') return { docs, terms: [], defines: new Map<number, number>() };
      const terms = catalog.lexical.match(id, query.tokens);
      return { docs, terms, defines: definitions(catalog, target.folder, query, docs) };
    });
    folders.push({ target, accept: acceptIn(target), nearest: nearest[i], ...matched });
  }
  const common = folders.length > 1 ? commonStatistics(folders) : undefined;
  const candidates: Candidate[] = [];
  for (const [i, matched] of folders.entries()) {
    if (mode !== 'lexical' || i > 0) await nextTurn();
    const lease = arrays.lease();
    try {
      for (const one of await candidatesOf(catalog, matched, i, query, common, lease)) candidates.push(one);
    } finally {
      lease.dispose();
    }
  }
  // By meaning alone, no postings are read: all tokens tell the same.
  const weights = new Map(
    mode === 'semantic'
      ? query.tokens.map((token) => [token, 1])
      : folders.flatMap(({ terms, docs }) =>
          terms.map((term) => [
            term.term,
            common?.termWeight(term.term) ?? termWeight(term, docs.files.length),
          ]),
        ),
  );
  return { candidates, docs: folders.map(({ docs }) => docs), weights };
}

/** The candidates of one folder, which is number `at` of those that are searched. */
async function candidatesOf(
  catalog: Catalog,
  { target: { folder, vectors }, accept, nearest, terms, docs, defines }: Matched,
  at: number,
  query: Query,
  common: CommonStatistics | undefined,
  lease: ScoreLease,
): Promise<Candidate[]> {
  const accepted = new Uint8Array(docs.files.length).fill(1);
  if (accept !== undefined)
    for (const [number, file] of docs.files.entries()) accepted[number] = Number(accept(file));
  const scores = lexicalScores({ terms, docs }, common, lease);
  const chosen = new Set(proposedByTerms(scores, defines, docs, accepted, query, lease));

  const rowIdOf = (chunk: number): number => {
    const file = docs.files[docs.fileOf[chunk] ?? 0];
    return file === undefined ? -1 : file.firstChunk + chunk - file.at;
  };
  /** By row id of the chunk. */
  const cosines = new Map<number, number>();
  let fileCosines: ReadonlyMap<number, number> = new Map();
  const vector = nearest === undefined ? undefined : await vectors?.query;
  if (nearest !== undefined && vector !== undefined) {
    const read = (chunks: readonly number[]): void => {
      for (const [id, cosine] of catalog.vectors.cosines(folder, vector, chunks.map(rowIdOf)))
        cosines.set(id, cosine);
    };
    // Read these while the collection is still searching.
    read([...chosen]);
    const near = denseChunks(catalog, folder, await nearest, docs, accepted, query);
    const more = [...near.keys()];
    const isPartial = more.length < denseCandidates || catalog.counts(folder.id).chunksPending > 0;
    if (isPartial) {
      fileCosines = catalog.fileVectors.cosines(folder, vector);
      more.push(...chunksOfNearestFiles(fileCosines, [...chosen, ...more], docs, accepted, scores.body));
    }
    read(more.filter((chunk) => !chosen.has(chunk) && !near.has(chunk)));
    for (const [chunk, similarity] of near) cosines.set(rowIdOf(chunk), similarity);
    for (const chunk of more) chosen.add(chunk);
    if (!isPartial) {
      const files = new Set([...chosen].map((chunk) => docs.files[docs.fileOf[chunk] ?? 0]?.id ?? -1));
      fileCosines = catalog.fileVectors.cosines(folder, vector, files);
    }
  }

  const candidates: Candidate[] = [];
  for (const chunk of chosen) {
    const number = docs.fileOf[chunk] ?? 0;
    const file = docs.files[number];
    if (file === undefined) continue;
    const id = rowIdOf(chunk);
    candidates.push({
      id,
      fileId: file.id,
      folder: at,
      path: file.path,
      language: file.language,
      body: scores.body[chunk] ?? 0,
      names: scores.names[chunk] ?? 0,
      signatures: scores.signatures[chunk] ?? 0,
      bodyOfFile: sumOfFile(scores.body, file),
      pathWords: scores.path[number] ?? 0,
      lead: scores.lead[number] ?? 0,
      comments: scores.comments[number] ?? 0,
      usage: scores.usage[number] ?? 0,
      coverage: scores.coverage[number] ?? 0,
      defines: defines.get(chunk) ?? 0,
      cosine: cosines.get(id),
      fileCosine: fileCosines.get(file.id),
    });
  }
  return candidates;
}

/** Prefixes of internal names: `_parse` next to `parse`. */
const internalMarks = ['_', '$', '__'];

/** Chunks by number that define a name of the query: 1 in the same case, .5 in another case or marked as internal. */
function definitions(
  catalog: Catalog,
  folder: FolderRow,
  query: Query,
  docs: FolderStatistics,
): Map<number, number> {
  const found = new Map<number, number>();
  for (const identifier of query.identifiers) {
    const names = query.symbol === undefined ? [] : internalMarks.map((mark) => mark + identifier);
    for (const { chunkId, fileId, name } of [identifier, ...names].flatMap((one) =>
      catalog.chunks.defining(folder.id, one),
    )) {
      const chunk = docs.chunkNumber(fileId, chunkId);
      if (chunk === undefined) continue;
      found.set(chunk, Math.max(found.get(chunk) ?? 0, name === identifier ? 1 : 0.5));
    }
  }
  return found;
}

/** Numbers of the chunks that terms propose, the best first, by the weights of the ranking itself. */
function proposedByTerms(
  scores: LexicalScores,
  defines: ReadonlyMap<number, number>,
  docs: FolderStatistics,
  accepted: Uint8Array,
  query: Query,
  { zeros }: ScoreLease,
): number[] {
  const w = questionWeights;
  const scale = (field: Field): number => w[field] / (greatest(scores[field]) || 1);
  const [body, names] = [scale('body'), scale('names')];
  const ofFile = zeros(docs.files.length);
  if (query.paths.length > 0) {
    for (const [number, { path }] of docs.files.entries())
      ofFile[number] = w.pathNamed * pathNamed(path, query.paths);
  }
  for (const field of ['path', 'lead', 'comments', 'usage'] as const)
    addScaled(ofFile, scores[field], scale(field));
  for (let number = 0; number < ofFile.length; number++)
    if (accepted[number] !== 1) ofFile[number] = -Infinity;
  const all = zeros(docs.fileOf.length);
  addScaled(all, scores.body, body);
  addScaled(all, scores.names, names);
  addOfFiles(all, ofFile, docs.fileOf);
  for (const [chunk, defined] of defines) all[chunk] = (all[chunk] ?? 0) + defined;
  return largest(all, lexicalCandidates, 0);
}

function addScaled(sums: Float64Array, values: Float64Array, scale: number): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] ?? 0) + scale * (values[at] ?? 0);
}

/** Adds to each chunk what its file has. */
function addOfFiles(sums: Float64Array, ofFile: Float64Array, fileOf: Int32Array): void {
  for (let chunk = 0; chunk < sums.length; chunk++)
    sums[chunk] = (sums[chunk] ?? 0) + (ofFile[fileOf[chunk] ?? 0] ?? 0);
}

function sumOfFile(chunks: Float64Array, { at, chunks: count }: FileDoc): number {
  let sum = 0;
  for (let chunk = at; chunk < at + count; chunk++) sum += chunks[chunk] ?? 0;
  return sum;
}

function greatest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The chunks whose vectors are nearest to the query, as the collection ranks them. */
async function nearestChunks(
  catalog: Catalog,
  { folder, prefix, vectors }: SearchTarget,
  { glob, languages }: SearchRequest,
): Promise<readonly VectorMatch[]> {
  const vector = await vectors?.query;
  if (vectors === undefined || vector === undefined) return [];
  await catalog.lexical.prepare(folder.id);
  // Chroma cannot filter by glob or prefix, so ask for more when they will remove some.
  const limit =
    glob === undefined && prefix === '' ? denseLimit(catalog.lexical.docs(folder.id)) : denseCandidates * 10;
  return vectors.nearest(vector, limit, languages && { languages });
}

/** Files that are looked at to know which share of the chunks is beside the code. */
const filesLookedAt = 500;

/** So many nearest chunks that about `denseCandidates` of them are code. */
const denseLimit = perStatistics(({ files }) => {
  let all = 0;
  let code = 0;
  for (const { path, chunks } of sampleOf(files, filesLookedAt)) {
    all += chunks;
    if (!isBesideCode(path)) code += chunks;
  }
  const wanted = Math.ceil((denseCandidates * all) / Math.max(1, code));
  return Math.min(mostDense, Math.max(denseCandidates, wanted));
});

/**
 * Numbers of the nearest chunks that are in accepted files, with their similarity, which is the cosine: until so many
 * are code, or what the query asks for. Chunks beside the code come only from the first.
 */
function denseChunks(
  catalog: Catalog,
  folder: FolderRow,
  nearest: readonly VectorMatch[],
  docs: FolderStatistics,
  accepted: Uint8Array,
  query: Query,
): Map<number, number> {
  const chunks = new Map<number, number>();
  let code = 0;
  const places = catalog.chunks.locate(
    folder.id,
    nearest.map(({ id }) => id),
  );
  for (const { id, similarity } of nearest) {
    if (code === denseCandidates) break;
    const place = places.get(id);
    const chunk = place && docs.chunkNumber(place.fileId, place.chunkId);
    if (chunk === undefined) continue;
    const file = docs.fileOf[chunk] ?? 0;
    if (accepted[file] !== 1) continue;
    if (!isBesideCode(docs.files[file]?.path ?? '', query)) code++;
    else if (chunks.size >= denseCandidates) continue;
    chunks.set(chunk, similarity);
  }
  return chunks;
}

/**
 * For each of the nearest files without a chosen chunk: its best chunk by terms, or its first. Not needed when the
 * collection has every chunk and proposes enough of them: its own choice is better.
 */
function chunksOfNearestFiles(
  cosines: ReadonlyMap<number, number>,
  chosen: readonly number[],
  docs: FolderStatistics,
  accepted: Uint8Array,
  body: Float64Array,
): number[] {
  const covered = new Set(chosen.map((chunk) => docs.fileOf[chunk] ?? 0));
  const nearness = new Float64Array(docs.files.length).fill(-Infinity);
  for (const [id, cosine] of cosines) {
    const number = docs.numberOf(id);
    if (number !== undefined && accepted[number] === 1) nearness[number] = cosine;
  }
  return largest(nearness, fileCandidates, -Infinity).flatMap((number) => {
    const file = docs.files[number];
    if (file === undefined || file.chunks === 0 || covered.has(number)) return [];
    let best = file.at;
    for (let chunk = file.at; chunk < file.at + file.chunks; chunk++)
      if ((body[chunk] ?? 0) > (body[best] ?? 0)) best = chunk;
    return [best];
  });
}
