import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LanternError } from '../../../../shared/src/errors.js';
import { nullLog } from '../../../../shared/src/log.js';
import { TestCatalog, chunk, digest, file, indexed, vectorOf } from '../../../test/support/testCatalog.js';
import type { FileChange, FolderRow } from '../../catalog/catalog.js';
import { localWriter } from '../indexWriter.js';
import { WriteThread } from './writeThread.js';

/** File `n`, with `version + 1` chunks. */
function version(n: number, version: number): FileChange {
  const path = `f${n}.ts`;
  const chunks = Array.from({ length: version + 1 }, (_, i) =>
    chunk(path, `alpha beta${i} v${version}`, i + 1),
  );
  return indexed(file(path, { digest: `${version}` }), chunks);
}

describe('the thread that writes', function () {
  this.timeout(30_000);
  let test: TestCatalog;
  let folder: FolderRow;
  let thread: WriteThread;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
    thread = new WriteThread({ catalog: test.catalog, dataDir: test.dir, log: nullLog, idleMs: 50 });
  });
  afterEach(async () => {
    await thread.dispose();
    test.dispose();
  });

  async function ended(): Promise<void> {
    while (thread.running) await sleep(5);
  }

  const matches = (term: string): number[] =>
    test.catalog.snapshot(() => {
      const docs = test.catalog.lexical.docs(folder.id);
      const [postings] = test.catalog.lexical.match(folder.id, [term]);
      return (postings?.fields.body.docs ?? []).map((number) => {
        const doc = docs.files[docs.fileOf[number] ?? -1];
        assert.ok(doc !== undefined, 'a term is in a file that the statistics do not have');
        const row = test.catalog.chunks.get(doc.firstChunk + number - doc.at);
        assert.equal(row?.path, doc.path, 'a term is in a chunk of another file');
        return row.id;
      });
    });

  it('is there only for bulk work, and ends when it is done', async () => {
    const { writer } = thread;
    await writer.writeFiles(folder, [version(0, 0)]);
    assert.equal(thread.running, false);
    const bulk = writer.bulk();
    await writer.writeFiles(folder, [version(1, 1)]);
    assert.equal(thread.running, true);
    bulk.dispose();
    await writer.writeFiles(folder, [version(2, 2)]);
    assert.equal(matches('alpha').length, 6);
    await ended();
    await writer.writeFiles(folder, [version(3, 0), { kind: 'gone', path: 'f2.ts' }]);
    assert.equal(thread.running, false);
    assert.equal(matches('alpha').length, 4);
    assert.deepEqual(test.catalog.counts(folder.id), {
      files: 3,
      filesPending: 3,
      chunks: 4,
      chunksPending: 4,
    });
  });

  it('makes every change, so that nobody else can write meanwhile', async () => {
    const bulk = thread.writer.bulk();
    await thread.writer.writeFiles(folder, [version(0, 0)]);
    assert.throws(() => test.put(folder, 'x.ts', 'text'), /readonly/);
    bulk.dispose();
    await ended();
    test.put(folder, 'x.ts', 'text');
  });

  it('leaves the same catalog as a writer in this thread', async () => {
    const other = new TestCatalog();
    try {
      const there = other.addFolder('/a');
      const here = localWriter(other.catalog);
      const bulk = thread.writer.bulk();
      for (const [writer, own] of [
        [thread.writer, folder],
        [here, there],
      ] as const) {
        await writer.writeFiles(
          own,
          Array.from({ length: 30 }, (_, n) => version(n, n % 3)),
        );
        await writer.writeFiles(own, [version(3, 2), { kind: 'gone', path: 'f4.ts' }]);
        const skipped = { size: 1, mtimeMs: 2, checkedMs: 3 };
        await writer.writeFiles(own, [{ kind: 'skipped', path: 'f5.ts', reason: 'binary', state: skipped }]);
        await writer.writeFiles(own, [{ kind: 'same', path: 'f6.ts', size: 7, mtimeMs: 8, checkedMs: 9 }]);
        const text = 'f0.ts\nalpha beta0 v0';
        await writer.putVectors(own, [{ digest: digest(text), vector: vectorOf(text) }]);
        await writer.renewCollection(own.id, 'g2');
        await writer.confirm(own.id, [{ key: 'none', seq: 1 }]);
        await writer.markIndexed(own.id, 17);
      }
      bulk.dispose();
      for (const table of [
        'folders',
        'files',
        'chunks',
        'outbox',
        'postings',
        'file_terms',
        'skipped_files',
        'vectors',
      ])
        assert.deepEqual(test.query(`SELECT * FROM ${table}`), other.query(`SELECT * FROM ${table}`), table);
    } finally {
      other.dispose();
    }
  });

  it('never shows half of a change to a reader', async () => {
    const { writer } = thread;
    const bulk = writer.bulk();
    await writer.writeFiles(
      folder,
      Array.from({ length: 40 }, (_, n) => version(n, 0)),
    );
    const state = { writing: true };
    const written = (async () => {
      for (let round = 1; round < 12; round++) {
        await writer.writeFiles(
          folder,
          Array.from({ length: 40 }, (_, n) => version(n, (n + round) % 4)),
        );
      }
      state.writing = false;
    })();
    const seen = new Set<string>();
    while (state.writing) {
      seen.add(matches('alpha').join());
      await new Promise((settle) => setImmediate(settle));
    }
    await written;
    bulk.dispose();
    assert.ok(seen.size > 3, `a reader saw ${seen.size} states`);
    assert.equal(matches('alpha').length, 100);
  });

  it('reads file vectors again that it has written', async () => {
    const bulk = thread.writer.bulk();
    const summary = (text: string) => ({ digest: digest(text), text });
    const put = (path: string, text: string) =>
      indexed(file(path, { summary: summary(text) }), [chunk(path, text)]);
    const query = vectorOf('query');
    const cosines = (): number[] =>
      [...test.catalog.fileVectors.cosines(folder, query)].sort(([a], [b]) => a - b).map(([id]) => id);
    await thread.writer.writeFiles(folder, [put('a.ts', 'one'), put('b.ts', 'two'), put('c.ts', 'three')]);
    const [a = 0, b = 0, c = 0] = ['a.ts', 'b.ts', 'c.ts'].map(
      (path) => test.catalog.files.get(folder.id, path)?.id,
    );
    assert.deepEqual(cosines(), []);
    const vectors = ['one', 'two', 'three'].map((text) => ({ digest: digest(text), vector: vectorOf(text) }));
    await thread.writer.putVectors(folder, vectors.slice(0, 2), [a, b]);
    assert.deepEqual(cosines(), [a, b]);
    await thread.writer.putVectors(folder, vectors.slice(2), [c]);
    assert.deepEqual(cosines(), [a, b, c]);
    await thread.writer.writeFiles(folder, [{ kind: 'gone', path: 'a.ts' }, put('b.ts', 'four')]);
    assert.deepEqual(cosines(), [c]);
    await thread.writer.writeFiles(folder, [put('b.ts', 'two')]);
    assert.deepEqual(cosines(), [b, c]);
    await thread.writer.removeFolder(folder.id);
    assert.deepEqual(cosines(), []);
    bulk.dispose();
  });

  it('that is lost is an error for its call, and gives the right to write back', async () => {
    const failing = `require('node:worker_threads').parentPort.on('message', () => { throw new Error('no memory'); })`;
    const lost = new WriteThread({
      catalog: test.catalog,
      dataDir: test.dir,
      log: nullLog,
      start: () => new Worker(failing, { eval: true }),
    });
    const bulk = lost.writer.bulk();
    await assert.rejects(
      lost.writer.writeFiles(folder, [version(0, 0)]),
      (error) =>
        error instanceof LanternError && error.code === 'unavailable' && error.message.includes('no memory'),
    );
    assert.equal(lost.running, false);
    bulk.dispose();
    await thread.writer.writeFiles(folder, [version(0, 0)]);
    assert.equal(matches('alpha').length, 1);
  });

  it('reports what SQLite reports, with its cause', async () => {
    const bulk = thread.writer.bulk();
    await thread.writer.writeFiles(folder, [version(0, 0)]);
    const unknown = { ...folder, id: 99 };
    await assert.rejects(thread.writer.writeFiles(unknown, [version(1, 0)]), /FOREIGN KEY/);
    await thread.writer.writeFiles(folder, [version(1, 0)]);
    bulk.dispose();
    assert.equal(matches('alpha').length, 2);
  });
});
