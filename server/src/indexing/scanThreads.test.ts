import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LanternError } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import { Chunker } from '../chunking/chunker.js';
import { Tokenizer } from '../model/tokenizer.js';
import { modelsDir, packageRoot } from '../paths.js';
import { Parsers } from '../syntax/parsers.js';
import { LocalFileReader } from './fileReader.js';
import { ScanThreads } from './scanThreads.js';
import type { ScanWorkerData } from './scanWorker.js';

const data: ScanWorkerData = {
  grammarDir: join(packageRoot(import.meta.url), 'dist', 'grammars'),
  modelFolder: join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2'),
  maxTokens: 256,
  maxFileBytes: 100_000,
};

describe('the threads of a scan', function () {
  this.timeout(30_000);
  let root: string;

  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-threads-')));
    for (let at = 0; at < 12; at++) {
      const body = Array.from({ length: 40 }, (_, line) => `  const value${line} = parse(${at}, ${line});`);
      writeFileSync(join(root, `f${at}.ts`), `export function read${at}() {\n${body.join('\n')}\n}\n`);
    }
    writeFileSync(join(root, 'note.md'), '# Title\n\nSome words.\n');
    writeFileSync(join(root, 'binary.ts'), Buffer.from([0, 1, 2, 0, 255]));
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  it('read as this thread does', async () => {
    const tokenizer = await Tokenizer.load(data.modelFolder);
    const parsers = new Parsers(data.grammarDir, nullLog);
    const limits = {
      maxTokens: data.maxTokens,
      countTokens: (text: string): number => tokenizer.countTokens(text),
    };
    const here = new LocalFileReader(new Chunker(parsers), limits, data);
    const threads = new ScanThreads({ data, threads: 2, log: nullLog });
    try {
      const paths = [
        ...Array.from({ length: 12 }, (_, at) => `f${at}.ts`),
        'note.md',
        'binary.ts',
        'gone.ts',
      ];
      const readings = await Promise.all(
        paths.map((path) => threads.read({ root, path, digest: undefined })),
      );
      assert.equal(threads.running, 2);
      const kinds = new Set<string>();
      for (const [at, path] of paths.entries()) {
        const own = await here.read({ root, path, digest: undefined });
        // As it is after it was sent to another thread.
        assert.deepEqual(readings[at], structuredClone(own), path);
        kinds.add(own.kind);
      }
      assert.deepEqual([...kinds].sort(), ['gone', 'read', 'skipped']);
      const [first] = readings;
      assert.ok(first?.kind === 'read' && first.chunks.length > 1);
      const again = await threads.read({ root, path: 'f0.ts', digest: first.file.digest });
      assert.equal(again.kind, 'same');
    } finally {
      await threads.dispose();
      parsers.dispose();
    }
  });

  it('end when there is nothing to read, and start again', async () => {
    const threads = new ScanThreads({ data, threads: 1, log: nullLog, idleMs: 20 });
    try {
      for (let round = 0; round < 3; round++) {
        assert.equal((await threads.read({ root, path: 'note.md', digest: undefined })).kind, 'read');
        while (threads.running > 0) await sleep(5);
      }
    } finally {
      await threads.dispose();
    }
  });

  it('reject what a lost thread had not read, and start another', async () => {
    const log: string[] = [];
    const answer = `parentPort.postMessage({ kind: 'reading', id, reading: { kind: 'gone' } })`;
    const starts = [`throw new Error('out of memory')`, answer];
    const start = (): Worker =>
      new Worker(
        `const { parentPort } = require('node:worker_threads');
         parentPort.on('message', ({ id }) => { ${starts.shift() ?? answer} });`,
        { eval: true },
      );
    const threads = new ScanThreads({
      data,
      threads: 1,
      start,
      log: { write: (_, event) => log.push(event) },
    });
    try {
      const lost = (error: unknown): boolean =>
        error instanceof LanternError &&
        error.code === 'unavailable' &&
        error.message.includes('out of memory');
      const file = { root, path: 'note.md', digest: undefined };
      const results = await Promise.allSettled([threads.read(file), threads.read(file)]);
      for (const result of results) assert.ok(result.status === 'rejected' && lost(result.reason));
      assert.deepEqual(log, ['scan.thread.lost']);
      assert.deepEqual(await threads.read(file), { kind: 'gone' });
    } finally {
      await threads.dispose();
    }
  });
});
