import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { type MessagePort, Worker, type WorkerOptions } from 'node:worker_threads';
import { type ErrorCode, LanternError, errorMessage } from './errors.js';

/** Starts a worker thread with a script, compiled or bundled. */
export function startThread(script: URL, options: WorkerOptions): Worker {
  // With `node --input-type=module -e …` Node accepts only a string as the entry of a thread.
  const needsString = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return needsString
    ? new Worker(`import(${JSON.stringify(script.href)})`, { ...options, eval: true })
    : new Worker(script, options);
}

/** Lowers the priority of this thread and of those that it starts. Only Linux can do so for one thread. */
export function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, constants.priority.PRIORITY_LOW);
  } catch {
    // Without /proc it runs at the usual priority.
  }
}

/** How a thread answers a call. */
export type CallReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: ErrorCode | undefined; readonly message: string };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Calls that a worker thread answers through `answerCalls`. It keeps the process alive only while a call waits or `end`
 * does.
 */
export class ThreadCalls {
  /** Resolves when the thread has ended, for whatever reason, and its calls have been rejected. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #endedError: (cause: string) => Error;
  #next = 0;
  #cause: unknown;
  #isEnding = false;
  #over = false;

  /** `endedError` makes the error for calls that the thread leaves unanswered; `onMessage` gets its other messages. */
  constructor(
    worker: Worker,
    endedError: (cause: string) => Error,
    onMessage: (message: unknown) => void = () => undefined,
  ) {
    this.#worker = worker;
    this.#endedError = endedError;
    worker.on('error', (error: unknown) => (this.#cause = error));
    worker.on('message', (message: CallReply | { readonly id?: undefined }) => {
      if (message.id === undefined) onMessage(message);
      else this.#settle(message);
    });
    this.ended = new Promise((settle) => {
      worker.once('exit', () => {
        this.#over = true;
        for (const { reject } of this.#waiting.values()) reject(endedError(this.cause));
        this.#waiting.clear();
        settle();
      });
    });
  }

  /** Number of calls that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What ended the thread; empty while it runs and when it was told to end. */
  get cause(): string {
    return this.#cause === undefined ? '' : errorMessage(this.#cause);
  }

  /** The type of the result is the caller's to know. Rejects with the error that the thread reports. */
  call<T>(request: unknown): Promise<T> {
    if (this.#over) return Promise.reject(this.#endedError(this.cause));
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request });
    });
  }

  /** Makes the call that ends the thread, and resolves when it has ended, however that came about. */
  async end(request: unknown): Promise<void> {
    this.#isEnding = true;
    // A thread that is lost meanwhile has ended as well.
    await this.call(request).catch(() => undefined);
    await this.ended;
  }

  #settle(reply: CallReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && !this.#isEnding) this.#worker.unref();
    if ('value' in reply) waiting?.resolve(reply.value as never);
    else waiting?.reject(toError(reply));
  }
}

function toError({ code, message }: Extract<CallReply, { message: string }>): Error {
  return code === undefined ? new Error(message) : new LanternError(code, message);
}

/**
 * Answers the calls of `ThreadCalls` in a worker thread, in the order in which they end. Buffers in `transfer` move
 * instead of being copied.
 */
export function answerCalls(
  port: MessagePort,
  answer: (
    request: never,
  ) => Promise<{ readonly value: unknown; readonly transfer?: readonly ArrayBuffer[] }>,
): void {
  port.on('message', ({ id, request }: { id: number; request: never }) => {
    answer(request).then(
      ({ value, transfer = [] }) => port.postMessage({ id, value } satisfies CallReply, transfer),
      (error: unknown) => {
        const code = error instanceof LanternError ? error.code : undefined;
        port.postMessage({ id, code, message: errorMessage(error) } satisfies CallReply);
      },
    );
  });
}
