import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { LanternError } from '../../../shared/src/errors.js';
import type { IndexReport } from '../../../shared/src/protocol/protocol.js';
import type { Folder } from './folders.js';
import { Gate } from '../../test/support/testGate.js';
import { TestIndex } from '../../test/support/testIndex.js';

const lines = (word: string, count: number): string =>
  Array.from({ length: count }, (_, i) => `${word} number ${i} does something of its own`).join('\n');

describe('FolderIndexer', () => {
  let test: TestIndex;
  let folder: Folder;

  beforeEach(async () => {
    test = new TestIndex({
      'a.ts': 'export const alpha = 1;',
      'b.ts': 'export const beta = 2;',
      'sub/c.ts': 'gamma',
    });
    folder = await test.open();
  });

  afterEach(() => test.dispose());

  const refresh = (signal?: AbortSignal): Promise<IndexReport> => test.folders.refresh(folder, signal);
  const embedded = (): string[] => test.embedder.embedded.splice(0);

  /** Asserts that catalog and collection hold the same, and that all of it has a vector. */
  function assertComplete(...paths: string[]): void {
    assert.deepEqual(test.paths(folder), paths);
    const row = test.catalog.folder(test.root)!;
    assert.deepEqual(test.store.ids(row.collection), test.keys(folder));
    assert.equal(test.catalog.counts(row.id).chunksPending, 0);
    assert.equal(test.catalog.outbox.count(row.id), 0);
    assert.equal(test.embedder.leases, 0);
    assert.deepEqual(test.jobs, []);
  }

  it('indexes a folder, and then has nothing to do', async () => {
    const first = await refresh();
    assert.deepEqual(
      [first.filesTotal, first.filesAdded, first.chunksTotal, first.chunksEmbedded],
      [3, 3, 3, 3],
    );
    assert.equal(first.collectionRebuilt, false);
    assertComplete('a.ts', 'b.ts', 'sub/c.ts');
    assert.deepEqual(embedded(), [
      'a.ts\nexport const alpha = 1;',
      'b.ts\nexport const beta = 2;',
      'sub/c.ts\ngamma',
    ]);
    assert.ok((test.folders.status(folder).indexedAt ?? 0) > 0);
    const again = await refresh();
    assert.deepEqual(
      [again.filesUnchanged, again.filesAdded, again.filesChanged, again.chunksEmbedded, again.chunksReused],
      [3, 0, 0, 0, 0],
    );
    assert.deepEqual(embedded(), []);
  });

  it('embeds the files first that are open in an editor, named before their folder is indexed or while it is', async () => {
    const at = (name: string): string => join(test.root, name);
    test.folders.opened([at('sub/c.ts'), at('b.ts'), '/elsewhere/x.ts', at('none.ts')]);
    await refresh();
    const summaries = test.embedder.summaries.splice(0);
    // The text of a file begins with its path.
    assert.deepEqual(
      summaries.map((text) => text.split(' ')[0]),
      ['b', 'sub', 'a'],
    );
    assert.deepEqual(
      embedded().map((text) => text.split('\n')[0]),
      ['b.ts', 'sub/c.ts', 'a.ts'],
    );
    const files = Object.fromEntries(
      Array.from({ length: 80 }, (_, n) => [`part${n}.ts`, `const a${n} = ${n};`]),
    );
    test.write(files);
    const gate = new Gate();
    let isFirst = true;
    test.embedder.before = () => (isFirst ? ((isFirst = false), gate.pass()) : undefined);
    const running = refresh();
    await gate.reached;
    test.folders.opened([at('part70.ts')]);
    gate.open();
    await running;
    const order = embedded().map((text) => text.split('\n')[0]);
    // The page that was begun has 32.
    assert.ok(order.indexOf('part70.ts') <= 33, `${order.indexOf('part70.ts')}`);
  });

  it('has vectors for a file that was renamed before the model has made them', async () => {
    await refresh();
    embedded();
    renameSync(join(test.root, 'a.ts'), join(test.root, 'moved.ts'));
    folder.indexer.pause();
    await test.folders.scan(folder);
    const row = folder.indexer.folder;
    const { id } = test.catalog.files.get(row.id, 'moved.ts')!;
    const ids = test.catalog.chunks.ofFile(id).map((chunk) => chunk.id);
    assert.equal(test.catalog.vectors.ofChunks(row, ids).size, ids.length);
    assert.equal(test.catalog.fileVectors.count(row), 3);
    assert.deepEqual(embedded(), []);
    folder.indexer.resume();
    await refresh();
    assert.deepEqual(embedded(), ['moved.ts\nexport const alpha = 1;']);
    assertComplete('b.ts', 'moved.ts', 'sub/c.ts');
  });

  it('indexes files that were added, changed, touched, renamed and deleted, and no others', async () => {
    test.write({ 'd.ts': 'delta', 'e.ts': 'epsilon' });
    await refresh();
    embedded();
    test.write({ 'new.ts': 'fresh' });
    test.write({ 'a.ts': 'export const alpha = 100;' }, 10);
    test.write({ 'b.ts': 'export const beta = 2;' }, 20);
    renameSync(join(test.root, 'd.ts'), join(test.root, 'renamed.ts'));
    await test.remove('e.ts');
    const report = await refresh();
    assert.deepEqual(
      [report.filesTotal, report.filesAdded, report.filesChanged, report.filesRemoved, report.filesUnchanged],
      [5, 2, 1, 2, 2],
    );
    assert.equal(report.chunksRemoved, 3);
    assertComplete('a.ts', 'b.ts', 'new.ts', 'renamed.ts', 'sub/c.ts');
    assert.deepEqual(embedded().sort(), [
      'a.ts\nexport const alpha = 100;',
      'new.ts\nfresh',
      'renamed.ts\ndelta',
    ]);
  });

  it('embeds only the chunks of a file that are new', async () => {
    test.write({ 'long.ts': lines('first', 40) });
    await refresh();
    const before = embedded().length;
    test.write({ 'long.ts': `${lines('first', 40)}\n${lines('second', 3)}` }, 10);
    const report = await refresh();
    assert.ok(
      report.chunksEmbedded >= 1 && report.chunksEmbedded <= 3,
      `${report.chunksEmbedded} of ${before}`,
    );
    assertComplete('a.ts', 'b.ts', 'long.ts', 'sub/c.ts');
  });

  it('embeds nothing for an edit that was undone', async () => {
    await refresh();
    test.write({ 'a.ts': 'something else' }, 10);
    await refresh();
    embedded();
    test.write({ 'a.ts': 'export const alpha = 1;' }, 20);
    const report = await refresh();
    assert.deepEqual([report.chunksEmbedded, report.chunksReused], [0, 1]);
    assertComplete('a.ts', 'b.ts', 'sub/c.ts');
  });

  it('tells equal chunks of one file apart', async () => {
    const part = `${lines('same', 6)}\n\n\n`;
    test.write({ 'twice.ts': part.repeat(6) });
    await refresh();
    assertComplete('a.ts', 'b.ts', 'sub/c.ts', 'twice.ts');
    const all = embedded();
    assert.equal(new Set(all).size, all.length, 'one text is embedded once');
  });

  it('notices another text of the same size with the time stamp of the one before', async () => {
    const file = join(test.root, 'a.ts');
    test.write({ 'a.ts': 'two' });
    utimesSync(file, 1e9, 1e9);
    await refresh();
    await sleep(20);
    writeFileSync(file, 'six');
    utimesSync(file, 1e9, 1e9);
    assert.equal((await refresh()).filesChanged, 1);
    assert.ok(embedded().includes('a.ts\nsix'));
  });

  it('looks again at a file whose time stamp is too fresh to prove anything', async () => {
    writeFileSync(join(test.root, 'a.ts'), 'one');
    await refresh();
    const stamp = new Date();
    test.write({ 'a.ts': 'two' }, 0);
    utimesSync(join(test.root, 'a.ts'), stamp, stamp);
    await refresh();
    // The same size within the same tick of the clock.
    const { mtime } = statSync(join(test.root, 'a.ts'));
    writeFileSync(join(test.root, 'a.ts'), 'six');
    utimesSync(join(test.root, 'a.ts'), mtime, mtime);
    const report = await refresh();
    assert.equal(report.filesChanged, 1);
    assert.ok(embedded().includes('a.ts\nsix'));
  });

  describe('files that are not indexed', () => {
    it('are skipped once, and read again only when they change', async () => {
      test.write({ 'bin.ts': new Uint8Array(100), 'notes.txt': 'hello' });
      const first = await refresh();
      assert.deepEqual(first.filesSkipped, { binary: 1 });
      assert.equal(test.catalog.files.skipped(folder.indexer.folder.id).size, 1);
      const checked = (): number | undefined =>
        test.catalog.files.skipped(folder.indexer.folder.id).get('bin.ts')?.checkedMs;
      const before = checked();
      assert.deepEqual((await refresh()).filesSkipped, { binary: 1 });
      assert.equal(checked(), before, 'it was not read');
      test.write({ 'bin.ts': 'text now' }, 10);
      assert.equal((await refresh()).filesAdded, 1);
      assert.equal(test.catalog.files.skipped(folder.indexer.folder.id).size, 0);
      test.write({ 'bin.ts': new Uint8Array(100) }, 20);
      const back = await refresh();
      assert.deepEqual([back.filesRemoved, back.chunksRemoved], [1, 1]);
      await test.remove('bin.ts');
      await refresh();
      assert.equal(test.catalog.files.skipped(folder.indexer.folder.id).size, 0);
      assertComplete('a.ts', 'b.ts', 'notes.txt', 'sub/c.ts');
    });

    it('leave the index when a rule takes them out', async () => {
      await refresh();
      test.write({ '.lanternignore': 'sub/\n' });
      assert.equal((await refresh()).filesRemoved, 1);
      assert.equal(test.paths(folder).includes('sub/c.ts'), false);
    });

    it('keep their rows when they only cannot be read now', async function () {
      // Nothing is unreadable to the administrator.
      if (process.platform === 'win32' || process.getuid?.() === 0) this.skip();
      await refresh();
      chmodSync(join(test.root, 'a.ts'), 0);
      chmodSync(join(test.root, 'sub'), 0);
      try {
        utimesSync(join(test.root, 'a.ts'), 1, 1);
        const report = await refresh();
        assert.deepEqual([report.filesRemoved, report.filesSkipped], [0, { unreadable: 2 }]);
        assertComplete('a.ts', 'b.ts', 'sub/c.ts');
      } finally {
        chmodSync(join(test.root, 'a.ts'), 0o600);
        chmodSync(join(test.root, 'sub'), 0o700);
      }
      assert.equal((await refresh()).filesTotal, 3);
    });
  });

  describe('while it embeds', () => {
    it('takes the text that is there when a file has changed since the scan', async () => {
      let changed = false;
      test.embedder.before = () => {
        if (changed) return;
        changed = true;
        test.write({ 'b.ts': 'changed meanwhile' }, 10);
      };
      const report = await refresh();
      assert.equal(report.filesAdded, 3);
      assertComplete('a.ts', 'b.ts', 'sub/c.ts');
      assert.deepEqual(embedded().sort(), [
        'a.ts\nexport const alpha = 1;',
        'b.ts\nchanged meanwhile',
        'sub/c.ts\ngamma',
      ]);
    });

    it('removes a file that was deleted since the scan', async () => {
      test.embedder.before = () => rmSync(join(test.root, 'b.ts'), { force: true });
      await refresh();
      assertComplete('a.ts', 'sub/c.ts');
    });

    it('keeps what was finished when it is cancelled', async () => {
      test.write({ 'long.ts': lines('word', 300) });
      const controller = new AbortController();
      let count = 0;
      test.embedder.before = () => {
        if (++count === 50) controller.abort();
      };
      await assert.rejects(refresh(controller.signal), { code: 'cancelled' });
      assert.deepEqual(folder.status, { kind: 'idle' });
      await folder.indexer.dispose();
      const kept = new Set(embedded());
      assert.ok(kept.size >= 49, `${kept.size} were embedded`);
      assert.equal(test.embedder.leases, 0);
      test.embedder.before = () => undefined;
      await test.restart();
      folder = await test.open();
      const report = await refresh();
      assert.deepEqual(
        embedded().filter((text) => kept.has(text)),
        [],
        'none is embedded twice',
      );
      assert.equal(report.chunksTotal, kept.size + report.chunksEmbedded);
      assertComplete('a.ts', 'b.ts', 'long.ts', 'sub/c.ts');
    });

    it('keeps what was finished when the model fails, and says why', async () => {
      let count = 0;
      test.embedder.before = () => {
        if (++count === 3) throw new LanternError('model-damaged', 'The model is broken.');
      };
      await assert.rejects(refresh(), { code: 'model-damaged' });
      assert.deepEqual(folder.status, { kind: 'failed', reason: 'The model is broken.' });
      assert.equal(test.catalog.counts(folder.indexer.folder.id).chunksPending, 1);
      assert.equal(test.embedder.leases, 0);
      test.embedder.before = () => undefined;
      assert.equal((await refresh()).chunksEmbedded, 1);
      assert.deepEqual(folder.status, { kind: 'idle' });
    });

    it('stops while paused, and continues afterwards', async () => {
      folder.indexer.pause();
      folder.indexer.pause();
      let done = false;
      const running = refresh().finally(() => (done = true));
      for (let i = 0; i < 50 && test.embedder.leases === 0; i++) await turn();
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(done, false);
      assert.deepEqual(embedded(), []);
      folder.indexer.resume();
      await running;
      assertComplete('a.ts', 'b.ts', 'sub/c.ts');
    });

    it('can be cancelled while paused', async () => {
      folder.indexer.pause();
      const controller = new AbortController();
      const running = assert.rejects(refresh(controller.signal), { code: 'cancelled' });
      for (let i = 0; i < 50 && test.embedder.leases === 0; i++) await turn();
      controller.abort();
      await running;
      await folder.indexer.dispose();
      assert.equal(test.embedder.leases, 0);
    });

    it('takes a few texts for an edit, and many for bulk work', async () => {
      test.write({ 'long.ts': lines('word', 600) });
      await refresh();
      test.write({ 'a.ts': 'edited' }, 10);
      await refresh();
      const asked = test.embedder.priorities;
      assert.deepEqual([...new Set(asked)], ['bulk', 'edited']);
      assert.equal(asked.indexOf('edited'), asked.length - 1);
    });

    it('holds the model for a page of texts at a time, so that the cache can be cleared meanwhile', async () => {
      test.write({ 'long.ts': lines('word', 600) });
      await folder.indexer.scan();
      const pending = test.catalog.counts(folder.indexer.folder.id).chunksPending;
      assert.ok(pending > 64, `${pending} chunks are pending`);
      await folder.indexer.embed();
      assert.ok(test.embedder.priorities.length >= pending / 32, 'a lease for each page of 32 chunks');
      assert.equal(test.embedder.leases, 0);
    });

    it('does not touch the model when there is nothing to embed', async () => {
      await refresh();
      test.embedder.priorities.length = 0;
      await test.remove('a.ts');
      await refresh();
      assert.deepEqual(test.embedder.priorities, []);
    });

    it('reports progress', async () => {
      const seen: string[] = [];
      folder.progress.on((event) => {
        if (event.kind === 'embedding') seen.push(`${event.done}/${event.files || 'chunks'}`);
      });
      await refresh();
      assert.deepEqual(seen, ['1/3', '2/3', '3/3', '0/chunks', '1/chunks', '2/chunks', '3/chunks']);
    });
  });

  describe('callers at once', () => {
    it('share one run of embedding', async () => {
      const gate = new Gate();
      test.embedder.before = () => gate.pass();
      await folder.indexer.scan();
      const both = [folder.indexer.embed(), folder.indexer.embed()];
      await gate.reached;
      gate.open();
      const [first, second] = await Promise.all(both);
      assert.equal(first, second);
      assert.equal(embedded().length, 3);
    });

    it('share the scan after the running one', async () => {
      const first = folder.indexer.scan();
      await turn();
      const others = await Promise.all([1, 2, 3].map(() => folder.indexer.scan()));
      assert.equal(new Set(others).size, 1);
      assert.notEqual(await first, others[0]);
    });

    it('find in their report what was on disk when they called', async () => {
      const first = folder.indexer.scan();
      await turn();
      test.write({ 'late.ts': 'late' });
      await folder.indexer.scan();
      await first;
      assert.ok(test.paths(folder).includes('late.ts'));
    });

    it('leave one by one; the work ends with the last', async () => {
      const gate = new Gate();
      let told: AbortSignal | undefined;
      test.embedder.before = (_, signal) => {
        told = signal;
        return gate.pass();
      };
      await folder.indexer.scan();
      const [one, two] = [new AbortController(), new AbortController()];
      const left = [one, two].map(({ signal }) =>
        assert.rejects(folder.indexer.embed(signal), { code: 'cancelled' }),
      );
      await gate.reached;
      one.abort();
      await left[0];
      assert.equal(told!.aborted, false);
      two.abort();
      await left[1];
      assert.ok(told!.aborted);
      gate.open();
    });

    it('get what was found while the shared run was ending', async () => {
      await refresh();
      const gate = new Gate();
      test.store.before = (operation) => (operation === 'count' ? gate.pass() : undefined);
      const first = refresh();
      await gate.reached;
      test.write({ 'late.ts': 'came at the last moment' });
      const second = refresh();
      for (let i = 0; i < 200 && !test.paths(folder).includes('late.ts'); i++) await turn();
      for (let i = 0; i < 20; i++) await turn();
      gate.open();
      await Promise.all([first, second]);
      assertComplete('a.ts', 'b.ts', 'late.ts', 'sub/c.ts');
    });
  });

  describe('after dispose', () => {
    it('has ended its work, and accepts no more', async () => {
      const gate = new Gate();
      test.embedder.before = () => gate.pass();
      const running = assert.rejects(refresh());
      await gate.reached;
      const disposing = folder.indexer.dispose();
      gate.open();
      await disposing;
      await running;
      assert.equal(test.embedder.leases, 0);
      test.store.calls.length = 0;
      await assert.rejects(folder.indexer.scan(), { code: 'cancelled' });
      await assert.rejects(folder.indexer.embed(), { code: 'cancelled' });
      assert.deepEqual(test.store.calls, []);
    });
  });

  it('finishes terms first, before any vector', async () => {
    await folder.indexer.scan();
    const { id } = folder.indexer.folder;
    assert.equal(test.catalog.lexical.filesWith(id, 'alpha').length, 1);
    assert.equal(test.catalog.counts(id).filesPending, 3);
    assert.deepEqual(test.store.calls, []);
  });

  it('rebuilds a lost collection without the model', async () => {
    await refresh();
    embedded();
    test.store.collections.clear();
    await test.restart();
    folder = await test.open();
    const report = await refresh();
    assert.deepEqual([report.collectionRebuilt, report.chunksEmbedded, report.chunksReused], [true, 0, 3]);
    assertComplete('a.ts', 'b.ts', 'sub/c.ts');
  });

  it('continues without the store, and sends changes later', async () => {
    await refresh();
    test.write({ 'd.ts': 'delta' });
    test.store.away = true;
    const report = await refresh();
    assert.equal(report.chunksEmbedded, 1);
    assert.equal(test.catalog.counts(folder.indexer.folder.id).chunksPending, 0);
    test.store.away = false;
    await refresh();
    assertComplete('a.ts', 'b.ts', 'd.ts', 'sub/c.ts');
    assert.equal(embedded().length, 4);
  });
});
