import { relative, sep } from 'node:path';
import { contains } from '../../../shared/src/contains.js';
import type { Disposable } from '../../../shared/src/disposable.js';
import { LanternError, cancelled, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { IndexProgress } from '../../../shared/src/protocol/protocol.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import { SharedTask } from '../../../shared/src/sharedTask.js';
import type { Catalog, ChunkRow, FolderRow } from '../catalog/catalog.js';
import type { Chunker } from '../chunking/chunker.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { Projector } from '../vectors/projector.js';
import type { VectorStore } from '../vectors/vectorStore.js';
import type { ChunkEmbedder } from './embedder.js';
import { type EmbedReport, FolderEmbedding } from './folderEmbedding.js';
import { type BulkReader, FolderScan, type IndexerSettings, type ScanReport } from './folderScan.js';
import { type Exported, exportVectors } from './exchange/exportVectors.js';
import { type Imported, importVectors } from './exchange/importVectors.js';
import type { SharedVectors } from './exchange/sharedVectors.js';
import type { IndexWriter } from './indexWriter.js';
import { PauseGate } from './pauseGate.js';

/** What every folder's indexer shares with the others. */
export interface IndexingDependencies {
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
  readonly store: VectorStore;
  readonly chunker: Chunker;
  readonly embedder: ChunkEmbedder;
  readonly settings: IndexerSettings;
  /** Reads many files; without it this thread does. */
  readonly bulkReader?: BulkReader | undefined;
  /** Vectors that others have made; undefined where none are shared. */
  readonly shared?: SharedVectors | undefined;
  readonly log: Log;
  /** Counts a running job until the result is disposed of. A counted job keeps the daemon from exiting. */
  readonly busy?: (job: string) => Disposable;
}

export interface FolderIndexerDependencies extends IndexingDependencies {
  readonly folder: FolderRow;
  /** Absolute paths of files that are open in an editor, the most wanted at the end. */
  readonly openFiles: () => readonly string[];
  /** Called after each step, for status and progress. */
  readonly onProgress: (progress: IndexProgress) => void;
}

/** Keeps one collection equal to one folder. `scan` reads what has changed; `embed` gives it vectors. */
export class FolderIndexer {
  readonly projector: Projector;
  readonly #deps: FolderIndexerDependencies;
  readonly #folderScan: FolderScan;
  readonly #folderEmbedding: FolderEmbedding;
  readonly #embedding = new SharedTask<EmbedReport>('Indexing');
  #scanning: Promise<unknown> = Promise.resolve();
  #nextScan: SharedTask<ScanReport> | undefined;
  readonly #scans = new Set<SharedTask<ScanReport>>();
  readonly #gate = new PauseGate();
  #disposed = false;

  constructor(deps: FolderIndexerDependencies) {
    this.#deps = deps;
    const { folder, catalog, writer, store, embedder, settings, log, onProgress } = deps;
    const texts = (): SourceTexts => new SourceTexts(folder.path, settings);
    this.projector = new Projector({
      folder,
      catalog,
      writer,
      store,
      dimensions: embedder.dimensions,
      document: settings.storeDocuments ? (chunk: ChunkRow) => texts().of(chunk) : undefined,
      log,
    });
    this.#folderScan = new FolderScan({ ...deps, folder: () => this.folder });
    this.#folderEmbedding = new FolderEmbedding({
      catalog,
      writer,
      projector: this.projector,
      embedder,
      shared: deps.shared,
      gate: this.#gate,
      vectors: settings.vectors,
      texts,
      rescanFile: (path) => this.#folderScan.rescanFile(path),
      onProgress,
      openIds: () => this.#openIds(),
      counted: (job, work) => this.#counted(job, work),
    });
  }

  /** The folder's row as the catalog has it now. */
  get folder(): FolderRow {
    return this.projector.folder;
  }

  get paused(): boolean {
    return this.#gate.closed;
  }

  /** Whether this indexer was given up. Further calls are rejected. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Compares the folder with the catalog and chunks again what differs, so that lexical search finds it. Calls made
   * while a scan runs share the next one, because the running scan may already have passed the changed file.
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
          return this.#counted('scan', () => this.#folderScan.run(own));
        })
        .finally(() => this.#scans.delete(next));
      this.#scanning = done;
      return done;
    }, signal);
  }

  /** Embeds what has no vector and brings the collection up to date. Concurrent callers share one run. */
  async embed(signal?: AbortSignal): Promise<EmbedReport> {
    if (this.#disposed) throw cancelled('Indexing');
    return this.#embedding.join((own) => this.#folderEmbedding.run(own), signal);
  }

  /** Takes vectors from a file that another index has exported. Call `scan` before and `embed` afterwards. */
  async import(file: string, signal?: AbortSignal): Promise<Imported> {
    if (this.#disposed) throw cancelled('The import');
    const { catalog, writer, embedder, settings, onProgress } = this.#deps;
    const texts = new SourceTexts(this.folder.path, settings);
    const job = { catalog, writer, folder: this.folder, embedder, texts, file, onProgress };
    return this.#counted('import', () => importVectors(job, signal));
  }

  /** See `FolderEmbedding`. Call it after `import`. */
  leaveCollection(): Promise<EmbedReport | undefined> {
    return this.#folderEmbedding.leaveCollection();
  }

  /** Writes the folder's vectors to a file. */
  async export(
    file: string,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<Exported> {
    const { catalog } = this.#deps;
    return this.#counted('export', () => exportVectors(catalog, this.folder, file, onProgress, signal));
  }

  /** Embeds the chunks of these files next. */
  want(fileIds: Iterable<number>): void {
    this.#folderEmbedding.want(fileIds);
  }

  /** Embeds the files that are open in an editor next. */
  wantOpen(): void {
    this.want(this.#openIds());
  }

  /** Stops embedding after its next commit, until `resume`. A paused job keeps neither the model nor the daemon. */
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

  #openIds(): number[] {
    const { catalog, openFiles } = this.#deps;
    const { id, path: root } = this.folder;
    return openFiles().flatMap((path) => {
      if (!contains(root, path)) return [];
      const file = catalog.files.get(id, relative(root, path).split(sep).join('/'));
      return file === undefined ? [] : [file.id];
    });
  }

  async #counted<T>(job: string, work: () => Promise<T>): Promise<T> {
    const counted = this.#deps.busy?.(`${job} ${this.folder.path}`);
    try {
      // Jobs of several folders may be due in the same turn.
      await nextTurn();
      return await work();
    } finally {
      counted?.dispose();
    }
  }
}

/** What to tell the user of a failed job; undefined for a cancelled one. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof LanternError && error.code === 'cancelled') return undefined;
  return errorMessage(error);
}
