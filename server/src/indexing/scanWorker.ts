// A worker thread that reads, parses and chunks files, so that the thread that answers requests need not.
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../../shared/src/errors.js';
import type { LogFields, LogLevel } from '../../../shared/src/log.js';
import { yieldToOthers } from '../../../shared/src/threads.js';
import { Chunker } from '../chunking/chunker.js';
import { Tokenizer } from '../model/tokenizer.js';
import { Parsers } from '../syntax/parsers.js';
import { type FileReading, type FileToRead, LocalFileReader } from './fileReader.js';

/** What the worker is started with. */
export interface ScanWorkerData {
  readonly grammarDir: string;
  /** Folder of the model whose tokenizer counts. */
  readonly modelFolder: string;
  readonly maxTokens: number;
  readonly maxFileBytes: number;
}

export interface ScanRequest {
  readonly id: number;
  readonly file: FileToRead;
}

export type ScanReply =
  | { readonly kind: 'reading'; readonly id: number; readonly reading: FileReading }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly event: string; readonly fields: LogFields };

const port = parentPort;
if (port === null) throw new Error('scanWorker.js runs in a worker thread only.');
const reply = (message: ScanReply): void => port.postMessage(message);

yieldToOthers();
const { grammarDir, modelFolder, maxTokens, maxFileBytes } = workerData as ScanWorkerData;
const tokenizer = await Tokenizer.load(modelFolder);
const parsers = new Parsers(grammarDir, {
  write: (level, event, fields = {}) => reply({ kind: 'log', level, event, fields }),
});
const countTokens = (text: string): number => tokenizer.countTokens(text);
const reader = new LocalFileReader(new Chunker(parsers), { maxTokens, countTokens }, { maxFileBytes });

// One file after another: chunking pauses within a file, and a second one would only hold more in memory.
let last: Promise<void> = Promise.resolve();
port.on('message', ({ id, file }: ScanRequest) => {
  last = last.then(async () => {
    try {
      reply({ kind: 'reading', id, reading: await reader.read(file) });
    } catch (error) {
      reply({ kind: 'error', id, message: errorMessage(error) });
    }
  });
});
