import { AdminClient, ChromaClient, ChromaNotFoundError, ChromaUniqueError } from 'chromadb';
import type { Collection } from 'chromadb';
import type { Disposable } from '../../../../shared/src/disposable.js';
import { LanternError } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { accessError, classify } from './chromaErrors.js';
import type { Failure } from './chromaErrors.js';
import { checkVector, collectionMetadata, hnsw, languageFilter } from './chromaRecords.js';
import type { ChromaServer } from './chromaServer.js';
import { CollectionLostError } from '../vectorStore.js';
import type {
  CollectionSpec,
  VectorCollection,
  VectorFilter,
  VectorMatch,
  VectorRecord,
  VectorStore,
  VectorStoreStatus,
} from '../vectorStore.js';

export interface ChromaStoreOptions {
  readonly tenant: string;
  readonly database: string;
  /** Sent as `x-chroma-token`; empty sends none. */
  readonly apiKey: string;
  readonly log: Log;
  /** A call that takes longer is given up, and a server of ours is restarted. */
  readonly callTimeoutMs?: number;
}

/** Records per request: small enough that packing one does not hold up the daemon, whatever the server would take. */
const batchSize = 250;
const pageSize = 2000;
/** More vectors than the server keeps outside its index, so that a lost index shows. */
const probeSize = 1200;
const dataCheckMs = 1000;
/** So many indexes a server may hold while nobody asks it: a person works on a folder or two, agents on more. */
const restingIndexes = 3;
/** Somebody waits for these, and the exact scan can answer instead. */
const queryTimeoutMs = 15_000;

interface Connection {
  readonly client: ChromaClient;
  readonly batchSize: number;
}

type Opened = Awaited<ReturnType<VectorStore['open']>>;

/** Vectors in Chroma, which serves as a projection of the catalog: it may be emptied at any time. */
export class ChromaStore implements VectorStore {
  readonly #server: ChromaServer;
  readonly #options: Required<ChromaStoreOptions>;
  readonly #opening = new Map<string, { readonly generation: string; readonly done: Promise<Opened> }>();
  /** Collections that failed in a way that opening them again may not show. */
  readonly #suspects = new Set<string>();
  /** Collections whose index the present server has loaded, the last used one last. */
  readonly #loaded = new Map<string, ChromaCollection>();
  #usedAt = 0;
  #connection: { readonly url: string; readonly ready: Promise<Connection> } | undefined;
  #dataCheckedAt = 0;

  constructor(server: ChromaServer, options: ChromaStoreOptions) {
    this.#server = server;
    this.#options = { callTimeoutMs: 60_000, ...options };
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
    await this.call(name, (client) => deleteCollection(client, name));
  }

  /** Whether Chroma can be used now; starts it where that is ours to do, and rejects with the reason when it cannot. */
  async ping(): Promise<void> {
    await this.call('(none)', (client) => client.heartbeat(), queryTimeoutMs);
  }

  async dispose(): Promise<void> {
    await this.#server.dispose();
  }

  /** Called when a collection does what has the server load its index, on the connection that it does it on. */
  noteUse(collection: ChromaCollection): void {
    const { name } = collection.spec;
    this.#usedAt = performance.now();
    this.#loaded.delete(name);
    this.#loaded.set(name, collection);
  }

  /**
   * A server keeps every index that it has loaded, 10 to 20 MB each and more for large ones. One that has not been
   * asked for `idleMs` is started anew with the last used ones alone. Says whether it was.
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

  /**
   * Runs `work` against the server, whichever process that is by now; once more after a server that went away has come
   * back, so `work` must be safe to repeat.
   */
  async call<T>(
    collection: string,
    work: (client: ChromaClient, batchSize: number) => Promise<T>,
    timeoutMs = this.#options.callTimeoutMs,
  ): Promise<T> {
    let failure: Failure | undefined;
    let url = '';
    for (let attempt = 0; attempt < 2; attempt++) {
      url = await this.#address();
      try {
        const { client, batchSize } = await this.#connect(url);
        return await this.#withinTime(work(client, batchSize), timeoutMs);
      } catch (error) {
        if (error instanceof LanternError) throw error;
        failure = classify(error);
        this.#options.log.write('warn', 'chroma.call-failed', {
          collection,
          kind: failure.kind,
          reason: failure.reason,
        });
        await this.#mend(failure, url, collection);
      }
    }
    const cause = failure?.error;
    if (!this.#server.own) throw accessError(cause, url);
    // Twice in a row: it may be this collection that brings the server down.
    if (failure?.kind !== 'hung') this.#suspects.add(collection);
    if (failure?.kind === 'index-damaged')
      throw new CollectionLostError(collection, failure.reason, { cause });
    const message = `Chroma does not answer (${failure?.reason ?? ''}). It is started again at the next use; its log says more.`;
    throw new LanternError('store-failed', message, { cause });
  }

  /** Brings about a state in which trying again makes sense, or throws what the caller should see. */
  async #mend(failure: Failure, url: string, collection: string): Promise<void> {
    const { kind, reason, error } = failure;
    switch (kind) {
      case 'unreachable':
      case 'hung':
        await this.#server.report({ kind, url });
        return;
      case 'index-damaged':
        return;
      case 'not-found':
        throw new CollectionLostError(collection, 'the server does not have it', { cause: error });
      case 'database-damaged':
        if (!this.#server.own) break;
        await this.#server.report({ kind: 'damaged', url, reason });
        throw new CollectionLostError(collection, 'the database was damaged', { cause: error });
      case 'read-only':
      case 'other':
        // Which words it finds for a database that was deleted under it depends on where it notices.
        if (await this.#server.checkData()) {
          throw new CollectionLostError(collection, 'its files were deleted', { cause: error });
        }
        break;
      case 'disk-full':
        throw new LanternError('disk-full', 'Chroma could not write: the disk is full. Free some space.', {
          cause: error,
        });
      case 'no-access':
        throw accessError(error, url);
    }
    throw new LanternError('store-failed', `Chroma refused the request for ${collection}: ${reason}`, {
      cause: error,
    });
  }

  async #open(spec: CollectionSpec): Promise<Opened> {
    let existing = await this.call(spec.name, (client) => getCollection(client, spec.name));
    if (existing !== undefined && !this.#fits(existing, spec)) {
      this.#options.log.write('info', 'chroma.drop', {
        collection: spec.name,
        reason: 'made for something else',
      });
      existing = undefined;
    } else if (existing !== undefined && !(await this.#answers(existing, spec))) {
      this.#options.log.write('error', 'chroma.drop', { collection: spec.name, reason: 'damaged' });
      existing = undefined;
    }
    if (existing !== undefined) {
      const collection = new ChromaCollection(this, spec, existing.id);
      this.noteUse(collection);
      return { collection, created: false };
    }
    const id = await this.call(spec.name, async (client) => {
      await deleteCollection(client, spec.name);
      const made = await client.getOrCreateCollection({
        name: spec.name,
        embeddingFunction: null,
        configuration: { hnsw: { ...hnsw } },
        metadata: collectionMetadata(spec),
      });
      return made.id;
    });
    this.#suspects.delete(spec.name);
    this.#options.log.write('info', 'chroma.create', { collection: spec.name });
    return { collection: new ChromaCollection(this, spec, id), created: true };
  }

  #fits(existing: Collection, spec: CollectionSpec): boolean {
    if (this.#suspects.has(spec.name)) return false;
    return Object.entries(collectionMetadata(spec)).every(
      ([key, value]) => existing.metadata?.[key] === value,
    );
  }

  /** A lost or cut index leaves the count right and the answers short, or brings the server down as it is loaded. */
  async #answers(existing: Collection, spec: CollectionSpec): Promise<boolean> {
    try {
      const { count, found } = await this.call(spec.name, async (client) => {
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
      if (error instanceof CollectionLostError || this.#suspects.has(spec.name)) return false;
      throw error;
    }
  }

  async #address(): Promise<string> {
    const { url } = await this.#server.ready();
    const now = Date.now();
    if (now - this.#dataCheckedAt < dataCheckMs) return url;
    this.#dataCheckedAt = now;
    return (await this.#server.checkData()) ? (await this.#server.ready()).url : url;
  }

  #connect(url: string): Promise<Connection> {
    if (this.#connection?.url !== url) {
      this.#loaded.clear();
      const ready = this.#withinTime(this.#prepare(url), queryTimeoutMs).catch((error: unknown) => {
        // A failed start is forgotten, so that the next call tries anew.
        if (this.#connection?.ready === ready) this.#connection = undefined;
        throw error;
      });
      this.#connection = { url, ready };
    }
    return this.#connection.ready;
  }

  async #prepare(url: string): Promise<Connection> {
    const { tenant, database, apiKey } = this.#options;
    const { protocol, hostname, port } = new URL(url);
    const ssl = protocol === 'https:';
    const address = {
      host: hostname,
      port: port === '' ? (ssl ? 443 : 80) : Number(port),
      ssl,
      headers: apiKey === '' ? {} : { 'x-chroma-token': apiKey },
    };
    const client = new ChromaClient({ ...address, tenant, database });
    const checks = await client.getPreflightChecks().catch((error: unknown) => {
      throw error instanceof ChromaNotFoundError ? accessError(error, url) : error;
    });
    await ensureDatabase(new AdminClient(address), tenant, database);
    const most = checks.max_batch_size;
    return { client, batchSize: most > 0 ? Math.min(batchSize, most) : batchSize };
  }

  async #withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CallTimeoutError(`no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

class CallTimeoutError extends Error {
  override readonly name = 'CallTimeoutError';
}

class ChromaCollection implements VectorCollection {
  readonly spec: CollectionSpec;
  readonly #store: ChromaStore;
  readonly #id: string;

  constructor(store: ChromaStore, spec: CollectionSpec, id: string) {
    this.#store = store;
    this.spec = spec;
    this.#id = id;
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    for (const record of records) checkVector(record.vector, this.spec);
    // The last one of an id counts; the client refuses a batch that holds an id twice.
    const unique = [...new Map(records.map((record) => [record.id, record])).values()];
    await this.#inBatches(unique, async (collection, batch) => {
      this.#store.noteUse(this);
      // With documents and without go separately, since a request has all or none.
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
      this.#store.noteUse(this);
      return collection.query({
        queryEmbeddings: [Array.from(vector)],
        nResults: Math.floor(limit),
        include: ['distances'],
        ...(where === undefined ? {} : { where }),
      });
    }, queryTimeoutMs);
    const distances = result.distances[0] ?? [];
    return (result.ids[0] ?? []).map((id, i) => ({ id, similarity: 1 - (distances[i] ?? 1) }));
  }

  /** Has the server load the index, so that the next query need not wait for that. */
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
    return this.#store.call(
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

async function getCollection(client: ChromaClient, name: string): Promise<Collection | undefined> {
  try {
    return await client.getCollection({ name });
  } catch (error) {
    if (error instanceof ChromaNotFoundError) return undefined;
    throw error;
  }
}

async function deleteCollection(client: ChromaClient, name: string): Promise<void> {
  try {
    await client.deleteCollection({ name });
  } catch (error) {
    if (!(error instanceof ChromaNotFoundError)) throw error;
  }
}

/** Makes tenant and database where they are missing and that is allowed. */
async function ensureDatabase(admin: AdminClient, tenant: string, database: string): Promise<void> {
  await unlessThere(
    () => admin.getTenant({ name: tenant }),
    () => admin.createTenant({ name: tenant }),
  );
  await unlessThere(
    () => admin.getDatabase({ tenant, name: database }),
    () => admin.createDatabase({ tenant, name: database }),
  );
}

async function unlessThere(find: () => Promise<unknown>, create: () => Promise<void>): Promise<void> {
  try {
    await find();
  } catch (error) {
    if (!(error instanceof ChromaNotFoundError)) throw error;
    await create().catch((failure: unknown) => {
      if (!(failure instanceof ChromaUniqueError)) throw failure;
    });
  }
}
