import type { Worker } from 'node:worker_threads';
import { type Disposable, disposeOnce } from '../../../../shared/src/disposable.js';
import { LanternError } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { nextTurn } from '../../../../shared/src/nextTurn.js';
import { ThreadCalls, startThread } from '../../../../shared/src/threads.js';
import type { Catalog } from '../../catalog/catalog.js';
import { type IndexWriter, type WriteCall, inOrder, runOperation, writeOperations } from '../indexWriter.js';
import type { WriteWorkerData, Written } from './writeWorker.js';

/** The thread ends when it has had nothing to write for this long, so that its memory comes back. */
const idleMs = 2000;

export interface WriteThreadOptions {
  readonly catalog: Catalog;
  readonly dataDir: string;
  readonly log: Log;
  readonly idleMs?: number;
  /** Replaces the real thread, for tests of faults. */
  readonly start?: () => Worker;
}

/**
 * More changes than this in a period are written in the thread, as while files are saved all the time. Saving one file
 * makes about eight.
 */
const mostLocal = 16;
const periodMs = 2000;

/** A removed folder may have a hundred thousand rows. */
const isLong = ({ name }: WriteCall): boolean => name === 'removeFolder' || name === 'replaceFolder';

/**
 * Writes the catalog: small changes in this thread, and bulk work in a worker thread with a connection of its own. While
 * that runs it makes all changes, and this thread only reads: it would block while it waited for SQLite's lock.
 */
export class WriteThread {
  readonly writer: IndexWriter;
  readonly #options: WriteThreadOptions;
  readonly #local: ReturnType<typeof writeOperations>;
  #bulk = 0;
  /** Changes made in this thread in the period that began at `since`. */
  #own = { since: -Infinity, changes: 0 };
  #running: ThreadCalls | undefined;
  #ending: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: WriteThreadOptions) {
    this.#options = options;
    this.#local = writeOperations(options.catalog);
    this.writer = inOrder(
      this.#local,
      (call) => this.#write(call),
      () => this.#beginBulk(),
    );
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Ends the thread after its last call. */
  async dispose(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#end();
  }

  #beginBulk(): Disposable {
    this.#bulk++;
    return disposeOnce(() => {
      this.#bulk--;
      this.#endSoon();
    });
  }

  async #write(call: WriteCall): Promise<unknown> {
    clearTimeout(this.#idle);
    await this.#ending;
    const { catalog } = this.#options;
    try {
      if (this.#running === undefined && (this.#bulk > 0 || isLong(call) || this.#isFrequent()))
        this.#running = this.#start();
      if (this.#running === undefined) {
        // Else several changes that wait would be made in one turn.
        await nextTurn();
        return await runOperation(this.#local, call);
      }
      const { result, changes } = await this.#running.call<Written>(call);
      catalog.apply(changes);
      return result;
    } catch (error) {
      if (error instanceof LanternError && error.code === 'catalog-damaged')
        catalog.noteDamage(error.message);
      throw error;
    } finally {
      this.#endSoon();
    }
  }

  #isFrequent(): boolean {
    const now = performance.now();
    if (now - this.#own.since > periodMs) this.#own = { since: now, changes: 0 };
    return ++this.#own.changes > mostLocal;
  }

  #start(): ThreadCalls {
    const { catalog, dataDir, log, start } = this.#options;
    const script = new URL('./writeWorker.js', import.meta.url);
    const workerData: WriteWorkerData = { dataDir };
    const worker = start?.() ?? startThread(script, { workerData, name: 'write' });
    // Only a call that waits keeps the process alive.
    worker.unref();
    catalog.setReadOnly(true);
    const calls = new ThreadCalls(
      worker,
      (cause) =>
        new LanternError(
          'unavailable',
          `The thread that writes the catalog has ended${cause && ` (${cause})`}. Try again: what was written is kept.`,
        ),
    );
    void calls.ended.then(() => {
      if (this.#running === calls) this.#running = undefined;
      if (calls.cause !== '') log.write('error', 'write.thread.lost', { cause: calls.cause });
      catalog.setReadOnly(false);
    });
    return calls;
  }

  #endSoon(): void {
    clearTimeout(this.#idle);
    if (this.#running === undefined || this.#bulk > 0) return;
    const endIfIdle = (): void => {
      if (this.#running?.waiting === 0) void this.#end();
      else this.#endSoon();
    };
    this.#idle = setTimeout(endIfIdle, this.#options.idleMs ?? idleMs);
    this.#idle.unref();
  }

  #end(): Promise<void> {
    if (this.#running === undefined) return Promise.resolve();
    this.#ending ??= this.#running.end('end').finally(() => (this.#ending = undefined));
    return this.#ending;
  }
}
