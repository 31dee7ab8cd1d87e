import { randomUUID } from 'node:crypto';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { realpath } from 'node:fs/promises';
import { LanternError, throwIfCancelled } from '../../../shared/src/errors.js';
import { Emitter } from '../../../shared/src/disposable.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  FolderStatus,
  IndexProgress,
  IndexReport,
  IndexStatus,
  RemoveResult,
} from '../../../shared/src/protocol.js';
import type { Catalog, FolderRow } from '../store/catalog.js';
import { collectionName } from '../store/collectionName.js';
import type { VectorStore } from '../store/vectorStore.js';
import { CHUNKER_VERSION, type Chunker } from './chunker.js';
import { checkFolder } from './files.js';
import { type ChunkEmbedder, FolderIndexer, type IndexerSettings, failureOf } from './folderIndexer.js';

export interface FoldersParts {
  readonly catalog: Catalog;
  readonly store: VectorStore;
  readonly chunker: Chunker;
  readonly embedder: ChunkEmbedder;
  readonly modelKey: string;
  /** Part of every collection's name; empty where the store belongs to this machine alone. */
  readonly owner: string;
  readonly settings: IndexerSettings;
  readonly log: Log;
}

/** One indexed folder while the daemon runs: its indexer, what it is doing, and who wants to hear of it. */
export interface Folder {
  readonly path: string;
  readonly indexer: FolderIndexer;
  readonly progress: Emitter<IndexProgress>;
  status: IndexStatus;
  filesTotal: number;
  /** Milliseconds of the monotonic clock when the last scan ended; -Infinity before the first. */
  scannedAt: number;
  /** Runs while changes are being collected. */
  refreshTimer: NodeJS.Timeout | undefined;
}

/** An indexed folder, and the part of it that was asked for. */
export interface FolderView {
  readonly folder: Folder;
  /** Empty for the whole folder, else a relative path that ends with `/`. */
  readonly prefix: string;
}

/** How long changes are collected before they are read. */
const burstMs = 150;

/** All folders that this daemon indexes. A folder inside another has no index of its own: it is seen through the outer one. */
export class Folders {
  /** Fires when something that a status shows has changed. */
  readonly changed = new Emitter<Folder | undefined>();
  readonly #parts: FoldersParts;
  readonly #open = new Map<string, Folder>();

  constructor(parts: FoldersParts) {
    this.#parts = parts;
  }

  /** The indexed folder that holds `path`, if there is one. */
  async find(path: string): Promise<FolderView | undefined> {
    const real = await realPath(path);
    const rows = this.#parts.catalog.folders().filter((row) => contains(row.path, real));
    const outermost = rows.sort((a, b) => a.path.length - b.path.length)[0];
    return outermost && this.#view(this.#opened(outermost), real);
  }

  /** The same, and starts an index for `path` where there is none. Folders inside it are taken over. */
  async open(path: string): Promise<FolderView> {
    const real = await checkFolder(path);
    const known = await this.find(real);
    if (known !== undefined) return known;
    const { catalog } = this.#parts;
    for (const inner of catalog.folders().filter((row) => contains(real, row.path)))
      await this.#forget(inner);
    return this.#view(this.#opened(this.#add(real)), real);
  }

  /** Every folder of the catalog, opened or not. */
  all(): Folder[] {
    return this.#parts.catalog.folders().map((row) => this.#opened(row));
  }

  /** Reads what has changed, so that words and places are right; vectors may come later. */
  async scan(folder: Folder, signal?: AbortSignal): Promise<void> {
    await this.#scan(folder, signal);
  }

  /** Brings words, vectors and collection up to date. */
  async refresh(folder: Folder, signal?: AbortSignal): Promise<IndexReport> {
    const began = performance.now();
    const { catalog } = this.#parts;
    try {
      const scanned = await this.#scan(folder, signal);
      throwIfCancelled(signal, 'Indexing');
      const embedded = await folder.indexer.embed(signal);
      this.#become(folder, { kind: 'idle' });
      return {
        folder: folder.path,
        ...scanned,
        chunksTotal: catalog.counts(folder.indexer.folder.id).chunks,
        ...embedded,
        elapsedMs: Math.round(performance.now() - began),
      };
    } catch (error) {
      const reason = failureOf(error);
      this.#become(folder, reason === undefined ? { kind: 'idle' } : { kind: 'failed', reason });
      throw error;
    }
  }

  /** A collection was lost, or all were out of reach: they are opened anew and told what they have missed. */
  reattach(collection: string | undefined): void {
    for (const folder of this.#open.values()) {
      if (collection !== undefined && folder.indexer.folder.collection !== collection) continue;
      folder.indexer.projector.detach();
      this.refresh(folder).catch(() => undefined);
    }
  }

  /** Files changed, as an editor saw it. Their folders are refreshed soon, in one job for a burst of any size. */
  changedOnDisk(paths: readonly string[]): void {
    const rows = this.#parts.catalog.folders();
    const touched = rows.filter((row) => paths.some((path) => contains(row.path, path)));
    for (const row of touched) {
      const folder = this.#opened(row);
      if (folder.refreshTimer !== undefined) continue;
      folder.refreshTimer = setTimeout(() => {
        folder.refreshTimer = undefined;
        this.refresh(folder).catch(() => undefined);
      }, burstMs);
    }
  }

  status(folder: Folder): FolderStatus {
    const row = this.#parts.catalog.folder(folder.path) ?? folder.indexer.folder;
    const { files, filesPending, chunks, chunksPending } = this.#parts.catalog.counts(row.id);
    return {
      path: folder.path,
      collection: row.collection,
      files,
      filesPending,
      chunks,
      chunksPending,
      indexedAt: row.indexedAt,
      status: folder.status,
    };
  }

  pause(folder: Folder): void {
    folder.indexer.pause();
    this.#become(folder, { kind: 'paused' });
  }

  resume(folder: Folder): void {
    folder.indexer.resume();
    this.#become(folder, { kind: 'idle' });
  }

  async remove(path: string): Promise<RemoveResult> {
    const real = await realPath(path);
    const row = this.#parts.catalog.folder(real);
    if (row === undefined) {
      const outer = await this.find(real);
      throw new LanternError(
        'not-found',
        outer === undefined
          ? `${real} is not indexed. "lantern status" lists what is.`
          : `${real} has no index of its own: it is part of ${outer.folder.path}. Remove that one, or exclude the folder there in .lanternignore.`,
      );
    }
    return { folder: real, ...(await this.#forget(row)) };
  }

  async dispose(): Promise<void> {
    for (const { refreshTimer } of this.#open.values()) clearTimeout(refreshTimer);
    await Promise.all([...this.#open.values()].map(({ indexer }) => indexer.dispose()));
    this.#open.clear();
  }

  async #scan(folder: Folder, signal: AbortSignal | undefined): ReturnType<FolderIndexer['scan']> {
    const first = folder.indexer.folder.indexedAt === null;
    if (first && folder.status.kind !== 'paused') this.#become(folder, { kind: 'loading' });
    const report = await folder.indexer.scan(signal);
    folder.filesTotal = report.filesTotal;
    folder.scannedAt = performance.now();
    if (folder.status.kind === 'loading') this.#become(folder, { kind: 'idle' });
    return report;
  }

  #view(folder: Folder, real: string): FolderView {
    const inside = relative(folder.path, real).split(sep).join('/');
    return { folder, prefix: inside === '' ? '' : `${inside}/` };
  }

  #add(path: string): FolderRow {
    const { catalog, modelKey, owner } = this.#parts;
    const collection = collectionName(path, modelKey, owner);
    return catalog.addFolder({
      path,
      modelKey,
      chunker: CHUNKER_VERSION,
      collection,
      generation: randomUUID(),
    });
  }

  #opened(stored: FolderRow): Folder {
    const open = this.#open.get(stored.path);
    if (open !== undefined) return open;
    const { catalog, modelKey } = this.#parts;
    let row = stored;
    if (row.modelKey !== modelKey || row.chunker !== CHUNKER_VERSION) {
      // Another model or way of chunking is another index; the old vectors stay by content, should the user go back.
      catalog.removeFolder(row.id);
      row = this.#add(row.path);
    }
    const progress = new Emitter<IndexProgress>();
    const indexer = new FolderIndexer({
      ...this.#parts,
      folder: row,
      onProgress: (event) => progress.emit(event),
    });
    const folder: Folder = {
      path: row.path,
      indexer,
      progress,
      status: { kind: 'idle' },
      filesTotal: catalog.counts(row.id).files,
      scannedAt: -Infinity,
      refreshTimer: undefined,
    };
    progress.on((event) => {
      if (event.kind === 'embedding' && folder.status.kind !== 'paused') {
        this.#become(folder, { kind: 'indexing', done: event.done, total: event.total });
      }
    });
    this.#open.set(row.path, folder);
    return folder;
  }

  async #forget(row: FolderRow): Promise<{ files: number; chunks: number }> {
    const open = this.#open.get(row.path);
    this.#open.delete(row.path);
    clearTimeout(open?.refreshTimer);
    await open?.indexer.dispose();
    const removed = this.#parts.catalog.removeFolder(row.id);
    await this.#parts.store.drop(row.collection);
    this.changed.emit(undefined);
    return removed;
  }

  #become(folder: Folder, status: IndexStatus): void {
    folder.status = status;
    this.changed.emit(folder);
  }
}

/** The real path, or the absolute one of something that is gone, so that its index can still be named. */
async function realPath(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new LanternError('bad-request', `"${path}" is not an absolute path.`);
  return realpath(path).catch(() => resolve(path));
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
