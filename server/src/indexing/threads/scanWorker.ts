// A worker thread that reads, parses and chunks files, so that the thread that answers requests need not.
import { parentPort, workerData } from 'node:worker_threads';
import type { LogFields, LogLevel } from '../../../../shared/src/log.js';
import { Sequence } from '../../../../shared/src/sequence.js';
import { answerCalls, yieldToOthers } from '../../../../shared/src/threads.js';
import { Chunker } from '../../chunking/chunker.js';
import { Tokenizer } from '../../model/tokenizer.js';
import { Parsers } from '../../syntax/parsers.js';
import { type FileToRead, LocalFileReader } from '../fileReader.js';

/** What the worker is started with. */
export interface ScanWorkerData {
  readonly grammarDir: string;
  /** Folder of the model whose tokenizer counts. */
  readonly modelFolder: string;
  readonly maxTokens: number;
  readonly maxFileBytes: number;
}

/** The worker's messages beside its answers: first that it can read, and what it logs. */
export type ScanMessage = { readonly ready: true } | ScanLog;

interface ScanLog {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

const port = parentPort;
if (port === null) throw new Error('scanWorker.js runs in a worker thread only.');

yieldToOthers();
const { grammarDir, modelFolder, maxTokens, maxFileBytes } = workerData as ScanWorkerData;
const tokenizer = await Tokenizer.load(modelFolder);
const parsers = new Parsers(grammarDir, {
  write: (level, event, fields = {}) => port.postMessage({ level, event, fields } satisfies ScanMessage),
});
const countTokens = (text: string): number => tokenizer.countTokens(text);
const reader = new LocalFileReader(new Chunker(parsers), { maxTokens, countTokens }, { maxFileBytes });

// One file after another: chunking pauses within a file, and a second one would only hold more in memory.
const sequence = new Sequence();
answerCalls(port, (file: FileToRead) =>
  sequence.run(async () => {
    const reading = await reader.read(file);
    // The next thread has a parser that works. What waits here is read there.
    if (parsers.isBroken) setImmediate(() => process.exit());
    const transfer = reading.kind === 'read' ? [reading.rows.buffer as ArrayBuffer] : [];
    return { value: reading, transfer };
  }),
);
port.postMessage({ ready: true } satisfies ScanMessage);
