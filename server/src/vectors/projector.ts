import { randomUUID } from 'node:crypto';
import { LanternError, errorMessage, throwIfCancelled } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { Catalog, ChunkRow, FolderRow, OutboxDelete } from '../catalog/catalog.js';
import { CollectionLostError } from './vectorStore.js';
import type { VectorCollection, VectorRecord, VectorStore } from './vectorStore.js';

/** What a projector writes to the catalog. */
export interface CollectionWriter {
  renewCollection(folderId: number, generation: string): Promise<void>;
  confirm(folderId: number, rows: readonly OutboxDelete[]): Promise<void>;
}

export interface ProjectorDependencies {
  readonly folder: FolderRow;
  readonly dimensions: number;
  readonly catalog: Catalog;
  readonly writer: CollectionWriter;
  readonly store: VectorStore;
  /** The text of a chunk, when the collection stores it too. */
  readonly document: ((chunk: ChunkRow) => Promise<string | undefined>) | undefined;
  readonly log: Log;
}

/** Chunks per call of the vector store. The next ones are embedded meanwhile. */
const page = 256;

/**
 * Makes one collection equal to the catalog, through the outbox: deletes first, then chunks that have a vector. A row
 * is removed when the store has confirmed it, so after a crash it is enough to do the rest again.
 */
export class Projector {
  readonly #deps: ProjectorDependencies;
  #folder: FolderRow;
  #collection: VectorCollection | undefined;
  #opening: Promise<VectorCollection> | undefined;
  /** Whether a collection that had been filled was found empty, since `takeRebuilt` was last called. */
  #rebuilt = false;
  /** The store accepts no changes in this run. The outbox keeps them for the next. */
  #postponed = false;

  constructor(deps: ProjectorDependencies) {
    this.#deps = deps;
    this.#folder = deps.folder;
  }

  get folder(): FolderRow {
    return this.#folder;
  }

  /** Opens the collection and sends the deletes. */
  async begin(): Promise<void> {
    this.#postponed = false;
    await this.#open();
  }

  /** Whether a filled collection had to be rebuilt since the last call. */
  takeRebuilt(): boolean {
    const rebuilt = this.#rebuilt;
    this.#rebuilt = false;
    return rebuilt;
  }

  /** Closes the collection. The next use opens it again, as after the store was unreachable. */
  detach(): void {
    this.#collection = undefined;
  }

  /** The catalog says that the collection begins anew. */
  renewed(): void {
    this.#folder = this.#deps.catalog.folder(this.#folder.path) ?? this.#folder;
    this.#collection = undefined;
  }

  /**
   * Runs `use` on the open collection. A lost one is created again, and all its chunks are posted to the outbox, to
   * be sent without the model.
   */
  async withCollection<T>(use: (collection: VectorCollection) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await use(await this.#open());
      } catch (error) {
        if (!(error instanceof CollectionLostError) || attempt > 0) throw error;
        this.#deps.log.write('warn', 'collection.lost', { folder: this.#folder.path, cause: error.message });
        this.#collection = undefined;
      }
    }
  }

  /** Sends these chunks and all deletes to the collection; returns the number of chunks that were sent. */
  async project(chunkIds: readonly number[], signal: AbortSignal): Promise<number> {
    let sent = 0;
    await this.#unlessAway(async () => {
      await this.#projectDeletes(signal);
      for (let at = 0; at < chunkIds.length; at += page) {
        throwIfCancelled(signal, 'Indexing');
        sent += await this.#projectPage(chunkIds.slice(at, at + page));
      }
    });
    return sent;
  }

  /** Counts the collection, and rebuilds it from the catalog when the number is not the confirmed one. */
  async verify(signal: AbortSignal): Promise<void> {
    await this.#unlessAway(async () => {
      const { catalog, writer, log } = this.#deps;
      if (catalog.outbox.count(this.#folder.id) > 0) return;
      const wanted = catalog.counts(this.#folder.id).chunks;
      const found = await this.withCollection((collection) => collection.count());
      if (found === wanted) return;
      log.write('warn', 'collection.differs', { folder: this.#folder.path, wanted, found });
      // A collection that is still being opened has the old generation.
      await this.#opening?.catch(() => undefined);
      await writer.renewCollection(this.#folder.id, randomUUID());
      this.renewed();
      this.#rebuilt = true;
      await this.#open();
      await this.project((await catalog.outbox.unconfirmed(this.#folder)).ready, signal);
    });
  }

  /** While the store accepts no changes, the exact scan answers. Nothing is lost: the outbox keeps the changes. */
  async #unlessAway(work: () => Promise<void>): Promise<void> {
    if (this.#postponed) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LanternError) || error.code !== 'store-failed') throw error;
      this.#postponed = true;
      this.#deps.log.write('warn', 'projection.postponed', {
        folder: this.#folder.path,
        cause: errorMessage(error),
      });
    }
  }

  #open(): Promise<VectorCollection> {
    if (this.#collection !== undefined) return Promise.resolve(this.#collection);
    this.#opening ??= this.#openOnce().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #openOnce(): Promise<VectorCollection> {
    const { catalog, writer, store, dimensions } = this.#deps;
    const { id, collection: name, generation, path, modelKey, chunker } = this.#folder;
    const spec = { name, dimensions, folder: path, model: modelKey, chunker, generation };
    const { collection, created } = await store.open(spec);
    if (created) {
      if (catalog.counts(id).chunks > catalog.outbox.count(id)) this.#rebuilt = true;
      await writer.renewCollection(id, generation);
    }
    this.#collection = collection;
    return collection;
  }

  async #projectDeletes(signal: AbortSignal): Promise<void> {
    const { catalog, writer } = this.#deps;
    for (;;) {
      throwIfCancelled(signal, 'Indexing');
      const deletes = catalog.outbox.deletes(this.#folder, page);
      if (deletes.length === 0) return;
      await this.withCollection((collection) => collection.delete(deletes.map(({ key }) => key)));
      await writer.confirm(this.#folder.id, deletes);
    }
  }

  async #projectPage(chunkIds: readonly number[]): Promise<number> {
    const { catalog, writer, document: documentOf } = this.#deps;
    const upserts = catalog.outbox.upserts(this.#folder, chunkIds);
    if (upserts.length === 0) return 0;
    const records: VectorRecord[] = [];
    for (const { chunk, vector } of upserts) {
      const { path, startLine, endLine, language } = chunk;
      const document = await documentOf?.(chunk);
      records.push({
        id: chunk.key,
        vector,
        path,
        startLine,
        endLine,
        language,
        ...(document !== undefined && { document }),
      });
    }
    await this.withCollection((collection) => collection.upsert(records));
    await writer.confirm(this.#folder.id, upserts);
    return upserts.length;
  }
}
