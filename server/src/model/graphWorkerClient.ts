import type { Worker } from 'node:worker_threads';
import { LanternError } from '../../../shared/src/errors.js';
import { ThreadCalls, startThread } from '../../../shared/src/threads.js';
import type { Graph, OpenGraph } from './graph.js';
import type { GraphRequest, GraphWorkerData } from './graphWorker.js';

/** Opens a graph in a worker thread of its own, which ends with the graph's release. */
export const openGraphInWorker: OpenGraph = async (files, provider, background = false) => {
  const data: GraphWorkerData = { files, provider, background };
  const worker = startThread(new URL('./graphWorker.js', import.meta.url), {
    workerData: data,
    name: background ? 'model, bulk' : 'model',
  });
  const graph = new WorkerGraph(worker);
  try {
    await graph.opened();
    return graph;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
};

/** A graph in another thread. It keeps the process alive only while a text waits. */
export class WorkerGraph implements Graph {
  readonly lost: Promise<void>;
  readonly #calls: ThreadCalls;
  #released = false;

  constructor(worker: Worker) {
    this.#calls = new ThreadCalls(
      worker,
      (cause) =>
        new LanternError(
          'unavailable',
          `The model's thread has ended${cause && ` (${cause})`}. Try again: it is loaded again.`,
        ),
    );
    // A released graph is not lost: then this never resolves.
    this.lost = this.#calls.ended.then(() =>
      this.#released ? new Promise<void>(() => undefined) : undefined,
    );
  }

  /** Resolves when the graph is open; rejects with the reason when it cannot be opened. */
  opened(): Promise<void> {
    return this.#call({ kind: 'open' });
  }

  run(ids: readonly number[]): Promise<Float32Array> {
    return this.#call({ kind: 'run', ids });
  }

  release(): Promise<void> {
    this.#released = true;
    return this.#calls.end({ kind: 'release' } satisfies GraphRequest);
  }

  #call<T>(request: GraphRequest): Promise<T> {
    return this.#calls.call<T>(request);
  }
}
