import { randomUUID } from 'node:crypto';
import { dirname, relative, sep } from 'node:path';
import { LanternError, errorMessage, throwIfCancelled } from '../../../shared/src/errors.js';
import { Emitter } from '../../../shared/src/disposable.js';
import type {
  FolderStatus,
  ImportReport,
  IndexProgress,
  IndexReport,
  IndexStatus,
  RemoveResult,
} from '../../../shared/src/protocol/protocol.js';
import { contains } from '../../../shared/src/contains.js';
import { keepLast } from '../../../shared/src/keepLast.js';
import { Sequence } from '../../../shared/src/sequence.js';
import type { FolderCounts, FolderRow, NewFolder } from '../catalog/catalog.js';
import { collectionName } from '../vectors/collectionName.js';
import { CHUNKER_VERSION } from '../chunking/chunker.js';
import { checkFolder } from '../source/walk.js';
import { FolderIndexer, type IndexingDependencies, failureOf } from './folderIndexer.js';
import { nearestExisting, realPath } from './folderPaths.js';
import type { EmbedReport } from './folderEmbedding.js';
import type { Imported } from './exchange/importVectors.js';
import type { ScanReport } from './folderScan.js';

export interface FoldersDependencies extends IndexingDependencies {
  readonly modelKey: string;
  /** Part of every collection's name; empty where the store belongs to this machine alone. */
  readonly owner: string;
  /** Pause before a job that found the disk full is tried again. */
  readonly retryMs?: number;
}

/** An indexed folder while the daemon runs: its indexer and its state. */
export interface Folder {
  readonly path: string;
  readonly indexer: FolderIndexer;
  readonly progress: Emitter<IndexProgress>;
  status: IndexStatus;
  filesTotal: number;
  /** Why the last scan found no files, if it found none. */
  emptyBecause: string | undefined;
  /** Number of scans and refreshes that run or wait. */
  jobs: number;
  /** Milliseconds of the monotonic clock when the last scan ended; -Infinity before the first. */
  scannedAt: number;
  /** Whether the last scan took too long for a search to wait for the next one. */
  slow: boolean;
  /** Set while changes are being collected: its timer, and when the first change came. */
  burst: { readonly timer: NodeJS.Timeout; readonly since: number } | undefined;
  /** Set while a job that found the disk full waits to be tried again. */
  retry: NodeJS.Timeout | undefined;
}

/** An indexed folder, and which part of it a request means. */
export interface FolderView {
  readonly folder: Folder;
  /** Empty for the whole folder, otherwise a relative path that ends with `/`. */
  readonly prefix: string;
}

/** A burst of changes ends when no change has come for this long, or after `longestBurstMs`. */
const burstMs = 150;
const longestBurstMs = 2000;
/** Most folders of changed files, per notification, whose symbolic links are resolved. */
const mostLinked = 200;
/** Milliseconds that a search waits for its folder to be compared with the disk. Then it answers from the index as it is. */
export const longestWaitMs = 300;
/** Nobody tells when there is room on a disk again. */
const usualRetryMs = 30_000;
/** Most open files that are remembered. */
const mostOpenFiles = 100;
/** Milliseconds between two changes of the status while files are read. */
const statusMs = 200;

const beginning: IndexStatus = { kind: 'scanning', files: 0, total: -1, rate: 0, secondsLeft: -1 };

/**
 * All folders that this daemon indexes. A folder inside another one has no index of its own; it is a view of the outer one.
 * This room keeps indexes equal to folders. It knows neither who asks nor how hits are ranked.
 */
export class Folders {
  /** Fires when something in a folder's status has changed. */
  readonly changed = new Emitter<Folder | undefined>();
  readonly #deps: FoldersDependencies;
  readonly #open = new Map<string, Folder>();
  /** Changes of the list of folders. */
  readonly #changes = new Sequence();
  /** Real paths, the most wanted at the end. */
  readonly #openFiles = new Map<string, true>();
  #closed = false;

  constructor(deps: FoldersDependencies) {
    this.#deps = deps;
    void this.#changes.run(() => this.#renewOutdated());
  }

  /** The indexed folder that holds `path`, if there is one. */
  async find(path: string): Promise<FolderView | undefined> {
    const real = realPath(path);
    await this.#changes.ended;
    return this.#find(real);
  }

  /** As `find`, but starts an index for `path` when there is none. It absorbs the indexed folders inside `path`. */
  async open(path: string): Promise<FolderView> {
    const real = await checkFolder(path);
    return this.#change(async () => {
      const known = this.#find(real);
      if (known !== undefined) return known;
      const inner = this.#deps.catalog.folders().filter((row) => contains(real, row.path));
      for (const row of inner) {
        this.#deps.log.write('info', 'folder.absorbed', { folder: row.path, by: real });
        await this.#delete(row);
      }
      return this.#view(this.#openRow(await this.#add(real)), real);
    });
  }

  /** Every folder of the catalog, opened or not. */
  all(): Folder[] {
    return this.#rows().map((row) => this.#openRow(row));
  }

  /** Reads what has changed, so that terms and lines are right. Vectors may follow later. */
  async scan(folder: Folder, signal?: AbortSignal): Promise<void> {
    folder.jobs++;
    try {
      await this.#scan(folder, signal);
    } finally {
      folder.jobs--;
      this.changed.emit(folder);
    }
  }

  /** Brings terms, vectors and collection up to date. `onScanned` is called when the terms are. */
  refresh(folder: Folder, signal?: AbortSignal, onScanned?: () => void): Promise<IndexReport> {
    const began = performance.now();
    return this.#job(folder, async () => {
      const scanned = await this.#scan(folder, signal);
      onScanned?.();
      throwIfCancelled(signal, 'Indexing');
      return this.#done(folder, scanned, await folder.indexer.embed(signal), began);
    });
  }

  /** As `refresh`, but takes the vectors that a file has before the model is asked for any. */
  async import(folder: Folder, file: string, signal?: AbortSignal): Promise<ImportReport> {
    const began = performance.now();
    folder.jobs++;
    const { scanned, inFile, taken, checked } = await this.#scanAndImport(folder, file, signal).finally(() =>
      this.#end(folder, { kind: 'idle' }),
    );
    return this.#job(folder, async () => {
      const { indexer } = folder;
      const left = taken > 0 ? await indexer.leaveCollection() : undefined;
      const embedded = left ?? (await indexer.embed(signal));
      const report = this.#done(folder, scanned, embedded, began);
      return { ...report, vectorsInFile: inFile, vectorsTaken: taken, vectorsChecked: checked };
    });
  }

  async #scanAndImport(
    folder: Folder,
    file: string,
    signal: AbortSignal | undefined,
  ): Promise<Imported & { readonly scanned: ScanReport }> {
    const scanned = await this.#scan(folder, signal);
    return { scanned, ...(await folder.indexer.import(file, signal)) };
  }

  /** The result of `work` on a folder, whose status says how it ended. */
  async #job<T>(folder: Folder, work: () => Promise<T>): Promise<T> {
    folder.jobs++;
    try {
      const result = await work();
      this.#end(folder, { kind: 'idle' });
      return result;
    } catch (error) {
      const reason = failureOf(error);
      if (reason !== undefined)
        this.#deps.log.write('error', 'index.failed', { folder: folder.path, cause: reason });
      this.#end(folder, reason === undefined ? { kind: 'idle' } : { kind: 'failed', reason });
      if (error instanceof LanternError && error.code === 'disk-full') this.#retryLater(folder);
      throw error;
    }
  }

  #done(
    folder: Folder,
    scanned: ScanReport,
    { isBehind, ...embedded }: EmbedReport,
    began: number,
  ): IndexReport {
    const { catalog, shared } = this.#deps;
    if (isBehind) this.#refreshSoon(folder);
    const report = {
      folder: folder.path,
      ...scanned,
      chunksTotal: catalog.counts(folder.indexer.folder.id).chunks,
      ...embedded,
      ...(shared?.problem !== undefined && { sharedProblem: shared.problem }),
      elapsedMs: Math.round(performance.now() - began),
    };
    this.#logDone(report);
    return report;
  }

  /** The collections of these folders begin anew, and some of their vectors are missing. */
  renewed(folderIds: readonly number[]): void {
    for (const row of this.#rows()) {
      if (!folderIds.includes(row.id)) continue;
      const folder = this.#openRow(row);
      folder.indexer.projector.renewed();
      this.#refreshSoon(folder);
    }
  }

  /** Opens a lost collection again, or all after Chroma was unreachable, and sends what they have missed. */
  reattach(collection: string | undefined): void {
    for (const folder of this.#open.values()) {
      if (collection !== undefined && folder.indexer.folder.collection !== collection) continue;
      folder.indexer.projector.detach();
      this.refresh(folder).catch(() => undefined);
    }
  }

  /** Takes files that an editor saw change. Their folders are refreshed soon, in one job per burst. */
  async changedOnDisk(paths: readonly string[]): Promise<void> {
    const rows = this.#rows();
    const touched = new Set<FolderRow>();
    const elsewhere = new Set<string>();
    for (const path of paths) {
      const row = rows.find((one) => contains(one.path, path));
      if (row === undefined) elsewhere.add(dirname(path));
      else touched.add(row);
    }
    for (const row of touched) this.#refreshSoon(this.#openRow(row));
    // An editor that opened a folder through a symbolic link names files by that link.
    for (const directory of [...elsewhere].slice(0, mostLinked)) {
      if (touched.size === rows.length) break;
      const view = await this.find(nearestExisting(directory));
      if (view !== undefined) this.#refreshSoon(view.folder);
    }
  }

  /** These files are open in an editor, the most wanted at the end: they get their vectors before others. */
  opened(paths: readonly string[]): void {
    for (const path of paths) keepLast(this.#openFiles, realPath(path), true, mostOpenFiles);
    for (const folder of this.#open.values()) folder.indexer.wantOpen();
  }

  /** Counts of the folder; what shall have no vector is not pending. */
  counts(row: FolderRow): FolderCounts {
    const { catalog, settings } = this.#deps;
    const counts = catalog.counts(row.id);
    if (settings.vectors === 'all' || counts.chunksPending === 0) return counts;
    const filesPending = catalog.fileVectors.pending(row);
    return { ...counts, filesPending, chunksPending: filesPending === 0 ? 0 : counts.chunksPending };
  }

  status(folder: Folder): FolderStatus {
    const row = this.#deps.catalog.folder(folder.path) ?? folder.indexer.folder;
    const counts = this.counts(row);
    const { path, status, jobs, burst } = folder;
    const { collection, indexedAt } = row;
    const { chunks, chunksPending } = counts;
    const isComplete = indexedAt !== null && chunksPending === 0;
    if (status.kind !== 'idle' || isComplete) return { path, collection, ...counts, indexedAt, status };
    // A job that waits for its turn has no progress of its own to report.
    const waiting = { kind: 'indexing', done: chunks - chunksPending, total: chunks } as const;
    const isWorkedOn = jobs > 0 || burst !== undefined;
    return { path, collection, ...counts, indexedAt, status: isWorkedOn ? waiting : { kind: 'partial' } };
  }

  /** The status of every folder of the catalog. Those of another model or chunker are about to be indexed anew. */
  statuses(): FolderStatus[] {
    const { catalog } = this.#deps;
    return catalog.folders().map((row) => {
      if (this.#isCurrent(row)) return this.status(this.#openRow(row));
      const { files, chunks } = catalog.counts(row.id);
      const pending = { files, filesPending: files, chunks, chunksPending: chunks, indexedAt: null };
      return { path: row.path, collection: row.collection, ...pending, status: { kind: 'partial' } };
    });
  }

  pause(folder: Folder): void {
    folder.indexer.pause();
    this.#setStatus(folder, { kind: 'paused' });
  }

  resume(folder: Folder): void {
    folder.indexer.resume();
    // A resumed job reports its own progress.
    this.#setStatus(folder, { kind: 'idle' });
  }

  async remove(path: string): Promise<RemoveResult> {
    const real = realPath(path);
    const removed = await this.#change(async () => {
      const row = this.#deps.catalog.folder(real);
      return row && this.#delete(row);
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
    for (const folder of this.#open.values()) stopTimers(folder);
    await this.#changes.ended;
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
    const isFirst = this.#deps.catalog.folder(folder.path)?.indexedAt === null;
    // Whoever searches meanwhile asks for a scan too: the one that runs says how far it is.
    if (isFirst && folder.status.kind !== 'scanning') this.#setStatus(folder, beginning);
    const report = await folder.indexer.scan(signal).catch((error: unknown) => {
      // The next search tries again.
      folder.scannedAt = -Infinity;
      if (folder.status.kind === 'scanning') this.#setStatus(folder, { kind: 'idle' });
      throw error;
    });
    folder.filesTotal = report.filesTotal;
    folder.emptyBecause = report.emptyBecause;
    folder.scannedAt = performance.now();
    folder.slow = folder.scannedAt - began > longestWaitMs;
    if (folder.status.kind === 'scanning') this.#setStatus(folder, { kind: 'idle' });
    return report;
  }

  /** Runs `change` after all earlier ones, so that no other change happens while it runs. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run(() => {
      if (this.#closed) throw new LanternError('unavailable', 'Lantern is shutting down. Try again.');
      return change();
    });
  }

  #find(real: string): FolderView | undefined {
    const rows = this.#rows().filter((row) => contains(row.path, real));
    const outermost = rows.sort((a, b) => a.path.length - b.path.length)[0];
    return outermost && this.#view(this.#openRow(outermost), real);
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

  #retryLater(folder: Folder): void {
    if (this.#closed || folder.indexer.disposed) return;
    clearTimeout(folder.retry);
    const run = (): void => void this.refresh(folder).catch(() => undefined);
    folder.retry = setTimeout(run, this.#deps.retryMs ?? usualRetryMs);
    folder.retry.unref();
  }

  #view(folder: Folder, real: string): FolderView {
    const inside = relative(folder.path, real).split(sep).join('/');
    return { folder, prefix: inside === '' ? '' : `${inside}/` };
  }

  #add(path: string): Promise<FolderRow> {
    return this.#deps.writer.addFolder(this.#newRow(path));
  }

  #newRow(path: string): NewFolder {
    const { modelKey, owner } = this.#deps;
    const collection = collectionName(path, modelKey, owner);
    return { path, modelKey, chunker: CHUNKER_VERSION, collection, generation: randomUUID() };
  }

  /** Rows of folders that this daemon can index and search. */
  #rows(): FolderRow[] {
    return this.#deps.catalog.folders().filter((row) => this.#isCurrent(row));
  }

  #isCurrent({ modelKey, chunker }: FolderRow): boolean {
    return modelKey === this.#deps.modelKey && chunker === CHUNKER_VERSION;
  }

  /**
   * Another model or chunker needs another index. The old vectors are kept by content, in case the user changes back.
   */
  async #renewOutdated(): Promise<void> {
    for (const row of this.#deps.catalog.folders()) {
      if (this.#isCurrent(row)) continue;
      try {
        const { collection } = await this.#deps.writer.replaceFolder(row.id, this.#newRow(row.path));
        if (collection !== row.collection) void this.#dropCollection(row.collection);
        this.changed.emit(undefined);
      } catch (error) {
        this.#deps.log.write('error', 'folder.outdated', { folder: row.path, cause: errorMessage(error) });
      }
    }
  }

  #openRow(row: FolderRow): Folder {
    const open = this.#open.get(row.path);
    if (open !== undefined) return open;
    const { catalog } = this.#deps;
    const progress = new Emitter<IndexProgress>();
    const indexer = new FolderIndexer({
      ...this.#deps,
      folder: row,
      openFiles: () => [...this.#openFiles.keys()],
      onProgress: (event) => progress.emit(event),
    });
    const folder: Folder = {
      path: row.path,
      indexer,
      progress,
      status: { kind: 'idle' },
      filesTotal: catalog.counts(row.id).files,
      emptyBecause: undefined,
      jobs: 0,
      scannedAt: -Infinity,
      slow: false,
      burst: undefined,
      retry: undefined,
    };
    let toldAt = performance.now();
    progress.on((event) => {
      // A cancelled job has ended for its caller while its last text is still being embedded.
      if (folder.jobs === 0) return;
      if (event.kind !== 'scanning') {
        this.#setStatus(folder, { kind: 'indexing', done: event.done, total: event.total });
      } else if (performance.now() - toldAt >= statusMs) {
        toldAt = performance.now();
        this.#setStatus(folder, event);
      }
    });
    this.#open.set(row.path, folder);
    return folder;
  }

  async #delete(row: FolderRow): Promise<{ files: number; chunks: number }> {
    const open = this.#open.get(row.path);
    if (open !== undefined) stopTimers(open);
    await open?.indexer.dispose();
    const removed = await this.#deps.writer.removeFolder(row.id);
    // Not before, so that nobody opens a row that is being deleted.
    this.#open.delete(row.path);
    this.changed.emit(undefined);
    await this.#dropCollection(row.collection);
    return removed;
  }

  async #dropCollection(name: string): Promise<void> {
    try {
      await this.#deps.store.drop(name);
    } catch (error) {
      // The folder's next index has another generation, and drops what is left of this collection.
      this.#deps.log.write('warn', 'collection.left', { collection: name, cause: errorMessage(error) });
    }
  }

  /** Ends a job of the folder with this status. */
  #end(folder: Folder, status: IndexStatus): void {
    folder.jobs--;
    this.#setStatus(folder, status);
  }

  #setStatus(folder: Folder, status: IndexStatus): void {
    folder.status = folder.indexer.paused && status.kind !== 'failed' ? { kind: 'paused' } : status;
    this.changed.emit(folder);
  }
}

function stopTimers({ burst, retry }: Folder): void {
  clearTimeout(burst?.timer);
  clearTimeout(retry);
}
