import type { Worker } from 'node:worker_threads';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { startThread } from '../../../shared/src/threads.js';
import type { FileReader, FileReading, FileToRead } from './fileReader.js';
import type { ScanReply, ScanRequest, ScanWorkerData } from './scanWorker.js';

/** Threads end when they have had nothing to read for this long, so that their memory comes back. */
const idleMs = 2000;

export interface ScanThreadsOptions {
  readonly data: ScanWorkerData;
  /** Most threads at once. */
  readonly threads: number;
  readonly log: Log;
  readonly idleMs?: number;
  /** Replaces the real thread, for tests of faults. */
  readonly start?: () => Worker;
}

interface Waiting {
  readonly resolve: (reading: FileReading) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Reads files in worker threads, which run only while there is something to read. */
export class ScanThreads implements FileReader {
  readonly #options: ScanThreadsOptions;
  readonly #threads = new Set<Thread>();
  #next = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ScanThreadsOptions) {
    this.#options = options;
  }

  /** Number of running threads. */
  get running(): number {
    return this.#threads.size;
  }

  /** Most threads at once. */
  get limit(): number {
    return this.#options.threads;
  }

  /** Rejects with `unavailable` when the thread ends before it has read the file. */
  read(file: FileToRead): Promise<FileReading> {
    clearTimeout(this.#idle);
    const thread = this.#leastBusy();
    const id = this.#next++;
    return new Promise<FileReading>((resolve, reject) => {
      if (thread.waiting.size === 0) thread.worker.ref();
      thread.waiting.set(id, { resolve, reject });
      thread.worker.postMessage({ id, file } satisfies ScanRequest);
    });
  }

  /** Ends all threads. What they had not read is rejected. */
  async dispose(): Promise<void> {
    clearTimeout(this.#idle);
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (best === undefined || thread.waiting.size < best.waiting.size) best = thread;
    }
    if (best === undefined || (best.waiting.size > 0 && this.#threads.size < this.#options.threads))
      return this.#start();
    return best;
  }

  #start(): Thread {
    const script = new URL('./scanWorker.js', import.meta.url);
    const worker =
      this.#options.start?.() ?? startThread(script, { workerData: this.#options.data, name: 'scan' });
    const thread: Thread = { worker, waiting: new Map() };
    let cause: unknown;
    worker.on('error', (error: unknown) => (cause = error));
    worker.on('message', (reply: ScanReply) => {
      if (reply.kind === 'log') this.#options.log.write(reply.level, reply.event, reply.fields);
      else this.#settle(thread, reply);
    });
    worker.once('exit', () => {
      this.#threads.delete(thread);
      const why = cause === undefined ? '' : errorMessage(cause);
      if (why !== '') this.#options.log.write('error', 'scan.thread.lost', { cause: why });
      const error = new LanternError(
        'unavailable',
        `The thread that reads files has ended${why && ` (${why})`}. Try again: what was read is kept.`,
        { cause },
      );
      for (const { reject } of thread.waiting.values()) reject(error);
      thread.waiting.clear();
    });
    this.#threads.add(thread);
    return thread;
  }

  #settle(thread: Thread, reply: Exclude<ScanReply, { kind: 'log' }>): void {
    const waiting = thread.waiting.get(reply.id);
    thread.waiting.delete(reply.id);
    // Only a file that waits keeps the process alive.
    if (thread.waiting.size === 0) thread.worker.unref();
    if (reply.kind === 'reading') waiting?.resolve(reply.reading);
    else waiting?.reject(new Error(reply.message));
    if ([...this.#threads].some((one) => one.waiting.size > 0)) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.dispose(), this.#options.idleMs ?? idleMs);
    this.#idle.unref();
  }
}
