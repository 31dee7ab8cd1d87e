import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { IndexProgress, IndexReport } from '../../../shared/src/protocol/protocol.js';
import type { Catalog, FileRow, FolderRow } from '../catalog/catalog.js';
import type { Chunker } from '../chunking/chunker.js';
import type { FoundFile } from '../source/walk.js';
import { walkAhead } from '../source/walkAhead.js';
import { Pacer } from '../syntax/pacer.js';
import type { ChunkEmbedder } from './embedder.js';
import { type FileReader, type FileReading, LocalFileReader } from './fileReader.js';
import { Rate } from './rate.js';
import { refreshUsage } from './usagePass.js';

export interface IndexerSettings {
  readonly maxFileBytes: number;
  readonly exclude: readonly string[];
  /** Whether the vector store gets the source text as well. */
  readonly storeDocuments: boolean;
}

export interface FolderScanDependencies {
  /** The folder's row as it is now: a rebuilt collection changes it. */
  readonly folder: () => FolderRow;
  readonly catalog: Catalog;
  readonly chunker: Chunker;
  /** Its token count and limit decide where files are cut. */
  readonly embedder: ChunkEmbedder;
  readonly settings: IndexerSettings;
  /** Reads many files; without it this thread does. */
  readonly bulkReader?: BulkReader | undefined;
  readonly onProgress: (progress: IndexProgress) => void;
}

export type ScanReport = Pick<
  IndexReport,
  | 'filesTotal'
  | 'filesAdded'
  | 'filesChanged'
  | 'filesRemoved'
  | 'filesUnchanged'
  | 'filesSkipped'
  | 'chunksRemoved'
>;

/** Reads up to `limit` files at the same time. */
export interface BulkReader extends FileReader {
  readonly limit: number;
}

/** A file's rows for the catalog. */
type FileWrite = Parameters<Catalog['replaceFiles']>[1][number];

/** What a scan did with one file. `removed` is the number of chunks that it deleted. */
type Outcome =
  | { readonly kind: 'indexed'; readonly removed: 0; readonly write: FileWrite }
  | { readonly kind: 'unchanged'; readonly removed: number }
  | { readonly kind: 'skipped'; readonly reason: string; readonly removed: number };

/** A file that changed this close to the moment of reading may change again with the same time stamp. */
const racyMs = 2000;

/**
 * A scan collects up to this many files, for up to this long, before it writes them: a commit per file would write the
 * pages of common terms again and again.
 */
const writePage = 16;
const writeDelayMs = 25;

/** A scan that has read this many files leaves the next ones to the bulk reader, whose start takes a while. */
const bulkFiles = 24;
/** Files per thread that are being read or wait to be written. */
const ahead = 4;

/** A file that is being read. */
interface Started {
  readonly found: FoundFile;
  readonly before: FileRow | undefined;
  readonly checkedMs: number;
  readonly reading: Promise<FileReading>;
}

/** Compares a folder with the catalog and chunks again what differs. */
export class FolderScan {
  readonly #deps: FolderScanDependencies;
  readonly #reader: FileReader;

  constructor(deps: FolderScanDependencies) {
    this.#deps = deps;
    this.#reader = new LocalFileReader(deps.chunker, deps.embedder, deps.settings);
  }

  /** One pass over the folder. What was read before it was cancelled or failed is kept. */
  async run(signal: AbortSignal): Promise<ScanReport> {
    const { catalog, settings, onProgress, bulkReader } = this.#deps;
    const folder = this.#deps.folder();
    const indexed = catalog.files.seen(folder.id);
    const skippedBefore = catalog.files.skipped(folder.id);
    const report = { filesTotal: 0, filesAdded: 0, filesChanged: 0, filesRemoved: 0, filesUnchanged: 0 };
    const filesSkipped: Record<string, number> = {};
    const unreadable: string[] = [];
    let chunksRemoved = 0;
    const skip = (path: string, reason: string): void => {
      filesSkipped[reason] = (filesSkipped[reason] ?? 0) + 1;
      if (reason === 'unreadable') unreadable.push(path);
    };
    const writes: FileWrite[] = [];
    let wroteAt = -Infinity;
    const write = (): void => {
      if (writes.length === 0) return;
      wroteAt = performance.now();
      for (const removed of catalog.replaceFiles(folder, writes.splice(0))) chunksRemoved += removed;
    };
    const pacer = new Pacer();
    const rate = new Rate();
    let compared = 0;
    // Files are written in the order in which they were found, however many are being read.
    const started: Started[] = [];
    let read = 0;
    const finish = async (): Promise<void> => {
      const first = started.shift();
      if (first === undefined) return;
      const { found, before } = first;
      const outcome = this.#apply(first, await first.reading);
      chunksRemoved += outcome.removed;
      if (outcome.kind === 'indexed') {
        writes.push(outcome.write);
        if (writes.length === writePage || performance.now() - wroteAt > writeDelayMs) write();
      }
      if (outcome.kind === 'skipped') {
        skip(found.path, outcome.reason);
        if (before !== undefined && !isTemporary(outcome.reason)) report.filesRemoved++;
      } else {
        report.filesTotal++;
        if (outcome.kind === 'unchanged') report.filesUnchanged++;
        else report[before === undefined ? 'filesAdded' : 'filesChanged']++;
      }
      progress();
    };
    const files = walkAhead(folder.path, { ...settings, signal }, skip);
    const progress = (): void => {
      // The status of a cancelled job is no longer this one's to say.
      if (signal.aborted) return;
      rate.add(1);
      const total = files.total ?? -1;
      const secondsLeft = total < 0 ? -1 : rate.secondsFor(total - compared);
      onProgress({ kind: 'scanning', files: compared, total, rate: rate.perSecond(), secondsLeft });
    };
    try {
      for await (const batch of files.batches) {
        for (const found of batch) {
          compared++;
          const seen = indexed.get(found.path);
          const skippedAs = skippedBefore.get(found.path);
          indexed.delete(found.path);
          skippedBefore.delete(found.path);
          if (seen !== undefined && isUnchanged(seen, found)) {
            report.filesTotal++;
            report.filesUnchanged++;
            continue;
          }
          if (skippedAs !== undefined && isUnchanged(skippedAs, found)) {
            skip(found.path, skippedAs.reason);
            continue;
          }
          // Reading a small file never waits, so nothing else would run.
          if (pacer.due) await pacer.pause();
          throwIfCancelled(signal, 'Indexing');
          const before = seen && catalog.files.get(folder.id, found.path);
          const bulk = read++ < bulkFiles ? undefined : bulkReader;
          started.push(this.#start(bulk ?? this.#reader, found, before));
          while (started.length > (bulk === undefined ? 0 : bulk.limit * ahead)) await finish();
        }
      }
      while (started.length > 0) await finish();
    } finally {
      write();
    }
    for (const missing of indexed.values()) {
      // A path that could not be read may still exist. Its hits are compared with the disk anyway.
      if (
        unreadable.some(
          (path) => missing.path === path || (path.endsWith('/') && missing.path.startsWith(path)),
        )
      )
        continue;
      chunksRemoved += this.#remove(catalog.files.get(folder.id, missing.path));
      report.filesRemoved++;
    }
    for (const path of skippedBefore.keys()) catalog.files.deleteSkipped(folder.id, path);
    await refreshUsage(catalog, folder, settings, signal);
    return { ...report, filesSkipped, chunksRemoved };
  }

  /** Compares one indexed file again, by content: its text is no longer what the catalog says. */
  async rescanFile(path: string): Promise<void> {
    const { catalog } = this.#deps;
    const folder = this.#deps.folder();
    const before = catalog.files.get(folder.id, path);
    if (before === undefined) return;
    const started = this.#start(this.#reader, { path, size: before.size, mtimeMs: 0 }, before);
    const outcome = this.#apply(started, await started.reading);
    if (outcome.kind === 'indexed') catalog.replaceFiles(folder, [outcome.write]);
  }

  #start(reader: FileReader, found: FoundFile, before: FileRow | undefined): Started {
    // Before it is read, so that a change meanwhile is noticed by the next scan.
    const checkedMs = Date.now();
    const file = { root: this.#deps.folder().path, path: found.path, digest: before?.digest };
    const reading = reader.read(file);
    // The scan may end before it comes to this file.
    reading.catch(() => undefined);
    return { found, before, checkedMs, reading };
  }

  #apply({ found, before, checkedMs }: Started, reading: FileReading): Outcome {
    const { catalog } = this.#deps;
    const folder = this.#deps.folder();
    if (reading.kind === 'gone') return { kind: 'skipped', reason: 'gone', removed: this.#remove(before) };
    if (reading.kind === 'skipped') {
      const { reason, state } = reading;
      if (isTemporary(reason)) return { kind: 'skipped', reason, removed: 0 };
      if (state !== undefined)
        catalog.files.recordSkipped(folder.id, { path: found.path, ...state, checkedMs, reason });
      return { kind: 'skipped', reason, removed: this.#remove(before) };
    }
    catalog.files.deleteSkipped(folder.id, found.path);
    if (reading.kind === 'same') {
      const { size, mtimeMs } = reading;
      if (before !== undefined) catalog.files.touch(before.id, { size, mtimeMs, checkedMs });
      return { kind: 'unchanged', removed: 0 };
    }
    const write = { file: { ...reading.file, checkedMs }, chunks: reading.chunks };
    return { kind: 'indexed', removed: 0, write };
  }

  #remove(file: FileRow | undefined): number {
    return file === undefined ? 0 : this.#deps.catalog.removeFile(this.#deps.folder(), file).removed;
  }
}

/** Whether a file cannot be read only at this moment, so that its index is kept. */
const isTemporary = (reason: string): boolean => reason === 'unreadable' || reason === 'changing';

function isUnchanged(before: Pick<FileRow, 'size' | 'mtimeMs' | 'checkedMs'>, found: FoundFile): boolean {
  return (
    before.size === found.size &&
    before.mtimeMs === found.mtimeMs &&
    Math.abs(before.checkedMs - found.mtimeMs) >= racyMs
  );
}
