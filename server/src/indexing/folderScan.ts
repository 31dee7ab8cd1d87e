import type { Disposable } from '../../../shared/src/disposable.js';
import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { IndexProgress, IndexReport } from '../../../shared/src/protocol/protocol.js';
import type { Catalog, FileChange, FileRow, FolderRow } from '../catalog/catalog.js';
import type { Chunker } from '../chunking/chunker.js';
import type { FoundFile } from '../source/walk.js';
import { walkAhead } from '../source/walkAhead.js';
import { whyEmpty } from '../source/whyEmpty.js';
import { Pacer } from '../syntax/pacer.js';
import type { ChunkEmbedder } from './embedder.js';
import { type FileReader, type FileReading, LocalFileReader } from './fileReader.js';
import type { IndexWriter } from './indexWriter.js';
import { Rate } from './rate.js';
import { WriteBuffer } from './writeBuffer.js';

export interface IndexerSettings {
  readonly maxFileBytes: number;
  readonly exclude: readonly string[];
  /** Whether the vector store gets the source text as well. */
  readonly storeDocuments: boolean;
  /** Whether chunks get vectors too. */
  readonly vectors: 'all' | 'files';
}

export interface FolderScanDependencies {
  /** The folder's row as it is now: a rebuilt collection changes it. */
  readonly folder: () => FolderRow;
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
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
  | 'emptyBecause'
  | 'chunksRemoved'
>;

/** Reads up to `limit` files at the same time. */
export interface BulkReader extends FileReader {
  readonly limit: number;
}

/** What a scan did with one file. */
type Outcome =
  { readonly kind: 'indexed' | 'unchanged' } | { readonly kind: 'skipped'; readonly reason: string };

/** A file that changed this close to the moment of reading may change again with the same time stamp. */
const racyMs = 2000;

/** A scan that has read this many files leaves the next ones to the bulk reader, and all writing to another thread. */
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
    const { catalog, writer, settings, onProgress, bulkReader, chunker } = this.#deps;
    const folder = this.#deps.folder();
    const indexed = catalog.files.seen(folder.id);
    const skippedBefore = catalog.files.skipped(folder.id);
    const report = { filesTotal: 0, filesAdded: 0, filesChanged: 0, filesRemoved: 0, filesUnchanged: 0 };
    const filesSkipped: Record<string, number> = {};
    const unreadable: string[] = [];
    const skip = (path: string, reason: string): void => {
      filesSkipped[reason] = (filesSkipped[reason] ?? 0) + 1;
      if (reason === 'unreadable') unreadable.push(path);
    };
    const writes = new WriteBuffer(writer, folder);
    let bulk: Disposable | undefined;
    const pacer = new Pacer();
    const rate = new Rate();
    let compared = 0;
    // Paths that were skipped before and are read again.
    const skippedNow = new Set<string>();
    // Files are written in the order in which they were found, however many are being read.
    const started: Started[] = [];
    let read = 0;
    const finish = async (): Promise<void> => {
      const first = started.shift();
      if (first === undefined) return;
      const { found, before } = first;
      const { outcome, change } = this.#compare(first, await first.reading, skippedNow);
      if (change !== undefined) await writes.add(change);
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
    const ended = new AbortController();
    const walked = AbortSignal.any([signal, ended.signal]);
    const files = walkAhead(folder.path, { ...settings, signal: walked }, skip);
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
          if (read++ === bulkFiles) bulk = writer.bulk();
          const threads = bulk !== undefined || chunker.isBroken ? bulkReader : undefined;
          if (skippedAs !== undefined) skippedNow.add(found.path);
          started.push(this.#start(threads ?? this.#reader, found, before));
          while (started.length > (threads === undefined ? 0 : threads.limit * ahead)) await finish();
        }
      }
      while (started.length > 0) await finish();
      for (const { path } of indexed.values()) {
        // A path that could not be read may still exist. Its hits are compared with the disk anyway.
        if (unreadable.some((one) => path === one || (one.endsWith('/') && path.startsWith(one)))) continue;
        await writes.add({ kind: 'gone', path });
        report.filesRemoved++;
      }
      for (const path of skippedBefore.keys()) await writes.add({ kind: 'gone', path });
      await writes.flush();
      const due = catalog.usage.dueCount(folder.id);
      if (due > bulkFiles) bulk ??= writer.bulk();
      // Most scans find no change: they wait for no other writer.
      for (let after = due === 0 ? undefined : 0; after !== undefined;) {
        throwIfCancelled(signal, 'Indexing');
        after = await writer.refreshUsage(folder, settings, after);
      }
    } finally {
      ended.abort();
      bulk?.dispose();
      // What was read before the scan was cancelled or failed is kept.
      await writes.flush();
    }
    return {
      ...report,
      filesSkipped,
      ...(report.filesTotal === 0 && { emptyBecause: whyEmpty(folder.path, filesSkipped) }),
      chunksRemoved: writes.chunksRemoved,
    };
  }

  /** Compares one indexed file again, by content: its text is no longer what the catalog says. */
  async rescanFile(path: string): Promise<void> {
    const { catalog, writer, chunker, bulkReader } = this.#deps;
    const folder = this.#deps.folder();
    const reader = (chunker.isBroken ? bulkReader : undefined) ?? this.#reader;
    const before = catalog.files.get(folder.id, path);
    if (before === undefined) return;
    const started = this.#start(reader, { path, size: before.size, mtimeMs: 0, ctimeMs: 0 }, before);
    const { change } = this.#compare(started, await started.reading, new Set());
    if (change !== undefined) await writer.writeFiles(folder, [change]);
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

  /** What to report of a file, and what to write. `skippedBefore` has the paths that the catalog lists as skipped. */
  #compare(
    { found: { path }, before, checkedMs }: Started,
    reading: FileReading,
    skippedBefore: ReadonlySet<string>,
  ): { readonly outcome: Outcome; readonly change?: FileChange } {
    const isKnown = before !== undefined || skippedBefore.has(path);
    if (reading.kind === 'gone' || reading.kind === 'skipped') {
      const { reason, state } = reading.kind === 'gone' ? { reason: 'gone', state: undefined } : reading;
      const outcome = { kind: 'skipped', reason } as const;
      if (isTemporary(reason)) return { outcome };
      if (state !== undefined)
        return { outcome, change: { kind: 'skipped', path, reason, state: { ...state, checkedMs } } };
      return isKnown ? { outcome, change: { kind: 'gone', path } } : { outcome };
    }
    if (reading.kind === 'same') {
      const { size, mtimeMs } = reading;
      return { outcome: { kind: 'unchanged' }, change: { kind: 'same', path, size, mtimeMs, checkedMs } };
    }
    return { outcome: { kind: 'indexed' }, change: { kind: 'indexed', rows: reading.rows, checkedMs } };
  }
}

/** Whether a file cannot be read only at this moment, so that its index is kept. */
const isTemporary = (reason: string): boolean => reason === 'unreadable' || reason === 'changing';

function isUnchanged(before: Pick<FileRow, 'size' | 'mtimeMs' | 'checkedMs'>, found: FoundFile): boolean {
  return (
    before.size === found.size &&
    before.mtimeMs === found.mtimeMs &&
    Math.abs(before.checkedMs - found.mtimeMs) >= racyMs &&
    before.checkedMs >= found.ctimeMs
  );
}
