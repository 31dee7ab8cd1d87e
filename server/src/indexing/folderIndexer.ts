import { Buffer } from 'node:buffer';
import type { Disposable } from '../../../shared/src/disposable.js';
import { LanternError, cancelled, errorMessage, throwIfCancelled } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { IndexProgress, IndexReport } from '../../../shared/src/protocol/protocol.js';
import { SharedTask } from '../../../shared/src/sharedTask.js';
import type { Catalog, ChunkRow, FileRow, FolderRow } from '../catalog/catalog.js';
import { Projector } from '../vectors/projector.js';
import type { VectorStore } from '../vectors/vectorStore.js';
import { type Chunker, embeddedText } from '../chunking/chunker.js';
import type { ChunkEmbedder, EmbedderLease } from './embedder.js';
import { fileRows } from './fileRows.js';
import { type FileStage, embedFiles } from './fileStage.js';
import { type FoundFile, walk } from '../source/walk.js';
import { languageOf } from '../syntax/languages.js';
import { Pacer } from '../syntax/pacer.js';
import { PauseGate } from './pauseGate.js';
import { Rate } from './rate.js';
import type { SearchPriority } from './searchPriority.js';
import { readSource } from '../source/sourceFile.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { refreshUsage } from './usagePass.js';

export interface IndexerSettings {
  readonly maxFileBytes: number;
  readonly exclude: readonly string[];
  /** Whether the vector store gets the source text as well. */
  readonly storeDocuments: boolean;
}

export interface FolderIndexerDependencies {
  readonly folder: FolderRow;
  readonly catalog: Catalog;
  readonly store: VectorStore;
  readonly chunker: Chunker;
  readonly embedder: ChunkEmbedder;
  readonly settings: IndexerSettings;
  readonly log: Log;
  /** Told of each step, for status and progress. */
  readonly onProgress: (progress: IndexProgress) => void;
  /** Whom a job lets pass between two texts. */
  readonly searchPriority?: SearchPriority;
  /** Counts a job that runs, until the result is disposed of. */
  readonly busy?: (job: string) => Disposable;
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

export type EmbedReport = Pick<IndexReport, 'chunksEmbedded' | 'chunksReused' | 'collectionRebuilt'>;

/** What became of one file: new or changed content, none of that, or turned down; and how many chunks went. */
type Outcome =
  | { readonly kind: 'indexed'; readonly removed: 0; readonly write: FileWrite }
  | { readonly kind: 'unchanged'; readonly removed: number }
  | { readonly kind: 'skipped'; readonly reason: string; readonly removed: number };

/** A file as it was read, to be put into the catalog. */
type FileWrite = Parameters<Catalog['replaceFiles']>[1][number];

/** One pass over the chunks that need the model. */
interface EmbedJob {
  readonly chunkIds: readonly number[];
  readonly rate: Rate;
  embedded: number;
}

/** A time stamp this close to the moment of reading does not prove that the file has not changed since. */
const racyMs = 2000;
/** Chunks embedded between two commits; what is lost by a crash is at most this many runs of the model. */
const commitPage = 32;

/**
 * Files that a scan puts into the catalog at once, and for how long it collects them: a commit for each would write the
 * pages of common words again and again.
 */
const writePage = 16;
const writeDelayMs = 25;

/** Up to this many texts count as an edit, which goes before bulk work. */
const editSize = 64;

/** Keeps one collection equal to one folder. `scan` reads what has changed; `embed` gives it vectors. */
export class FolderIndexer {
  readonly projector: Projector;
  readonly #deps: FolderIndexerDependencies;
  readonly #texts: () => SourceTexts;
  readonly #embedding = new SharedTask<EmbedReport>('Indexing');
  #scanning: Promise<unknown> = Promise.resolve();
  #nextScan: SharedTask<ScanReport> | undefined;
  readonly #scans = new Set<SharedTask<ScanReport>>();
  readonly #gate = new PauseGate();
  #disposed = false;

  constructor(deps: FolderIndexerDependencies) {
    this.#deps = deps;
    const { folder, catalog, store, embedder, settings, log } = deps;
    this.#texts = () => new SourceTexts(folder.path, settings);
    const document = settings.storeDocuments ? (chunk: ChunkRow) => this.#texts().of(chunk) : undefined;
    this.projector = new Projector({
      folder,
      catalog,
      store,
      dimensions: embedder.dimensions,
      document,
      log,
    });
  }

  /** The row as the catalog has it now. */
  get folder(): FolderRow {
    return this.projector.folder;
  }

  get paused(): boolean {
    return this.#gate.closed;
  }

  /** Whether its folder was given up: calls are rejected from then on. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Compares the folder with the catalog and re-chunks what differs, so that its words can be found. Calls made while
   * a scan runs share the one that follows, since the running one may have passed the file that they care about.
   */
  async scan(signal?: AbortSignal): Promise<ScanReport> {
    if (this.#disposed) throw cancelled('Indexing');
    const next = (this.#nextScan ??= new SharedTask('Indexing'));
    return next.join(async (own) => {
      this.#scans.add(next);
      const running = this.#scanning;
      const done = running
        .catch(() => undefined)
        .then(() => {
          if (this.#nextScan === next) this.#nextScan = undefined;
          return this.#counted('scan', () => this.#scan(own));
        })
        .finally(() => this.#scans.delete(next));
      this.#scanning = done;
      return done;
    }, signal);
  }

  /** Embeds what has no vector and brings the collection up to date. Callers share one run. */
  async embed(signal?: AbortSignal): Promise<EmbedReport> {
    if (this.#disposed) throw cancelled('Indexing');
    return this.#embedding.join((own) => this.#embed(own), signal);
  }

  /** Holds embedding from its next commit until `resume`; a job that is held keeps neither model nor daemon. */
  pause(): void {
    this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.resume();
    await Promise.all([this.#embedding, ...this.#scans].map((task) => task.cancel()));
  }

  // ------------------------------------------------------------- scan

  async #counted<T>(job: string, work: () => Promise<T>): Promise<T> {
    const counted = this.#deps.busy?.(`${job} ${this.folder.path}`);
    try {
      return await work();
    } finally {
      counted?.dispose();
    }
  }

  async #scan(signal: AbortSignal): Promise<ScanReport> {
    const { catalog, settings, onProgress } = this.#deps;
    const known = catalog.seenFiles(this.folder.id);
    const skippedBefore = catalog.skippedFiles(this.folder.id);
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
      for (const removed of catalog.replaceFiles(this.folder, writes.splice(0))) chunksRemoved += removed;
    };
    const pacer = new Pacer();
    try {
      for await (const batch of walk(this.folder.path, { ...settings, signal }, skip)) {
        for (const found of batch) {
          const seen = known.get(found.path);
          const skippedAs = skippedBefore.get(found.path);
          known.delete(found.path);
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
          // A small file is done without a wait that would let others have their turn.
          if (pacer.due) await pacer.pause();
          throwIfCancelled(signal, 'Indexing');
          const before = seen && catalog.file(this.folder.id, found.path);
          const outcome = await this.#update(found, before);
          chunksRemoved += outcome.removed;
          if (outcome.kind === 'indexed') {
            writes.push(outcome.write);
            if (writes.length === writePage || performance.now() - wroteAt > writeDelayMs) write();
          }
          if (outcome.kind === 'skipped') {
            skip(found.path, outcome.reason);
            if (before !== undefined && !mayPass(outcome.reason)) report.filesRemoved++;
          } else {
            report.filesTotal++;
            if (outcome.kind === 'unchanged') report.filesUnchanged++;
            else report[before === undefined ? 'filesAdded' : 'filesChanged']++;
          }
          onProgress({ kind: 'scanning', files: report.filesTotal });
        }
      }
    } finally {
      // What was read is kept, also when the rest was cancelled or failed.
      write();
    }
    for (const gone of known.values()) {
      // What could not be looked at may be there still; hits are checked against the disk anyway.
      if (
        unreadable.some((path) => gone.path === path || (path.endsWith('/') && gone.path.startsWith(path)))
      ) {
        continue;
      }
      chunksRemoved += this.#drop(catalog.file(this.folder.id, gone.path));
      report.filesRemoved++;
    }
    for (const path of skippedBefore.keys()) catalog.forgetSkipped(this.folder.id, path);
    await refreshUsage(catalog, this.folder, settings, signal);
    return { ...report, filesSkipped, chunksRemoved };
  }

  async #update(found: FoundFile, before: FileRow | undefined): Promise<Outcome> {
    const { catalog, chunker, embedder, settings } = this.#deps;
    const checkedMs = Date.now();
    const source = await readSource(this.folder.path, found.path, settings);
    if (source.kind === 'gone') return { kind: 'skipped', reason: 'gone', removed: this.#drop(before) };
    if (source.kind === 'skipped') {
      const { reason, state } = source;
      if (mayPass(reason)) return { kind: 'skipped', reason, removed: 0 };
      if (state !== undefined) {
        catalog.rememberSkipped(this.folder.id, { path: found.path, ...state, checkedMs, reason });
      }
      return { kind: 'skipped', reason, removed: this.#drop(before) };
    }
    catalog.forgetSkipped(this.folder.id, found.path);
    const { text, digest, size, mtimeMs } = source;
    if (before?.digest === digest) {
      catalog.touchFile(before.id, { size, mtimeMs, checkedMs });
      return { kind: 'unchanged', removed: 0 };
    }
    const language = languageOf(found.path, text);
    const { maxTokens } = embedder;
    const countTokens = (part: string): number => embedder.countTokens(part);
    const chunked = await chunker.chunk({ path: found.path, language, text, maxTokens, countTokens });
    const limits = { maxTokens, countTokens };
    const { file, rows } = fileRows({ path: found.path, language, text, digest, chunked }, limits);
    const seen = { ...file, size, mtimeMs, checkedMs };
    return { kind: 'indexed', removed: 0, write: { file: seen, chunks: rows } };
  }

  #drop(file: FileRow | undefined): number {
    return file === undefined ? 0 : this.#deps.catalog.removeFile(this.folder, file).removed;
  }

  // ------------------------------------------------------------- embed

  async #embed(signal: AbortSignal): Promise<EmbedReport> {
    const { catalog } = this.#deps;
    const { projector } = this;
    const report = { chunksEmbedded: 0, chunksReused: 0 };
    await projector.begin();
    let before = '';
    for (;;) {
      const { ready, missing } = catalog.outbox.unconfirmed(projector.folder);
      // Nothing is left, or nothing moved since the last round: these files keep changing under us, or the store takes
      // nothing. What a scan adds meanwhile is taken along, since its caller may have joined this run.
      const state = `${catalog.outbox.count(projector.folder.id)} ${ready.join()} ${missing.join()}`;
      if (state === before) break;
      before = state;
      report.chunksReused += await this.#counted('project', () => projector.project(ready, signal));
      await this.#embedFiles(signal);
      if (missing.length > 0) report.chunksEmbedded += await this.#embedMissing(missing, signal);
      else await this.#counted('verify', () => projector.verify(signal));
    }
    catalog.markIndexed(projector.folder.id, Date.now());
    return { ...report, collectionRebuilt: projector.takeRebuilt() };
  }

  /** Files as a whole come first: a search is nearly as good with their vectors as with all. */
  async #embedFiles(signal: AbortSignal): Promise<void> {
    const { catalog, embedder, onProgress } = this.#deps;
    const rate = new Rate();
    do {
      await this.#gate.passed(signal);
      throwIfCancelled(signal, 'Indexing');
      const stage: FileStage = {
        catalog,
        folder: this.folder,
        acquire: (texts) => embedder.acquire(this.folder.path, texts <= editSize ? 'edited' : 'bulk', signal),
        paused: () => this.#gate.closed,
        passed: async () => this.#deps.searchPriority?.yieldToSearches(),
        onProgress: (done, total) => {
          rate.add(1);
          const [perSecond, secondsLeft] = [rate.perSecond(), rate.secondsFor(total - done)];
          onProgress({ kind: 'embedding', files: total, done, total, rate: perSecond, secondsLeft });
        },
      };
      await this.#counted('embed', () => embedFiles(stage, signal));
    } while (this.#gate.closed);
  }

  /** Embeds in stretches from one pause to the next, each under a lease of its own. */
  async #embedMissing(chunkIds: readonly number[], signal: AbortSignal): Promise<number> {
    const job = { chunkIds, embedded: 0, rate: new Rate() };
    this.#tell(job, 0);
    for (let at = 0; at < chunkIds.length;) {
      await this.#gate.passed(signal);
      throwIfCancelled(signal, 'Indexing');
      const from = at;
      at = await this.#counted('embed', () => this.#embedUntilPaused(job, from, signal));
    }
    return job.embedded;
  }

  async #embedUntilPaused(job: EmbedJob, from: number, signal: AbortSignal): Promise<number> {
    const { embedder } = this.#deps;
    const { chunkIds } = job;
    const priority = chunkIds.length <= editSize ? 'edited' : 'bulk';
    const lease = await embedder.acquire(this.folder.path, priority, signal);
    let projecting: Promise<unknown> = Promise.resolve();
    try {
      let at = from;
      for (; at < chunkIds.length && !this.#gate.closed; at += commitPage) {
        await this.#embedPage(job, at, lease, signal);
        await projecting;
        projecting = this.projector.project(chunkIds.slice(at, at + commitPage), signal);
        projecting.catch(() => undefined);
      }
      await projecting;
      return at;
    } finally {
      lease.dispose();
      await projecting.catch(() => undefined);
    }
  }

  async #embedPage(job: EmbedJob, from: number, lease: EmbedderLease, signal: AbortSignal): Promise<void> {
    const { catalog, embedder } = this.#deps;
    const countTokens = (part: string): number => embedder.countTokens(part);
    const texts = this.#texts();
    const vectors: { digest: Uint8Array; vector: Float32Array }[] = [];
    try {
      for (const [i, id] of job.chunkIds.slice(from, from + commitPage).entries()) {
        throwIfCancelled(signal, 'Indexing');
        const chunk = catalog.chunk(id);
        if (chunk === undefined || catalog.vectors.get(this.folder, chunk.vectorDigest) !== undefined)
          continue;
        if (vectors.some(({ digest }) => Buffer.compare(digest, chunk.vectorDigest) === 0)) continue;
        const text = await texts.of(chunk);
        if (text === undefined) {
          await this.#rescanFile(chunk.path);
          continue;
        }
        const input = embeddedText(chunk.path, text, embedder.maxTokens, countTokens);
        await this.#deps.searchPriority?.yieldToSearches();
        vectors.push({ digest: chunk.vectorDigest, vector: await lease.embed(input, signal) });
        job.embedded++;
        job.rate.add(1);
        this.#tell(job, from + i + 1);
      }
    } finally {
      // What was finished is kept, also when the rest was cancelled or failed.
      if (vectors.length > 0) catalog.vectors.put(this.folder, vectors);
    }
  }

  #tell({ chunkIds, rate }: EmbedJob, done: number): void {
    const total = chunkIds.length;
    const [perSecond, secondsLeft] = [rate.perSecond(), rate.secondsFor(total - done)];
    this.#deps.onProgress({ kind: 'embedding', files: 0, done, total, rate: perSecond, secondsLeft });
  }

  /** The file is not what the catalog says: compare it again, by content. */
  async #rescanFile(path: string): Promise<void> {
    const before = this.#deps.catalog.file(this.folder.id, path);
    if (before === undefined) return;
    const outcome = await this.#update({ path, size: before.size, mtimeMs: 0 }, before);
    if (outcome.kind === 'indexed') this.#deps.catalog.replaceFiles(this.folder, [outcome.write]);
  }
}

/** A file that only cannot be read at this moment keeps what is known of it. */
const mayPass = (reason: string): boolean => reason === 'unreadable' || reason === 'changing';

function isUnchanged(before: Pick<FileRow, 'size' | 'mtimeMs' | 'checkedMs'>, found: FoundFile): boolean {
  return (
    before.size === found.size &&
    before.mtimeMs === found.mtimeMs &&
    Math.abs(before.checkedMs - found.mtimeMs) >= racyMs
  );
}

/** What a failed job tells the user; a cancelled one is no failure. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof LanternError && error.code === 'cancelled') return undefined;
  return errorMessage(error);
}
