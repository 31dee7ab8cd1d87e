import type { Worker } from 'node:worker_threads';
import { type ErrorCode, LanternError } from '../../../shared/src/errors.js';
import { startThread } from '../../../shared/src/threads.js';
import type { Graph, OpenGraph } from './graph.js';
import type { GraphReply, GraphRequest, GraphWorkerData } from './graphWorker.js';

interface Waiting {
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** Opens a graph in a worker thread of its own, which ends with the graph's release. */
export const openGraphInWorker: OpenGraph = async (files, provider, background = false) => {
  const data: GraphWorkerData = { files, provider, background };
  const worker = startThread(new URL('./graphWorker.js', import.meta.url), {
    workerData: data,
    name: background ? 'model, bulk' : 'model',
  });
  const graph = new WorkerGraph(worker);
  await graph.opened;
  return graph;
};

/** A graph in another thread. It keeps the process alive only while a text waits. */
export class WorkerGraph implements Graph {
  readonly lost: Promise<void>;
  /** Resolves when the graph is open; rejects with the reason when it cannot be opened. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #released = false;
  #cause: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#ended = new Promise((settle) => worker.once('exit', () => settle()));
    worker.on('error', (error: unknown) => {
      this.#cause = error instanceof Error ? error : new Error(String(error));
    });
    this.opened = new Promise((resolve, reject) => {
      worker.on('message', (reply: GraphReply) => {
        if (reply.kind === 'ready') resolve();
        else if (reply.kind === 'error' && reply.id === undefined) reject(toError(reply));
        else this.#settle(reply);
      });
      void this.#ended.then(() => reject(this.#endedError()));
    });
    this.lost = this.#ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(this.#endedError());
      this.#waiting.clear();
      // A released graph is not lost: then this never resolves.
      return this.#released ? new Promise<void>(() => undefined) : undefined;
    });
    this.opened.then(
      // Only a text that waits keeps the process alive.
      () => worker.unref(),
      () => void worker.terminate(),
    );
  }

  run(ids: readonly number[]): Promise<Float32Array> {
    if (this.#cause !== undefined) return Promise.reject(this.#endedError());
    const id = this.#next++;
    const request: GraphRequest = { kind: 'run', id, ids };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async release(): Promise<void> {
    this.#released = true;
    this.#worker.ref();
    this.#worker.postMessage({ kind: 'release' } satisfies GraphRequest);
    await this.#ended;
  }

  #settle(reply: Extract<GraphReply, { id?: number }>): void {
    const id = reply.id ?? -1;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.kind === 'vector') waiting?.resolve(reply.vector);
    else waiting?.reject(toError(reply));
  }

  #endedError(): LanternError {
    const cause = this.#cause === undefined ? '' : ` (${this.#cause.message})`;
    return new LanternError(
      'unavailable',
      `The model's thread has ended${cause}. Try again: it is loaded again.`,
      {
        cause: this.#cause,
      },
    );
  }
}

function toError({ code, message }: Extract<GraphReply, { kind: 'error' }>): Error {
  return code === undefined ? new Error(message) : new LanternError(code as ErrorCode, message);
}
