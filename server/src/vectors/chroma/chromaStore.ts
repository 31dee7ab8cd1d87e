import type { Disposable } from '../../../../shared/src/disposable.js';
import type { Log } from '../../../../shared/src/log.js';
import { ChromaCollection, type CollectionHost } from './chromaCollection.js';
import {
  ChromaConnection,
  type ChromaConnectionOptions,
  type Collection,
  deleteCollection,
  getCollection,
  queryTimeoutMs,
} from './chromaConnection.js';
import { collectionMetadata, hnsw } from './chromaRecords.js';
import type { ChromaServer } from './chromaServer.js';
import { isOurs } from '../collectionName.js';
import { CollectionLostError } from '../vectorStore.js';
import type { CollectionSpec, VectorStore, VectorStoreStatus } from '../vectorStore.js';

/** More vectors than the server keeps outside its index, so that a lost index is noticed. */
const probeSize = 1200;
/** Most indexes that an idle server keeps loaded: a person works on a folder or two, agents on more. */
const restingIndexes = 3;
type Opened = Awaited<ReturnType<VectorStore['open']>>;

/** The vector store in Chroma. It is a projection of the catalog, and may be emptied at any time. */
export class ChromaStore implements VectorStore {
  readonly #server: ChromaServer;
  readonly #connection: ChromaConnection;
  readonly #log: Log;
  readonly #opening = new Map<string, { readonly generation: string; readonly done: Promise<Opened> }>();
  /** Collections whose index the running server has loaded, the last used one last. */
  readonly #loaded = new Map<string, ChromaCollection>();
  readonly #host: CollectionHost = {
    call: (...args) => this.#connection.call(...args),
    noteUse: (collection) => this.#noteUse(collection),
  };
  #usedAt = 0;

  constructor(server: ChromaServer, options: ChromaConnectionOptions) {
    this.#server = server;
    this.#log = options.log;
    this.#connection = new ChromaConnection(server, options, () => this.#loaded.clear());
  }

  status(): VectorStoreStatus {
    return this.#server.status();
  }

  onDidChangeStatus(listener: (status: VectorStoreStatus) => void): Disposable {
    return this.#server.onDidChangeStatus(listener);
  }

  async open(spec: CollectionSpec): Promise<Opened> {
    for (;;) {
      const running = this.#opening.get(spec.name);
      if (running === undefined) break;
      if (running.generation === spec.generation) return running.done;
      await running.done.catch(() => undefined);
    }
    const done = this.#open(spec).finally(() => this.#opening.delete(spec.name));
    this.#opening.set(spec.name, { generation: spec.generation, done });
    return done;
  }

  async drop(name: string): Promise<void> {
    this.#loaded.delete(name);
    await this.#connection.call(name, (client) => deleteCollection(client, name));
  }

  /**
   * Deletes collections of our own server that nobody knows: their folder was removed, or got another model, while the
   * server was away. `isKnown` is asked after the server: a folder is known before it has a collection. Returns how many.
   */
  async dropUnknown(isKnown: (name: string) => boolean): Promise<number> {
    if (!this.#server.own || this.#server.status().kind !== 'running') return 0;
    const all = await this.#connection.call('(none)', (client) => client.listCollections({ limit: 1000 }));
    const unknown = all.map(({ name }) => name).filter((name) => isOurs(name) && !isKnown(name));
    for (const name of unknown) {
      this.#log.write('info', 'chroma.drop', { collection: name, reason: 'its folder is gone' });
      await this.drop(name);
    }
    return unknown.length;
  }

  /** Resolves when Chroma can be used, and rejects with the reason when it cannot. Starts a server of our own. */
  async ping(): Promise<void> {
    await this.#connection.call('(none)', (client) => client.heartbeat(), queryTimeoutMs);
  }

  async dispose(): Promise<void> {
    await this.#server.dispose();
  }

  #noteUse(collection: ChromaCollection): void {
    const { name } = collection.spec;
    this.#usedAt = performance.now();
    this.#loaded.delete(name);
    this.#loaded.set(name, collection);
  }

  /**
   * Restarts a server that has had no query for `idleMs`, with only the last used indexes: a server keeps every index
   * that it has loaded, 10 to 20 MB each and more for large ones. Returns whether it was restarted.
   */
  async releaseIndexes(idleMs: number): Promise<boolean> {
    const kept = [...this.#loaded.values()].slice(-restingIndexes);
    const idle = performance.now() - this.#usedAt >= idleMs;
    if (!idle || kept.length === this.#loaded.size) return false;
    if (!this.#server.own || this.#server.status().kind !== 'running') return false;
    await this.#server.restart(`at rest with ${this.#loaded.size} indexes`);
    for (const collection of kept) await collection.load();
    return true;
  }

  async #open(spec: CollectionSpec): Promise<Opened> {
    let existing = await this.#connection.call(spec.name, (client) => getCollection(client, spec.name));
    if (existing !== undefined && !this.#fits(existing, spec)) {
      this.#log.write('info', 'chroma.drop', {
        collection: spec.name,
        reason: 'made for something else',
      });
      existing = undefined;
    } else if (existing !== undefined && !(await this.#answers(existing, spec))) {
      this.#log.write('error', 'chroma.drop', { collection: spec.name, reason: 'damaged' });
      existing = undefined;
    }
    if (existing !== undefined) {
      const collection = new ChromaCollection(this.#host, spec, existing.id);
      this.#noteUse(collection);
      return { collection, created: false };
    }
    const id = await this.#connection.call(spec.name, async (client) => {
      await deleteCollection(client, spec.name);
      const made = await client.getOrCreateCollection({
        name: spec.name,
        embeddingFunction: null,
        configuration: { hnsw: { ...hnsw } },
        metadata: collectionMetadata(spec),
      });
      return made.id;
    });
    this.#connection.clearSuspect(spec.name);
    this.#log.write('info', 'chroma.create', { collection: spec.name });
    return { collection: new ChromaCollection(this.#host, spec, id), created: true };
  }

  #fits(existing: Collection, spec: CollectionSpec): boolean {
    if (this.#connection.isSuspect(spec.name)) return false;
    return Object.entries(collectionMetadata(spec)).every(
      ([key, value]) => existing.metadata?.[key] === value,
    );
  }

  /** Whether a query finds as many vectors as are counted. A lost or truncated index gives fewer, or ends the server. */
  async #answers(existing: Collection, spec: CollectionSpec): Promise<boolean> {
    try {
      const { count, found } = await this.#connection.call(spec.name, async (client) => {
        const handle = client.collection(existing.id);
        const count = await handle.count();
        if (count === 0) return { count, found: 0 };
        const probe = new Array<number>(spec.dimensions).fill(1 / Math.sqrt(spec.dimensions));
        const nResults = Math.min(count, probeSize);
        const result = await handle.query({ queryEmbeddings: [probe], nResults, include: [] });
        return { count, found: result.ids[0]?.length ?? 0 };
      });
      return found >= Math.min(count, probeSize) * 0.9;
    } catch (error) {
      if (error instanceof CollectionLostError || this.#connection.isSuspect(spec.name)) return false;
      throw error;
    }
  }
}
