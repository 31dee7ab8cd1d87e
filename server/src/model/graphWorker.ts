// A worker thread with one native session, so that a run does not block the thread that answers requests.
import { parentPort, workerData } from 'node:worker_threads';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { yieldToOthers } from '../../../shared/src/threads.js';
import type { Provider } from './graph.js';
import type { ModelFiles } from './modelFolder.js';
import { openGraph } from './onnxGraph.js';

/** What the worker is started with. */
export interface GraphWorkerData {
  readonly files: ModelFiles;
  readonly provider: Provider;
  /** Whether the thread gets only the processor time that others leave. */
  readonly background: boolean;
}

export type GraphRequest =
  | { readonly kind: 'run'; readonly id: number; readonly ids: readonly number[] }
  | { readonly kind: 'release' };

export type GraphReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'vector'; readonly id: number; readonly vector: Float32Array }
  /** Without an `id` the graph could not be opened. */
  | {
      readonly kind: 'error';
      readonly id?: number;
      readonly code: string | undefined;
      readonly message: string;
    };

const port = parentPort;
if (port === null) throw new Error('graphWorker.js runs in a worker thread only.');
const reply = (message: GraphReply): void => port.postMessage(message);
const failed = (error: unknown, id?: number): GraphReply => ({
  kind: 'error',
  ...(id !== undefined && { id }),
  code: error instanceof LanternError ? error.code : undefined,
  message: errorMessage(error),
});

try {
  const { files, provider, background } = workerData as GraphWorkerData;
  if (background) yieldToOthers();
  const graph = await openGraph(files, provider);
  port.on('message', (request: GraphRequest) => {
    if (request.kind === 'release') {
      // The thread ends with its port.
      void graph.release().finally(() => port.close());
      return;
    }
    graph.run(request.ids).then(
      (vector) =>
        port.postMessage({ kind: 'vector', id: request.id, vector } satisfies GraphReply, [
          vector.buffer as ArrayBuffer,
        ]),
      (error: unknown) => reply(failed(error, request.id)),
    );
  });
  reply({ kind: 'ready' });
} catch (error) {
  reply(failed(error));
}
