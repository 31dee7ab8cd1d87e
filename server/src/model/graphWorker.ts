// A worker thread with one native session, so that a run does not block the thread that answers requests.
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls, yieldToOthers } from '../../../shared/src/threads.js';
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
  /** Answered when the graph is open; an error says why it cannot be opened. */
  | { readonly kind: 'open' }
  /** Answered with the vector. */
  | { readonly kind: 'run'; readonly ids: readonly number[] }
  /** The thread ends after its answer. */
  | { readonly kind: 'release' };

const port = parentPort;
if (port === null) throw new Error('graphWorker.js runs in a worker thread only.');

const { files, provider, background } = workerData as GraphWorkerData;
if (background) yieldToOthers();
const opening = openGraph(files, provider);
// The answer to `open` reports it.
opening.catch(() => undefined);

answerCalls(port, async (request: GraphRequest) => {
  const graph = await opening;
  if (request.kind === 'open') return { value: undefined };
  if (request.kind === 'run') {
    const vector = await graph.run(request.ids);
    return { value: vector, transfer: [vector.buffer as ArrayBuffer] };
  }
  // The thread ends with its port, after the answer.
  await graph.release().finally(() => setImmediate(() => port.close()));
  return { value: undefined };
});
