import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { LanternError, errorMessage } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { Sequence } from '../../../../shared/src/sequence.js';
import { ThreadCalls, startThread } from '../../../../shared/src/threads.js';
import type { FileReader, FileReading, FileToRead } from '../fileReader.js';
import type { ScanMessage, ScanWorkerData } from './scanWorker.js';

/**
 * Threads end when they have had nothing to read for this long. Embedding follows, whose sessions would add their memory
 * to that of these threads: 65 MB with a folder of 1,500 chunks.
 */
const idleMs = 250;

/** One per core, but no more: each has parsers and a tokenizer of its own, and one thread writes what they have read. */
const mostThreads = 4;

export interface ScanThreadsOptions {
  readonly data: ScanWorkerData;
  /** Most threads at once; one per core by default, and at most four. */
  readonly threads?: number;
  readonly log: Log;
  readonly idleMs?: number;
  /** Replaces the real thread, for tests of faults. */
  readonly start?: () => Worker;
}

interface Thread {
  readonly worker: Worker;
  readonly calls: ThreadCalls;
  /** Whether it has begun to read files. */
  isReady: boolean;
}

class ThreadLost extends LanternError {
  constructor(cause: string) {
    super(
      'unavailable',
      `The thread that reads files has ended${cause && ` (${cause})`}. Try again: what was read is kept.`,
    );
  }
}

/** Reads files in worker threads, which run only while there is something to read. */
export class ScanThreads implements FileReader {
  readonly #options: ScanThreadsOptions;
  readonly #threads = new Set<Thread>();
  #idle: NodeJS.Timeout | undefined;
  /** Reads files again that were lost with their thread. */
  readonly #alone = new Sequence();
  #disposed = false;

  constructor(options: ScanThreadsOptions) {
    this.#options = options;
  }

  /** Number of running threads. */
  get running(): number {
    return this.#threads.size;
  }

  /** Most threads at once. */
  get limit(): number {
    return this.#options.threads ?? Math.min(availableParallelism(), mostThreads);
  }

  /** A file that ends the thread that reads it, such as one that takes all memory, is skipped until it changes. */
  async read(file: FileToRead): Promise<FileReading> {
    clearTimeout(this.#idle);
    try {
      return await this.#leastBusy().calls.call<FileReading>(file);
    } catch (error) {
      if (!(error instanceof ThreadLost) || this.#disposed) throw error;
      // One of the files that waited has ended it. Each is read again with nothing beside it.
      return await this.#alone.run(() => this.#readAlone(file));
    } finally {
      this.#endSoon();
    }
  }

  async #readAlone(file: FileToRead): Promise<FileReading> {
    const thread = this.#start();
    try {
      return await thread.calls.call<FileReading>(file);
    } catch (error) {
      // A thread that could not even start says nothing of the file.
      if (!(error instanceof ThreadLost) || !thread.isReady || this.#disposed) throw error;
      const { path } = file;
      this.#options.log.write('warn', 'scan.crashed', { path, cause: errorMessage(error) });
      const stats = await stat(join(file.root, path)).catch(() => undefined);
      if (stats === undefined) return { kind: 'gone' };
      return { kind: 'skipped', reason: 'crashed', state: { size: stats.size, mtimeMs: stats.mtimeMs } };
    } finally {
      await thread.worker.terminate();
    }
  }

  /** Ends all threads. What they had not read is rejected. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (best === undefined || thread.calls.waiting < best.calls.waiting) best = thread;
    }
    const isBusy = best === undefined || best.calls.waiting > 0;
    if (best !== undefined && (!isBusy || this.#threads.size >= this.limit)) return best;
    const thread = this.#start();
    this.#threads.add(thread);
    return thread;
  }

  #start(): Thread {
    const { data, log, start } = this.#options;
    const script = new URL('./scanWorker.js', import.meta.url);
    const worker = start?.() ?? startThread(script, { workerData: data, name: 'scan' });
    const calls = new ThreadCalls(
      worker,
      (cause) => new ThreadLost(cause),
      (message) => {
        const said = message as ScanMessage;
        if ('ready' in said) thread.isReady = true;
        else log.write(said.level, said.event, said.fields);
      },
    );
    const thread: Thread = { worker, calls, isReady: false };
    void calls.ended.then(() => {
      this.#threads.delete(thread);
      if (calls.cause !== '') log.write('error', 'scan.thread.lost', { cause: calls.cause });
    });
    return thread;
  }

  #endSoon(): void {
    clearTimeout(this.#idle);
    if ([...this.#threads].some(({ calls }) => calls.waiting > 0)) return;
    this.#idle = setTimeout(() => void this.#end(), this.#options.idleMs ?? idleMs);
    this.#idle.unref();
  }
}
