import { join } from 'node:path';
import picomatch from 'picomatch';
import type { SearchHit, SearchMode } from '../../../shared/src/protocol.js';
import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { Catalog, ChunkRow, FolderRow } from '../store/catalog.js';
import type { VectorCollection } from '../store/vectorStore.js';
import { type Query, parseQuery } from './query.js';
import { type Candidate, type Ranked, rank } from './ranking.js';

/** Reads the text of chunks from the working tree; undefined when the file no longer holds it. */
export interface ChunkTexts {
  of(chunk: ChunkRow): Promise<string | undefined>;
}

/** Asks the folder's collection, as `VectorCollection.query` does. */
export type Nearest = VectorCollection['query'];

/** One indexed folder as a search sees it. */
export interface SearchTarget {
  readonly folder: FolderRow;
  /** Only what lies below this path counts, which ends with `/`; empty for the whole folder. */
  readonly prefix: string;
  readonly texts: ChunkTexts;
  /** Undefined while vectors cannot take part. */
  readonly vectors: { readonly nearest: Nearest; readonly query: Float32Array } | undefined;
}

export interface SearchRequest {
  readonly query: string;
  readonly limit: number;
  readonly mode: SearchMode;
  readonly languages?: readonly string[];
  readonly glob?: string;
}

/** Chunks that words and vectors each propose; what neither proposes cannot be an answer. */
const lexicalCandidates = 300;
const denseCandidates = 100;

/** Answers queries from the catalog and a collection. It holds no state of its own. */
export class Searcher {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async search(target: SearchTarget, request: SearchRequest, signal?: AbortSignal): Promise<SearchHit[]> {
    const query = parseQuery(request.query);
    const accept = this.#filter(target, request);
    const candidates = await this.#candidates(target, request, query, accept);
    throwIfCancelled(signal, 'Search');

    return this.#hits(target, rank(candidates, query), request.limit, signal);
  }

  /** Chunks near to `chunk` by its own vector, which is `target`'s query; its own file is left out unless asked for. */
  async related(
    target: SearchTarget,
    chunk: ChunkRow,
    limit: number,
    includeOwnFile: boolean,
    signal?: AbortSignal,
  ): Promise<SearchHit[]> {
    const nearest = (await target.vectors?.nearest(target.vectors.query, limit * 5 + 20)) ?? [];
    const ranked: Ranked[] = [];
    for (const { id, similarity } of nearest) {
      const near = this.#catalog.chunkByKey(target.folder.id, id);
      if (near === undefined || near.key === chunk.key || !near.path.startsWith(target.prefix)) continue;
      if (near.path === chunk.path && !includeOwnFile) continue;
      ranked.push({ chunk: near, score: similarity });
    }
    return this.#hits(target, ranked, limit, signal);
  }

  /** Turns the best chunks into hits, each with its text as it stands on disk; what is no longer there is passed over. */
  async #hits(
    target: SearchTarget,
    ranked: readonly Ranked[],
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<SearchHit[]> {
    const { folder, prefix, texts } = target;
    const hits: SearchHit[] = [];
    for (const { chunk, score } of ranked) {
      if (hits.length === limit) break;
      throwIfCancelled(signal, 'Search');
      const text = await texts.of(chunk);
      if (text === undefined) continue;
      hits.push({
        folder: prefix === '' ? folder.path : join(folder.path, prefix.slice(0, -1)),
        path: chunk.path.slice(prefix.length),
        startLine: chunk.startLine,
        endLine: chunk.endLine,
        symbol: chunk.symbol,
        language: chunk.language,
        score: Math.round(score * 10_000) / 10_000,
        text,
      });
    }
    return hits;
  }

  #filter(target: SearchTarget, { languages, glob }: SearchRequest): (chunk: ChunkRow) => boolean {
    const matches =
      glob === undefined ? undefined : picomatch(glob, { dot: true, basename: !glob.includes('/') });
    return ({ path, language }) =>
      path.startsWith(target.prefix) &&
      (languages === undefined || languages.includes(language)) &&
      (matches === undefined || matches(path.slice(target.prefix.length)));
  }

  async #candidates(
    target: SearchTarget,
    { mode, languages, glob }: SearchRequest,
    query: Query,
    accept: (chunk: ChunkRow) => boolean,
  ): Promise<Candidate[]> {
    const { folder, vectors } = target;
    const found = new Map<number, { chunk: ChunkRow; words: number; defines: number }>();
    const add = (chunk: ChunkRow | undefined): { words: number; defines: number } | undefined => {
      if (chunk === undefined || !accept(chunk)) return undefined;
      const known = found.get(chunk.id) ?? { chunk, words: 0, defines: 0 };
      found.set(chunk.id, known);
      return known;
    };

    if (mode !== 'semantic') {
      const matches = this.#catalog.lexical.search(folder.id, query.tokens, lexicalCandidates, (id) => {
        return add(this.#catalog.chunk(id)) !== undefined;
      });
      for (const { chunkId, score } of matches) {
        const known = found.get(chunkId);
        if (known !== undefined) known.words = score;
      }
      for (const identifier of query.identifiers) {
        for (const { chunkId, name } of this.#catalog.definitionsOf(folder.id, identifier)) {
          const known = add(this.#catalog.chunk(chunkId));
          if (known !== undefined) known.defines = Math.max(known.defines, name === identifier ? 1 : 0.5);
        }
      }
    }
    if (mode !== 'lexical' && vectors !== undefined) {
      // Chroma does not know globs and prefixes: ask for more where they will take some away.
      const limit = glob === undefined && target.prefix === '' ? denseCandidates : denseCandidates * 10;
      const nearest = await vectors.nearest(vectors.query, limit, languages && { languages });
      let taken = 0;
      for (const { id } of nearest) {
        if (taken === denseCandidates) break;
        if (add(this.#catalog.chunkByKey(folder.id, id)) !== undefined) taken++;
      }
    }
    return [...found.values()].map((known) => ({ ...known, cosine: this.#cosine(target, known.chunk) }));
  }

  /** Exact, from the catalog's own vector: what the collection holds decides only who is a candidate. */
  #cosine({ folder, vectors }: SearchTarget, chunk: ChunkRow): number | undefined {
    if (vectors === undefined) return undefined;
    const vector = this.#catalog.vectors.get(folder, chunk.vectorDigest);
    if (vector === undefined) return undefined;
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) * (vectors.query[i] ?? 0);
    return sum;
  }
}
