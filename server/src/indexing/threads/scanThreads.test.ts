import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { nullLog } from '../../../../shared/src/log.js';
import { Chunker } from '../../chunking/chunker.js';
import { Tokenizer } from '../../model/tokenizer.js';
import { modelsDir, packageRoot } from '../../paths.js';
import { Parsers } from '../../syntax/parsers.js';
import { decodeFile } from '../../catalog/rows.js';
import { type FileReading, LocalFileReader } from '../fileReader.js';
import { ScanThreads } from './scanThreads.js';
import type { ScanWorkerData } from './scanWorker.js';

const data: ScanWorkerData = {
  grammarDir: join(packageRoot(import.meta.url), 'dist', 'grammars'),
  modelFolder: join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2'),
  maxTokens: 256,
  maxFileBytes: 100_000,
};

const decoded = (reading: FileReading | undefined): unknown =>
  reading?.kind === 'read' ? decodeFile(reading.rows) : reading;

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
        assert.deepEqual(decoded(readings[at]), decoded(structuredClone(own)), path);
        kinds.add(own.kind);
      }
      assert.deepEqual([...kinds].sort(), ['gone', 'read', 'skipped']);
      const [first] = readings;
      assert.ok(first?.kind === 'read');
      const { file, chunks } = decodeFile(first.rows);
      assert.ok(chunks.length > 1);
      const again = await threads.read({ root, path: 'f0.ts', digest: file.digest });
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

  it('read again, one by one, what a lost thread had not read, and skip the file that ends its thread', async () => {
    const log: string[] = [];
    const start = (): Worker =>
      new Worker(
        `const { parentPort } = require('node:worker_threads');
         parentPort.postMessage({ ready: true });
         parentPort.on('message', ({ id, request }) => {
           if (request.path === 'binary.ts') throw new Error('out of memory');
           setTimeout(() => parentPort.postMessage({ id, value: { kind: 'gone' } }), 50);
         });`,
        { eval: true },
      );
    const threads = new ScanThreads({
      data,
      threads: 1,
      start,
      log: { write: (_, event) => log.push(event) },
    });
    try {
      const paths = ['note.md', 'binary.ts', 'f0.ts'];
      const read = paths.map((path) => threads.read({ root, path, digest: undefined }));
      const { mtimeMs, size } = statSync(join(root, 'binary.ts'));
      assert.deepEqual(await Promise.all(read), [
        { kind: 'gone' },
        { kind: 'skipped', reason: 'crashed', state: { size, mtimeMs } },
        { kind: 'gone' },
      ]);
      assert.deepEqual(log.sort(), ['scan.crashed', 'scan.thread.lost', 'scan.thread.lost']);
      assert.deepEqual(await threads.read({ root, path: 'f1.ts', digest: undefined }), { kind: 'gone' });
    } finally {
      await threads.dispose();
    }
  });

  it('reject when no thread can be started', async () => {
    const start = (): Worker => new Worker(`throw new Error('no memory')`, { eval: true });
    const threads = new ScanThreads({ data, threads: 1, start, log: nullLog });
    await assert.rejects(
      threads.read({ root, path: 'note.md', digest: undefined }),
      /thread that reads files has ended \(no memory\)/,
    );
    await threads.dispose();
  });

  it('are replaced after a text that breaks the parser, which costs no other file its syntax', async () => {
    // Java's grammar reads each `<` as a comparison and as the start of type arguments: gigabytes of trees.
    writeFileSync(join(root, 'Hostile.java'), `# a\n${`${'<a'.repeat(100)}\n`.repeat(200)}z x\n`);
    const threads = new ScanThreads({ data, threads: 1, log: nullLog });
    try {
      for (const path of ['Hostile.java', 'f0.ts', 'Hostile.java', 'f1.ts']) {
        const reading = await threads.read({ root, path, digest: undefined });
        assert.ok(reading.kind === 'read', `${path}: ${JSON.stringify(reading)}`);
        const { chunks } = decodeFile(reading.rows);
        assert.equal(chunks[0]?.symbol !== undefined, path !== 'Hostile.java', path);
      }
    } finally {
      await threads.dispose();
    }
  });
});
