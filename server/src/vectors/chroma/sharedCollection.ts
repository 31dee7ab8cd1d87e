import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { NewVector } from '../../catalog/catalog.js';
import { fromInt8, toInt8 } from '../../catalog/int8.js';
import { CollectionLostError, WrongVectorsError } from '../vectorStore.js';
import { type ChromaClient, type ChromaConnection, getCollection } from './chromaConnection.js';

export interface SharedCollectionSpec {
  /** Key of the model: its name, revision and dtype. */
  readonly model: string;
  readonly dimensions: number;
}

/** Raised when records of another kind are kept. */
const format = 'vectors-1';

/**
 * Vectors by content in a collection of a Chroma server that others write to as well. Nobody searches it: a vector is kept
 * as metadata with a byte per component, and what Chroma indexes are four numbers of the digest. For 10,000 vectors that is
 * 6 MB to read instead of 47, and less than half of the work for the server.
 */
export class SharedCollection {
  readonly #connection: ChromaConnection;
  readonly #spec: SharedCollectionSpec;
  readonly #name: string;
  #id: string | undefined;

  constructor(connection: ChromaConnection, spec: SharedCollectionSpec) {
    this.#connection = connection;
    this.#spec = spec;
    const digest = createHash('sha256').update(spec.model).digest('hex').slice(0, 16);
    this.#name = `lantern-shared-${digest}`;
  }

  /** See `SharedVectorSource`. At most a few hundred digests. */
  async get(digests: readonly Uint8Array[]): Promise<NewVector[]> {
    const wanted = new Map(digests.map((digest) => [idOf(digest), digest]));
    const found = await this.#call(async (client) => {
      const id = this.#id ?? (await this.#find(client));
      if (id === undefined) return undefined;
      return client.collection(id).get({ ids: [...wanted.keys()], include: ['metadatas'] });
    });
    if (found === undefined) return [];
    const vectors: NewVector[] = [];
    for (const [i, id] of found.ids.entries()) {
      const digest = wanted.get(id);
      if (digest === undefined) throw new WrongVectorsError('it answers what was not asked for');
      wanted.delete(id);
      vectors.push({ digest, vector: this.#vectorOf(found.metadatas[i]?.['vector']) });
    }
    return vectors;
  }

  /** Vectors that are there already are written again. */
  async put(vectors: readonly NewVector[]): Promise<void> {
    const unique = [...new Map(vectors.map((one) => [idOf(one.digest), one]))];
    await this.#call(async (client) => {
      const id = this.#id ?? (await this.#find(client)) ?? (await this.#create(client));
      await client.collection(id).upsert({
        ids: unique.map(([key]) => key),
        embeddings: unique.map(([, { digest }]) => placeOf(digest)),
        metadatas: unique.map(([, { vector }]) => ({
          vector: Buffer.from(toInt8(vector)).toString('base64'),
        })),
      });
    });
  }

  /** Once more when the collection was deleted meanwhile. */
  async #call<T>(work: (client: ChromaClient) => Promise<T>): Promise<T> {
    const known = this.#id;
    try {
      return await this.#connection.call(this.#name, work);
    } catch (error) {
      if (!(error instanceof CollectionLostError) || known === undefined) throw error;
      this.#id = undefined;
      return this.#connection.call(this.#name, work);
    }
  }

  async #find(client: ChromaClient): Promise<string | undefined> {
    const found = await getCollection(client, this.#name);
    if (found === undefined) return undefined;
    const { model, dimensions } = this.#spec;
    const is = found.metadata ?? {};
    if (is['format'] !== format || is['model'] !== model || is['dimensions'] !== dimensions)
      throw new WrongVectorsError(`its collection ${this.#name} was made for something else`);
    return (this.#id = found.id);
  }

  async #create(client: ChromaClient): Promise<string> {
    const made = await client.getOrCreateCollection({
      name: this.#name,
      embeddingFunction: null,
      metadata: { format, ...this.#spec },
    });
    return (this.#id = made.id);
  }

  #vectorOf(text: unknown): Float32Array {
    const bytes = typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : new Uint8Array();
    const vector = fromInt8(bytes);
    if (vector.length !== this.#spec.dimensions || vector.every((value) => value === 0))
      throw new WrongVectorsError('it has what is no vector of this model');
    return vector;
  }
}

const idOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

/** Four numbers between -1 and 1, so that the index that Chroma makes is small and even. */
function placeOf(digest: Uint8Array): number[] {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return [0, 4, 8, 12].map((at) => view.getInt32(at) / 2 ** 31);
}
