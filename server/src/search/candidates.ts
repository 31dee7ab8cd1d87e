import type { Catalog, FolderRow } from '../store/catalog.js';
import type { FileDoc, FolderWords } from '../store/folderWords.js';
import { type LexicalScores, byLargest, dot, lexicalScores } from './features.js';
import type { Query } from './query.js';
import { type Candidate, pathNamed } from './ranking.js';
import type { SearchRequest, SearchTarget } from './searcher.js';
import type { VectorMatch } from '../store/vectorStore.js';
import { questionWeights } from './weights.js';

/** Chunks that words and vectors each propose; what neither proposes cannot be an answer. */
const lexicalCandidates = 150;
const denseCandidates = 50;
/** Files whose own vectors propose their best chunk, while not every chunk has one. */
const fileCandidates = 30;

export interface Found {
  readonly candidates: readonly Candidate[];
  readonly docs: FolderWords;
}

type Accept = ((file: FileDoc) => boolean) | undefined;

/** Everything that may answer a query, with what words and vectors say of it. */
export async function findCandidates(
  catalog: Catalog,
  target: SearchTarget,
  request: SearchRequest,
  query: Query,
  accept: Accept,
): Promise<Found> {
  const { folder, vectors } = target;
  const { mode } = request;
  // The collection is another process: it searches while words are looked up here.
  const nearest = mode === 'lexical' ? undefined : nearestChunks(target, request);
  nearest?.catch(() => undefined);
  if (nearest !== undefined) await sent();
  const docs = catalog.lexical.docs(folder.id);
  const accepted = docs.files.map((file) => accept === undefined || accept(file));
  const words = mode === 'semantic' ? [] : catalog.lexical.match(folder.id, query.tokens);
  const scores = lexicalScores(words, docs);
  const defines = mode === 'semantic' ? new Map<number, number>() : definitions(catalog, folder, query, docs);
  const lexical = lexicalOrder(scores, defines, docs, accepted, query);
  const chosen = new Set(lexical.slice(0, lexicalCandidates));

  const rowIdOf = (chunk: number): number => {
    const file = docs.files[docs.fileOf[chunk] ?? 0];
    return file === undefined ? -1 : file.firstChunk + chunk - file.at;
  };
  const fileCosines = new Map<number, number>();
  const own = new Map<number, Float32Array>();
  if (nearest !== undefined && vectors !== undefined) {
    for (const [id, cosine] of catalog.fileVectors.cosines(folder, vectors.query)) {
      const file = docs.numberOf(id);
      if (file !== undefined && accepted[file] === true) fileCosines.set(file, cosine);
    }
    const read = (chunks: Iterable<number>): void => {
      for (const [id, vector] of catalog.vectors.ofChunks(folder, Array.from(chunks, rowIdOf)))
        own.set(id, vector);
    };
    // While the collection is still searching.
    read(chosen);
    const proposed = denseChunks(catalog, folder, await nearest, docs, accepted);
    const more = [
      ...proposed,
      ...chunksOfNearestFiles(fileCosines, [...chosen, ...proposed], docs, scores.body),
    ];
    read(more.filter((chunk) => !chosen.has(chunk)));
    for (const chunk of more) chosen.add(chunk);
  }

  const bodyOfFile = new Float64Array(docs.files.length);
  for (let chunk = 0; chunk < scores.body.length; chunk++) {
    const file = docs.fileOf[chunk] ?? 0;
    bodyOfFile[file] = (bodyOfFile[file] ?? 0) + (scores.body[chunk] ?? 0);
  }
  const candidates: Candidate[] = [];
  for (const chunk of chosen) {
    const number = docs.fileOf[chunk] ?? 0;
    const file = docs.files[number];
    if (file === undefined) continue;
    const id = rowIdOf(chunk);
    const vector = own.get(id);
    candidates.push({
      id,
      path: file.path,
      language: file.language,
      body: scores.body[chunk] ?? 0,
      names: scores.names[chunk] ?? 0,
      signatures: scores.signatures[chunk] ?? 0,
      bodyOfFile: bodyOfFile[number] ?? 0,
      pathWords: scores.path[number] ?? 0,
      lead: scores.lead[number] ?? 0,
      comments: scores.comments[number] ?? 0,
      usage: scores.usage[number] ?? 0,
      coverage: scores.coverage[number] ?? 0,
      defines: defines.get(chunk) ?? 0,
      cosine: vector && vectors && dot(vector, vectors.query),
      fileCosine: fileCosines.get(number),
    });
  }
  return { candidates, docs };
}

/** How internals are marked beside what they serve: `_parse` beside `parse`. */
const internalMarks = ['_', '$', '__'];

/** Chunks by number that define a name of the query: 1 as it is written, .5 in another case or marked as internal. */
function definitions(
  catalog: Catalog,
  folder: FolderRow,
  query: Query,
  docs: FolderWords,
): Map<number, number> {
  const found = new Map<number, number>();
  for (const identifier of query.identifiers) {
    const names = query.symbol === undefined ? [] : internalMarks.map((mark) => mark + identifier);
    for (const { chunkId, fileId, name } of [identifier, ...names].flatMap((one) =>
      catalog.definitionsOf(folder.id, one),
    )) {
      const chunk = docs.chunkNumber(fileId, chunkId);
      if (chunk === undefined) continue;
      found.set(chunk, Math.max(found.get(chunk) ?? 0, name === identifier ? 1 : 0.5));
    }
  }
  return found;
}

/** Numbers of the chunks that words propose, the likeliest first, by the weights of the ranking itself. */
function lexicalOrder(
  scores: LexicalScores,
  defines: ReadonlyMap<number, number>,
  docs: FolderWords,
  accepted: readonly boolean[],
  query: Query,
): number[] {
  const w = questionWeights;
  const body = byLargest(scores.body);
  const names = byLargest(scores.names);
  const fields = (['path', 'lead', 'comments', 'usage'] as const).map((field) => ({
    weight: w[field],
    all: scores[field],
    share: byLargest(scores[field]),
  }));
  const ofFile = docs.files.map((file, number) => {
    const said = fields.reduce((sum, { weight, all, share }) => sum + weight * share(all[number] ?? 0), 0);
    return said + w.pathNamed * pathNamed(file.path, query.paths);
  });
  const all = new Float64Array(docs.fileOf.length);
  const found: number[] = [];
  for (let chunk = 0; chunk < docs.fileOf.length; chunk++) {
    const file = docs.fileOf[chunk] ?? 0;
    if (accepted[file] !== true) continue;
    const score =
      w.body * body(scores.body[chunk] ?? 0) +
      w.names * names(scores.names[chunk] ?? 0) +
      (defines.get(chunk) ?? 0) +
      (ofFile[file] ?? 0);
    all[chunk] = score;
    if (score > 0) found.push(chunk);
  }
  return found.sort((a, b) => (all[b] ?? 0) - (all[a] ?? 0) || a - b);
}

/** The chunks whose vectors are nearest to the query, as the collection says. */
async function nearestChunks(
  { prefix, vectors }: SearchTarget,
  { glob, languages }: SearchRequest,
): Promise<readonly VectorMatch[]> {
  if (vectors === undefined) return [];
  // Chroma does not know globs and prefixes: ask for more where they will take some away.
  const limit = glob === undefined && prefix === '' ? denseCandidates : denseCandidates * 10;
  return vectors.nearest(vectors.query, limit, languages && { languages });
}

/** A request leaves the process only when the event loop comes round. */
const sent = (): Promise<void> => new Promise((settle) => setImmediate(settle));

/** Their numbers, of those in accepted files. */
function denseChunks(
  catalog: Catalog,
  folder: FolderRow,
  nearest: readonly VectorMatch[],
  docs: FolderWords,
  accepted: readonly boolean[],
): number[] {
  const chunks: number[] = [];
  const places = catalog.placesOf(
    folder.id,
    nearest.map(({ id }) => id),
  );
  for (const { id } of nearest) {
    if (chunks.length === denseCandidates) break;
    const place = places.get(id);
    const chunk = place && docs.chunkNumber(place.fileId, place.chunkId);
    if (chunk !== undefined && accepted[docs.fileOf[chunk] ?? 0] === true) chunks.push(chunk);
  }
  return chunks;
}

/** The best chunk by words, else the first, of each of the nearest files that has no chunk among the chosen. */
function chunksOfNearestFiles(
  cosines: ReadonlyMap<number, number>,
  chosen: readonly number[],
  docs: FolderWords,
  body: Float64Array,
): number[] {
  const covered = new Set(chosen.map((chunk) => docs.fileOf[chunk] ?? 0));
  const nearest = [...cosines].sort(([, a], [, b]) => b - a).slice(0, fileCandidates);
  return nearest.flatMap(([number]) => {
    const file = docs.files[number];
    if (file === undefined || file.chunks === 0 || covered.has(number)) return [];
    let best = file.at;
    for (let chunk = file.at; chunk < file.at + file.chunks; chunk++)
      if ((body[chunk] ?? 0) > (body[best] ?? 0)) best = chunk;
    return [best];
  });
}
