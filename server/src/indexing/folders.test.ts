import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LanternError } from '../../../shared/src/errors.js';
import type { IndexStatus } from '../../../shared/src/protocol/protocol.js';
import type { Folder } from './folders.js';
import { Gate } from '../../test/support/testGate.js';
import { TestIndex } from '../../test/support/testIndex.js';

const files = { 'a.ts': 'alpha', 'sub/b.ts': 'beta', 'sub/deep/c.ts': 'gamma', 'subway/d.ts': 'delta' };

describe('Folders', () => {
  let test: TestIndex;

  beforeEach(() => (test = new TestIndex(files)));
  afterEach(() => test.dispose());

  const at = (path: string): string => join(test.root, path);
  const known = (): string[] => test.catalog.folders().map(({ path }) => path);
  const collections = (): string[] => [...test.store.collections.keys()];

  async function indexed(path = test.root): Promise<Folder> {
    const folder = await test.open(path);
    await test.folders.refresh(folder);
    return folder;
  }

  describe('open and find', () => {
    it('know a folder by its real path', async function () {
      assert.equal(await test.folders.find(test.root), undefined);
      const { folder, prefix } = await test.folders.open(`${test.root}/./sub/..`);
      assert.deepEqual([folder.path, prefix], [test.root, '']);
      assert.equal((await test.folders.find(test.root))?.folder, folder);
      if (process.platform === 'win32') this.skip();
      symlinkSync(test.root, join(test.files.home, 'link'));
      const linked = await test.folders.open(join(test.files.home, 'link'));
      assert.equal(linked.folder, folder);
      assert.equal((await test.folders.find(join(test.files.home, 'link/sub')))?.prefix, 'sub/');
      assert.deepEqual(known(), [test.root]);
    });

    it('show a folder inside through the one around it', async () => {
      const outer = await test.open();
      for (const [path, prefix] of [
        ['sub', 'sub/'],
        ['sub/deep', 'sub/deep/'],
        ['a.ts', 'a.ts/'],
        ['not/there', 'not/there/'],
      ] as const) {
        const view = await test.folders.find(at(path));
        assert.deepEqual([view?.folder, view?.prefix], [outer, prefix]);
      }
      assert.deepEqual(await test.folders.open(at('sub')), { folder: outer, prefix: 'sub/' });
      assert.deepEqual(known(), [test.root]);
    });

    it('are not confused with a folder whose name has the same beginning', async () => {
      await test.open(at('sub'));
      assert.equal(await test.folders.find(at('subway')), undefined);
      await test.open(at('subway'));
      assert.deepEqual(known(), [at('sub'), at('subway')]);
    });

    it('absorb the folders inside, with their vectors', async () => {
      await indexed(at('sub'));
      await indexed(at('subway'));
      const old = collections();
      test.embedder.embedded.length = 0;
      const outer = await indexed();
      assert.deepEqual(known(), [test.root]);
      assert.deepEqual(test.paths(outer), Object.keys(files));
      assert.ok(
        collections().every((name) => !old.includes(name)),
        'their collections are gone',
      );
    });

    it('are the same for all who ask at once', async () => {
      await test.open(at('sub'));
      const paths = [test.root, at('sub'), test.root, at('sub/deep'), test.root];
      const views = await Promise.all(paths.map((path) => test.folders.open(path)));
      assert.deepEqual(known(), [test.root]);
      const last = (await test.folders.open(test.root)).folder;
      assert.equal(views[0]?.folder, last);
      assert.equal(last.indexer.disposed, false);
    });

    it('say what is wrong with a path', async () => {
      for (const [path, message] of [
        [at('nowhere'), /nowhere/],
        [at('a.ts'), /is a file, not a folder/],
        ['', /empty/],
      ] as const) {
        await assert.rejects(test.folders.open(path), (error: unknown) => {
          assert.ok(error instanceof LanternError);
          assert.match(error.message, message);
          return true;
        });
      }
      await assert.rejects(test.folders.find('relative/path'), { code: 'bad-request' });
      assert.deepEqual(known(), []);
    });
  });

  describe('remove', () => {
    it('removes catalog rows and collection, and keeps files and vectors', async () => {
      await indexed();
      assert.deepEqual(await test.folders.remove(test.root), { folder: test.root, files: 4, chunks: 4 });
      assert.deepEqual([known(), collections()], [[], []]);
      test.embedder.embedded.length = 0;
      const folder = await indexed();
      assert.deepEqual(test.embedder.embedded, []);
      assert.deepEqual(test.paths(folder), Object.keys(files));
    });

    it('works for a folder that is gone from the disk', async () => {
      const folder = await indexed(at('sub'));
      rmSync(at('sub'), { recursive: true });
      assert.equal((await test.folders.remove(at('sub'))).files, 2);
      assert.equal(folder.indexer.disposed, true);
    });

    it('says what else to do', async () => {
      await assert.rejects(test.folders.remove(test.root), /is not indexed.*lantern status/);
      await indexed();
      await assert.rejects(test.folders.remove(at('sub')), /is part of .*\.lanternignore/);
      assert.deepEqual(known(), [test.root]);
    });

    it('ends the work on it first', async () => {
      const gate = new Gate();
      test.embedder.before = () => gate.pass();
      const folder = await test.open();
      const running = assert.rejects(test.folders.refresh(folder), { code: 'cancelled' });
      await gate.reached;
      const removing = test.folders.remove(test.root);
      while (!folder.indexer.disposed) await sleep(1);
      gate.open();
      await Promise.all([removing, running]);
      assert.deepEqual([known(), collections(), test.jobs], [[], [], []]);
      assert.equal(test.embedder.leases, 0);
    });

    it('does not fail when the store is unreachable', async () => {
      await indexed();
      test.store.away = true;
      assert.equal((await test.folders.remove(test.root)).files, 4);
      test.store.away = false;
      assert.deepEqual(known(), []);
      const folder = await indexed();
      assert.deepEqual(test.store.ids(folder.indexer.folder.collection), test.keys(folder));
    });
  });

  describe('with another model', () => {
    it('indexes again, and keeps the old vectors for a change back', async () => {
      await indexed();
      await test.restart('other@2');
      test.embedder.embedded.length = 0;
      await indexed();
      assert.equal(test.catalog.folder(test.root)?.modelKey, 'other@2');
      assert.equal(test.embedder.embedded.length, 4);
      await test.restart('model@1');
      test.embedder.embedded.length = 0;
      const folder = await indexed();
      assert.deepEqual(test.embedder.embedded, []);
      assert.deepEqual(test.store.ids(folder.indexer.folder.collection), test.keys(folder));
    });

    it('drops the collection of the model before', async () => {
      const folder = await indexed();
      const old = folder.indexer.folder.collection;
      await test.restart('other@2');
      await indexed();
      assert.ok(!collections().includes(old), collections().join());
    });
  });

  it('keep what they know over a restart', async () => {
    const before = await indexed();
    const status = test.folders.status(before);
    await test.restart();
    test.embedder.embedded.length = 0;
    const [folder] = test.folders.all();
    assert.ok(folder !== undefined);
    assert.deepEqual(test.folders.status(folder), status);
    const report = await test.folders.refresh(folder);
    assert.deepEqual([report.filesUnchanged, report.chunksEmbedded, report.collectionRebuilt], [4, 0, false]);
  });

  describe('status', () => {
    it('reports what is indexed and what is pending', async () => {
      const folder = await test.open();
      const seen = new Set<string>();
      test.folders.changed.on((one) => seen.add(one?.status.kind ?? 'none'));
      await folder.indexer.scan();
      const { files: count, filesPending, chunks, chunksPending, indexedAt } = test.folders.status(folder);
      assert.deepEqual([count, filesPending, chunks, chunksPending, indexedAt], [4, 4, 4, 4, null]);
      await test.folders.refresh(folder);
      const after = test.folders.status(folder);
      assert.deepEqual([after.filesPending, after.chunksPending, after.status], [0, 0, { kind: 'idle' }]);
      assert.deepEqual([...seen].sort(), ['idle', 'indexing', 'scanning']);
    });

    it('does not begin anew when somebody asks for a scan while the first one runs', async () => {
      const folder = await test.open();
      const going = { kind: 'scanning', files: 3, total: 4, rate: 1, secondsLeft: 1 } as const;
      folder.status = going;
      const scanned = test.folders.scan(folder);
      assert.deepEqual(folder.status, going);
      await scanned;
      assert.deepEqual(folder.status, { kind: 'idle' });
    });

    it('is partial while something is pending that nobody works on', async () => {
      const gate = new Gate();
      test.embedder.before = () => gate.pass();
      const interrupt = new AbortController();
      const folder = await test.open();
      const state = (): IndexStatus => test.folders.status(folder).status;
      const running = assert.rejects(test.folders.refresh(folder, interrupt.signal), { code: 'cancelled' });
      await gate.reached;
      assert.deepEqual(state(), { kind: 'indexing', done: 0, total: 4 });
      interrupt.abort();
      gate.open();
      await running;
      assert.deepEqual(state(), { kind: 'partial' });
      await test.restart();
      assert.deepEqual(
        test.folders.statuses().map(({ status }) => status),
        [{ kind: 'partial' }],
      );
      await indexed();
      assert.deepEqual(
        test.folders.statuses().map(({ status }) => status),
        [{ kind: 'idle' }],
      );
    });

    it('is not changed by what a cancelled job still reports while it ends', async () => {
      const gate = new Gate();
      test.embedder.before = () => gate.pass();
      const interrupt = new AbortController();
      const folder = await test.open();
      const running = assert.rejects(test.folders.refresh(folder, interrupt.signal), { code: 'cancelled' });
      await gate.reached;
      interrupt.abort();
      await running;
      folder.progress.emit({ kind: 'embedding', files: 0, done: 1, total: 4, rate: 0, secondsLeft: -1 });
      gate.open();
      assert.deepEqual(test.folders.status(folder).status, { kind: 'partial' });
    });

    it('is complete with vectors of files alone, where no others are wanted, until they are', async () => {
      await test.folders.dispose();
      test.folders = test.makeFolders('model@1', test.embedder, 'files');
      const folder = await test.open();
      await test.folders.refresh(folder);
      const row = folder.indexer.folder;
      const { files } = test.catalog.counts(row.id);
      assert.equal(test.catalog.fileVectors.count(row), files);
      assert.deepEqual([test.embedder.summaries.length, test.embedder.embedded.length], [files, 0]);
      assert.deepEqual(test.store.ids(row.collection), []);
      const status = test.folders.status(folder);
      assert.deepEqual([status.status, status.filesPending, status.chunksPending], [{ kind: 'idle' }, 0, 0]);

      await test.folders.dispose();
      test.folders = test.makeFolders();
      const again = await test.open();
      assert.deepEqual(test.folders.status(again).status, { kind: 'partial' });
      await test.folders.refresh(again);
      assert.deepEqual(test.folders.status(again).status, { kind: 'idle' });
      assert.equal(test.embedder.embedded.length, test.catalog.counts(row.id).chunks);
    });

    it('is not partial while a change waits to be read', async () => {
      const folder = await indexed();
      test.write({ 'late.ts': 'epsilon' });
      await test.folders.scan(folder);
      assert.deepEqual(test.folders.status(folder).status, { kind: 'partial' });
      await test.folders.changedOnDisk([at('late.ts')]);
      assert.deepEqual(test.folders.status(folder).status, { kind: 'indexing', done: 4, total: 5 });
      while (test.folders.status(folder).status.kind !== 'idle') await sleep(5);
    });

    it('lists a folder of another model before it is indexed anew', async () => {
      const { path } = await indexed();
      await test.restart('other@2');
      const [status] = test.folders.statuses();
      assert.deepEqual([status?.path, status?.filesPending, status?.status], [path, 4, { kind: 'partial' }]);
      await indexed();
      assert.deepEqual(test.folders.statuses()[0]?.status, { kind: 'idle' });
    });

    it('reports why a job failed, until one succeeds', async () => {
      const folder = await indexed(at('sub'));
      rmSync(at('sub'), { recursive: true });
      await assert.rejects(test.folders.refresh(folder));
      assert.equal(folder.status.kind, 'failed');
      assert.equal(test.folders.status(folder).files, 2, 'a missing disk is no empty folder');
      test.write({ 'sub/b.ts': 'beta' });
      await test.folders.refresh(folder);
      assert.deepEqual(folder.status, { kind: 'idle' });
      assert.deepEqual(test.paths(folder), ['b.ts']);
    });

    it('reports whether it is paused', async () => {
      const folder = await test.open();
      test.folders.pause(folder);
      const running = test.folders.refresh(folder);
      while (test.catalog.counts(folder.indexer.folder.id).files < 4) await sleep(1);
      assert.deepEqual(folder.status, { kind: 'paused' });
      test.folders.resume(folder);
      await running;
      assert.deepEqual(folder.status, { kind: 'idle' });
    });
  });

  describe('changes on disk', () => {
    it('are read in one job for a burst of any size', async () => {
      const folder = await indexed();
      const { calls } = test.store;
      calls.length = 0;
      const paths = Array.from({ length: 50 }, (_, i) => `new/${i}.ts`);
      test.write(Object.fromEntries(paths.map((path) => [path, path])));
      await Promise.all(paths.map((path) => test.folders.changedOnDisk([at(path)])));
      const counts = (): number => calls.filter((call) => call.startsWith('count')).length;
      while (counts() === 0) await sleep(5);
      await sleep(200);
      assert.equal(counts(), 1);
      assert.deepEqual(test.store.ids(folder.indexer.folder.collection), test.keys(folder));
      assert.equal(test.paths(folder).length, 54);
    });

    it('outside of every folder are ignored', async () => {
      const folder = await indexed(at('sub'));
      await test.folders.changedOnDisk([at('a.ts'), at('subway/d.ts'), '/nowhere/at/all.ts']);
      assert.equal(folder.burst, undefined);
      await test.folders.changedOnDisk([at('a.ts'), at('sub/b.ts')]);
      assert.notEqual(folder.burst, undefined);
    });

    it('are dropped with the folder', async () => {
      const folder = await indexed();
      await test.folders.changedOnDisk([at('a.ts')]);
      await test.folders.remove(test.root);
      const { calls } = test.store;
      calls.length = 0;
      await sleep(200);
      assert.deepEqual(calls, []);
      assert.equal(folder.indexer.disposed, true);
    });
  });

  describe('reattach', () => {
    it('fills a lost collection again, and leaves the others alone', async () => {
      const one = await indexed(at('sub'));
      await indexed(at('subway'));
      test.embedder.embedded.length = 0;
      test.store.collections.delete(one.indexer.folder.collection);
      test.store.calls.length = 0;
      test.folders.reattach(one.indexer.folder.collection);
      while (test.store.ids(one.indexer.folder.collection).length < 2) await sleep(1);
      assert.deepEqual(test.store.ids(one.indexer.folder.collection), test.keys(one));
      assert.deepEqual(test.embedder.embedded, []);
      assert.equal(test.store.calls.filter((call) => call.startsWith('open')).length, 1);
    });

    it("sends all folders' changes when the store is reachable again", async () => {
      const folder = await indexed();
      test.store.away = true;
      test.write({ 'new.ts': 'fresh' });
      await test.folders.refresh(folder);
      test.store.away = false;
      test.folders.reattach(undefined);
      while (test.store.ids(folder.indexer.folder.collection).length < 5) await sleep(1);
      assert.deepEqual(test.store.ids(folder.indexer.folder.collection), test.keys(folder));
    });
  });

  it('try a job again that found the disk full, though nobody asks', async () => {
    const folders = test.makeFolders(undefined, undefined, 'all', 20);
    try {
      const { folder } = await folders.open(test.root);
      let left = 2;
      test.embedder.before = () => {
        if (left-- > 0) throw new LanternError('disk-full', 'The disk is full.');
      };
      await assert.rejects(folders.refresh(folder), /The disk is full/);
      assert.deepEqual(folder.status, { kind: 'failed', reason: 'The disk is full.' });
      while (folders.status(folder).status.kind !== 'idle') await sleep(5);
      assert.equal(test.catalog.counts(folder.indexer.folder.id).chunksPending, 0);
    } finally {
      await folders.dispose();
    }
  });

  it('do nothing more after dispose', async () => {
    const folder = await indexed();
    await test.folders.changedOnDisk([at('a.ts')]);
    await test.folders.dispose();
    test.store.calls.length = 0;
    await assert.rejects(test.folders.refresh(folder), { code: 'cancelled' });
    await assert.rejects(test.folders.open(at('sub')), { code: 'unavailable' });
    await test.folders.changedOnDisk([at('a.ts')]);
    await sleep(200);
    assert.deepEqual([test.store.calls, test.jobs], [[], []]);
  });
});
