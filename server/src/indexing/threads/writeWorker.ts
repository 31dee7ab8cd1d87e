// A worker thread that writes the catalog, so that the thread that answers requests need not.
import { parentPort, workerData } from 'node:worker_threads';
import { nullLog } from '../../../../shared/src/log.js';
import { answerCalls, yieldToOthers } from '../../../../shared/src/threads.js';
import { Catalog, type CatalogChanges } from '../../catalog/catalog.js';
import { type WriteCall, runOperation, writeOperations } from '../indexWriter.js';

/** What the worker is started with. */
export interface WriteWorkerData {
  readonly dataDir: string;
}

/** An operation's result, and what the other connection has to read again. */
export interface Written {
  readonly result: unknown;
  readonly changes: CatalogChanges;
}

const port = parentPort;
if (port === null) throw new Error('writeWorker.js runs in a worker thread only.');

yieldToOthers();
const { dataDir } = workerData as WriteWorkerData;
const catalog = new Catalog(dataDir, nullLog, true);
const operations = writeOperations(catalog);

answerCalls(port, async (call: WriteCall | 'end') => {
  if (call === 'end') {
    // The thread ends with its port, after this answer.
    setImmediate(() => port.close());
    catalog.dispose();
    return { value: undefined };
  }
  const result = await runOperation(operations, call);
  return { value: { result, changes: catalog.takeChanges() } satisfies Written };
});
