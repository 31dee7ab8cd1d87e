import { randomUUID } from 'node:crypto';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { realpathSync } from 'node:fs';
import { LanternError, errorMessage, throwIfCancelled } from '../../../shared/src/errors.js';
import { type Disposable, Emitter } from '../../../shared/src/disposable.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  FolderStatus,
  IndexProgress,
  IndexReport,
  IndexStatus,
  RemoveResult,
} from '../../../shared/src/protocol/protocol.js';
import type { Catalog, FolderRow } from '../catalog/catalog.js';
import { collectionName } from '../vectors/collectionName.js';
import type { VectorStore } from '../vectors/vectorStore.js';
import { CHUNKER_VERSION, type Chunker } from '../chunking/chunker.js';
import { checkFolder } from '../source/walk.js';
import { FolderIndexer, failureOf } from './folderIndexer.js';
import type { SearchPriority } from './searchPriority.js';
import type { ChunkEmbedder } from './embedder.js';
import type { IndexerSettings, ScanReport } from './folderScan.js';

export interface FoldersDependencies {
  readonly catalog: Catalog;
  readonly store: VectorStore;
  readonly chunker: Chunker;
  readonly embedder: ChunkEmbedder;
  readonly modelKey: string;
  /** Part of every collection's name; empty where the store belongs to this machine alone. */
  readonly owner: string;
  readonly settings: IndexerSettings;
  readonly log: Log;
  /** Whom index jobs let pass between two texts. */
  readonly searchPriority?: SearchPriority;
  /** Counts a job that runs, until the result is disposed of: what is counted keeps the daemon from exiting. */
  readonly busy?: (job: string) => Disposable;
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
  /** Whether that scan took too long for a search to wait for the next. */
  slow: boolean;
  /** Runs while changes are being collected. */
  burst: { readonly timer: NodeJS.Timeout; readonly since: number } | undefined;
}

/** An indexed folder, and the part of it that was asked for. */
export interface FolderView {
  readonly folder: Folder;
  /** Empty for the whole folder, else a relative path that ends with `/`. */
  readonly prefix: string;
}

/** A burst of changes is over when none has come for this long, or when it has lasted for `longestBurstMs`. */
const burstMs = 150;
const longestBurstMs = 2000;
/** Most folders of changed files that are looked up behind links, for one burst. */
const mostLinked = 200;
/** How long a search waits for its folder to be compared with the disk, before it answers with what is known. */
export const longestWaitMs = 300;

/** All folders that this daemon indexes. A folder inside another has no index of its own: it is seen through the outer one. */
export class Folders {
  /** Fires when something that a status shows has changed. */
  readonly changed = new Emitter<Folder | undefined>();
  readonly #deps: FoldersDependencies;
  readonly #open = new Map<string, Folder>();
  /** The latest change of which folders there are: they are made one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(deps: FoldersDependencies) {
    this.#deps = deps;
  }

  /** The indexed folder that holds `path`, if there is one. */
  async find(path: string): Promise<FolderView | undefined> {
    const real = realPath(path);
    await this.#changing;
    return this.#find(real);
  }

  /** The same, and starts an index for `path` where there is none. Folders inside it are taken over. */
  async open(path: string): Promise<FolderView> {
    const real = await checkFolder(path);
    return this.#change(async () => {
      const known = this.#find(real);
      if (known !== undefined) return known;
      const inner = this.#deps.catalog.folders().filter((row) => contains(real, row.path));
      for (const row of inner) {
        this.#deps.log.write('info', 'folder.taken-over', { folder: row.path, by: real });
        await this.#forget(row);
      }
      return this.#view(this.#opened(this.#add(real)), real);
    });
  }

  /** Every folder of the catalog, opened or not. */
  all(): Folder[] {
    return this.#deps.catalog.folders().map((row) => this.#opened(row));
  }

  /** Reads what has changed, so that words and places are right; vectors may come later. */
  async scan(folder: Folder, signal?: AbortSignal): Promise<void> {
    await this.#scan(folder, signal);
  }

  /** Brings words, vectors and collection up to date; `onScanned` is called when the words are. */
  async refresh(folder: Folder, signal?: AbortSignal, onScanned?: () => void): Promise<IndexReport> {
    const began = performance.now();
    try {
      const scanned = await this.#scan(folder, signal);
      onScanned?.();
      throwIfCancelled(signal, 'Indexing');
      const embedded = await folder.indexer.embed(signal);
      this.#become(folder, { kind: 'idle' });
      const chunksTotal = this.#deps.catalog.counts(folder.indexer.folder.id).chunks;
      const elapsedMs = Math.round(performance.now() - began);
      const report = { folder: folder.path, ...scanned, chunksTotal, ...embedded, elapsedMs };
      this.#logDone(report);
      return report;
    } catch (error) {
      const reason = failureOf(error);
      if (reason !== undefined)
        this.#deps.log.write('error', 'index.failed', { folder: folder.path, cause: reason });
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
  async changedOnDisk(paths: readonly string[]): Promise<void> {
    const rows = this.#deps.catalog.folders();
    const touched = new Set<FolderRow>();
    const elsewhere = new Set<string>();
    for (const path of paths) {
      const row = rows.find((one) => contains(one.path, path));
      if (row === undefined) elsewhere.add(dirname(path));
      else touched.add(row);
    }
    for (const row of touched) this.#refreshSoon(this.#opened(row));
    // An editor that has opened a folder through a link names its files by the link.
    for (const directory of [...elsewhere].slice(0, mostLinked)) {
      if (touched.size === rows.length) break;
      const view = await this.find(nearestExisting(directory));
      if (view !== undefined) this.#refreshSoon(view.folder);
    }
  }

  status(folder: Folder): FolderStatus {
    const row = this.#deps.catalog.folder(folder.path) ?? folder.indexer.folder;
    const { files, filesPending, chunks, chunksPending } = this.#deps.catalog.counts(row.id);
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
    // A job that was held says itself how far it is.
    this.#become(folder, { kind: 'idle' });
  }

  async remove(path: string): Promise<RemoveResult> {
    const real = realPath(path);
    const removed = await this.#change(async () => {
      const row = this.#deps.catalog.folder(real);
      return row && this.#forget(row);
    });
    if (removed === undefined) {
      const outer = await this.find(real);
      throw new LanternError(
        'not-found',
        outer === undefined
          ? `${real} is not indexed. "lantern status" lists what is.`
          : `${real} has no index of its own: it is part of ${outer.folder.path}. Remove that one, or exclude the folder there in .lanternignore.`,
      );
    }
    return { folder: real, ...removed };
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    for (const { burst } of this.#open.values()) clearTimeout(burst?.timer);
    await this.#changing;
    await Promise.all([...this.#open.values()].map(({ indexer }) => indexer.dispose()));
    this.#open.clear();
  }

  #logDone(report: IndexReport): void {
    const { folder, filesTotal, filesAdded, filesChanged, filesRemoved, chunksEmbedded, elapsedMs } = report;
    if (filesAdded + filesChanged + filesRemoved + chunksEmbedded === 0) return;
    const files = { filesTotal, filesAdded, filesChanged, filesRemoved };
    this.#deps.log.write('info', 'index.done', { folder, ...files, chunksEmbedded, elapsedMs });
  }

  async #scan(folder: Folder, signal: AbortSignal | undefined): Promise<ScanReport> {
    const began = performance.now();
    const first = this.#deps.catalog.folder(folder.path)?.indexedAt === null;
    if (first) this.#become(folder, { kind: 'loading' });
    const report = await folder.indexer.scan(signal);
    folder.filesTotal = report.filesTotal;
    folder.scannedAt = performance.now();
    folder.slow = folder.scannedAt - began > longestWaitMs;
    if (folder.status.kind === 'loading') this.#become(folder, { kind: 'idle' });
    return report;
  }

  /** Runs `change` after the ones before it: what each finds is what it leaves. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(() => {
      if (this.#closed) throw new LanternError('unavailable', 'Lantern is shutting down. Try again.');
      return change();
    });
    this.#changing = result.catch(() => undefined);
    return result;
  }

  #find(real: string): FolderView | undefined {
    const rows = this.#deps.catalog.folders().filter((row) => contains(row.path, real));
    const outermost = rows.sort((a, b) => a.path.length - b.path.length)[0];
    return outermost && this.#view(this.#opened(outermost), real);
  }

  #refreshSoon(folder: Folder): void {
    if (this.#closed || folder.indexer.disposed) return;
    const now = performance.now();
    const since = folder.burst?.since ?? now;
    clearTimeout(folder.burst?.timer);
    const wait = Math.min(burstMs, Math.max(0, since + longestBurstMs - now));
    const run = (): void => {
      folder.burst = undefined;
      this.refresh(folder).catch(() => undefined);
    };
    folder.burst = { timer: setTimeout(run, wait), since };
  }

  #view(folder: Folder, real: string): FolderView {
    const inside = relative(folder.path, real).split(sep).join('/');
    return { folder, prefix: inside === '' ? '' : `${inside}/` };
  }

  #add(path: string): FolderRow {
    const { catalog, modelKey, owner } = this.#deps;
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
    const { catalog, modelKey } = this.#deps;
    let row = stored;
    if (row.modelKey !== modelKey || row.chunker !== CHUNKER_VERSION) {
      // Another model or way of chunking is another index; the old vectors stay by content, should the user go back.
      catalog.removeFolder(row.id);
      row = this.#add(row.path);
      if (row.collection !== stored.collection) void this.#dropCollection(stored.collection);
    }
    const progress = new Emitter<IndexProgress>();
    const indexer = new FolderIndexer({
      ...this.#deps,
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
      slow: false,
      burst: undefined,
    };
    progress.on((event) => {
      if (event.kind === 'embedding') {
        this.#become(folder, { kind: 'indexing', done: event.done, total: event.total });
      }
    });
    this.#open.set(row.path, folder);
    return folder;
  }

  async #forget(row: FolderRow): Promise<{ files: number; chunks: number }> {
    const open = this.#open.get(row.path);
    clearTimeout(open?.burst?.timer);
    await open?.indexer.dispose();
    // In one turn, so that nobody opens a row that goes.
    const removed = this.#deps.catalog.removeFolder(row.id);
    this.#open.delete(row.path);
    this.changed.emit(undefined);
    await this.#dropCollection(row.collection);
    return removed;
  }

  async #dropCollection(name: string): Promise<void> {
    try {
      await this.#deps.store.drop(name);
    } catch (error) {
      // The folder's next index has another generation, which empties what is left here.
      this.#deps.log.write('warn', 'collection.left', { collection: name, cause: errorMessage(error) });
    }
  }

  #become(folder: Folder, status: IndexStatus): void {
    folder.status = folder.indexer.paused && status.kind !== 'failed' ? { kind: 'paused' } : status;
    this.changed.emit(folder);
  }
}

/**
 * The real path, or the absolute one of something that is gone, so that its index can still be named. Synchronous, since
 * a promise of `node:fs` lets an index job have its turn first.
 */
function realPath(path: string): string {
  if (!isAbsolute(path)) throw new LanternError('bad-request', `"${path}" is not an absolute path.`);
  return linked(path) ?? resolve(path);
}

function linked(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** The path itself, or the folder above it that is still there. */
function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    const real = linked(at);
    if (real !== undefined || at === dirname(at)) return real ?? at;
  }
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
