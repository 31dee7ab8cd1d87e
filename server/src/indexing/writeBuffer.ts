import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { FileChange, FolderRow } from '../catalog/catalog.js';
import type { IndexWriter } from './indexWriter.js';

/**
 * A first page is written at once. After it changes are collected for this long, or until there are this many: a commit
 * per file would write the pages of common terms again and again.
 */
const pageDelayMs = 25;
const pageFiles = 16;
/** Most bytes of files that wait while the page before them is written: the larger a page, the less it writes twice. */
const mostBytes = 8 * 1024 * 1024;
const mostFiles = 512;

/** Collects what a scan found out while the page before is written. */
export class WriteBuffer {
  readonly #writer: IndexWriter;
  readonly #folder: FolderRow;
  #changes: FileChange[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #wroteAt = -Infinity;
  #chunksRemoved = 0;
  #failure: unknown;

  constructor(writer: IndexWriter, folder: FolderRow) {
    this.#writer = writer;
    this.#folder = folder;
  }

  /** Chunks that the written changes have deleted. */
  get chunksRemoved(): number {
    return this.#chunksRemoved;
  }

  /** Waits only when much has been collected. Rejects when an earlier page could not be written. */
  async add(change: FileChange): Promise<void> {
    this.#throwFailure();
    this.#changes.push(change);
    if (change.kind === 'indexed') this.#bytes += change.rows.length;
    if (this.#changes.length >= mostFiles || this.#bytes >= mostBytes) await this.#writing;
    if (this.#writing !== undefined) return;
    if (this.#changes.length >= pageFiles || performance.now() - this.#wroteAt > pageDelayMs) {
      const written = this.#write();
      // A writer in this thread is done by then.
      await Promise.race([written, nextTurn()]);
    }
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#throwFailure();
    if (this.#changes.length > 0) await this.#write();
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  #write(): Promise<void> {
    const page = this.#changes;
    this.#changes = [];
    this.#bytes = 0;
    this.#writing = this.#writer
      .writeFiles(this.#folder, page)
      .then(
        (removed) => (this.#chunksRemoved += removed),
        (error: unknown) => (this.#failure = error),
      )
      .then(() => {
        this.#writing = undefined;
        this.#wroteAt = performance.now();
      });
    return this.#writing;
  }
}
