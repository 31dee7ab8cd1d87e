import { checkVector, languageFilter } from './chromaRecords.js';
import { type ChromaClient, type Collection, queryTimeoutMs } from './chromaConnection.js';
import type {
  CollectionSpec,
  VectorCollection,
  VectorFilter,
  VectorMatch,
  VectorRecord,
} from '../vectorStore.js';

/** Ids per request. */
const pageSize = 2000;

/** What a collection needs of its store. */
export interface CollectionHost {
  /** Runs `work` against the server; see `ChromaConnection.call`. */
  call<T>(
    collection: string,
    work: (client: ChromaClient, batchSize: number) => Promise<T>,
    timeoutMs?: number,
  ): Promise<T>;
  /** Called before each request that makes the server load the collection's index. */
  noteUse(collection: ChromaCollection): void;
}

/** One collection of a Chroma server, by its id. */
export class ChromaCollection implements VectorCollection {
  readonly spec: CollectionSpec;
  readonly #host: CollectionHost;
  readonly #id: string;

  constructor(host: CollectionHost, spec: CollectionSpec, id: string) {
    this.#host = host;
    this.spec = spec;
    this.#id = id;
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    for (const record of records) checkVector(record.vector, this.spec);
    // Of records with the same id the last one counts. The client refuses a batch with an id twice.
    const unique = [...new Map(records.map((record) => [record.id, record])).values()];
    await this.#inBatches(unique, async (collection, batch) => {
      this.#host.noteUse(this);
      // Records with documents are sent apart from those without: a request has documents for all or for none.
      for (const part of [
        batch.filter((r) => r.document === undefined),
        batch.filter((r) => r.document !== undefined),
      ]) {
        if (part.length === 0) continue;
        const documents = part.flatMap(({ document }) => document ?? []);
        await collection.upsert({
          ids: part.map(({ id }) => id),
          embeddings: part.map(({ vector }) => Array.from(vector)),
          metadatas: part.map(({ path, startLine, endLine, language }) => ({
            path,
            startLine,
            endLine,
            language,
          })),
          ...(documents.length === 0 ? {} : { documents }),
        });
      }
    });
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#inBatches([...new Set(ids)], async (collection, batch) => {
      await collection.delete({ ids: [...batch] });
    });
  }

  async query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]> {
    checkVector(vector, this.spec);
    if (limit < 1) return [];
    const where = languageFilter(filter);
    const result = await this.#run((collection) => {
      this.#host.noteUse(this);
      return collection.query({
        queryEmbeddings: [Array.from(vector)],
        nResults: Math.floor(limit),
        include: ['distances'],
        ...(where === undefined ? {} : { where }),
      });
    }, queryTimeoutMs);
    return matchesOf(result.ids[0], result.distances[0]).slice(0, Math.floor(limit));
  }

  /** Makes the server load the index, so that the next query does not wait for it. */
  async load(): Promise<void> {
    const { dimensions } = this.spec;
    await this.query(new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions)), 1);
  }

  count(): Promise<number> {
    return this.#run((collection) => collection.count());
  }

  async ids(): Promise<Set<string>> {
    const found = new Set<string>();
    for (let offset = 0; ; offset += pageSize) {
      const page = await this.#run((collection) => collection.get({ include: [], limit: pageSize, offset }));
      for (const id of page.ids) found.add(id);
      if (page.ids.length < pageSize) return found;
    }
  }

  #run<T>(work: (collection: Collection, batchSize: number) => Promise<T>, timeoutMs?: number): Promise<T> {
    return this.#host.call(
      this.spec.name,
      (client, batchSize) => work(client.collection(this.#id), batchSize),
      timeoutMs,
    );
  }

  async #inBatches<T>(
    items: readonly T[],
    work: (collection: Collection, batch: readonly T[]) => Promise<void>,
  ): Promise<void> {
    for (let done = 0; done < items.length;) {
      done = await this.#run(async (collection, batchSize) => {
        await work(collection, items.slice(done, done + batchSize));
        return done + batchSize;
      });
    }
  }
}

/**
 * The matches of an answer. The server may be another's: what is no id with a cosine distance, or comes twice, is left out,
 * because a similarity that is no number would spoil the score of every hit.
 */
function matchesOf(ids: unknown, distances: unknown): VectorMatch[] {
  if (!Array.isArray(ids) || !Array.isArray(distances)) return [];
  const found = new Map<string, VectorMatch>();
  for (const [i, id] of (ids as readonly unknown[]).entries()) {
    const distance: unknown = distances[i];
    if (typeof id !== 'string' || typeof distance !== 'number' || !(distance > -0.01 && distance < 2.01))
      continue;
    if (!found.has(id)) found.set(id, { id, similarity: 1 - distance });
  }
  return [...found.values()];
}
