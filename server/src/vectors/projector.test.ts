import assert from 'node:assert/strict';
import { LanternError } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import type { ChunkRow, FolderRow, OutboxDelete } from '../catalog/catalog.js';
import { MemoryStore } from '../../test/support/memoryStore.js';
import { Projector } from './projector.js';
import { TestCatalog, chunk, dimensions, file, vectorOf, filesOf } from '../../test/support/testCatalog.js';

describe('Projector', () => {
  let test: TestCatalog;
  let folder: FolderRow;
  let store: MemoryStore;
  let projector: Projector;
  const { signal } = new AbortController();

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
    store = new MemoryStore();
    projector = make();
  });

  afterEach(() => test.dispose());

  function make(document?: (chunk: ChunkRow) => Promise<string | undefined>): Projector {
    const { catalog } = test;
    const writer = {
      renewCollection: (id: number, generation: string) => {
        catalog.renewCollection(id, generation);
        return Promise.resolve();
      },
      confirm: (id: number, rows: readonly OutboxDelete[]) => {
        catalog.outbox.confirm(id, rows);
        return Promise.resolve();
      },
    };
    return new Projector({
      folder: catalog.folder('/a')!,
      dimensions,
      catalog,
      writer,
      store,
      document,
      log: nullLog,
    });
  }

  /** One run of the indexer's, without a model: every chunk has its vector already. */
  async function run(): Promise<number> {
    test.embed(folder);
    await projector.begin();
    const told = await projector.project(
      (await test.catalog.outbox.unconfirmed(projector.folder)).ready,
      signal,
    );
    await projector.verify(signal);
    return told;
  }

  /** Asserts that the collection holds exactly what the catalog does, and that nothing is left to say. */
  function assertEqual(): void {
    const stored = store.collections.get('a');
    const wanted = new Map<string, unknown>();
    for (const { id, path, language } of filesOf(test.catalog, folder)) {
      for (const { key, startLine, endLine } of test.catalog.chunks.ofFile(id))
        wanted.set(key, { id: key, vector: vectorOf(key), path, startLine, endLine, language });
    }
    assert.deepEqual(new Map([...(stored?.records ?? [])].sort()), new Map([...wanted].sort()));
    assert.equal(test.catalog.outbox.count(folder.id), 0);
    assert.equal(stored?.spec.generation, test.catalog.folder('/a')?.generation);
  }

  it('sends everything to a new collection', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.replace(folder, file('y.py', { language: 'python' }), [chunk('y.py', 'three', 7)]);
    assert.equal(await run(), 3);
    assertEqual();
    assert.equal(projector.takeRebuilt(), false, 'it had never been filled');
    assert.deepEqual(store.collections.get('a')?.spec, {
      name: 'a',
      dimensions,
      folder: '/a',
      model: 'model@1',
      chunker: '1',
      generation: 'g1',
    });
  });

  it('then sends only changes, deletes before upserts', async () => {
    test.put(folder, 'x.ts', 'one', 'two', 'three');
    await run();
    store.calls.length = 0;
    test.put(folder, 'x.ts', 'one', 'two', 'four');
    assert.equal(await run(), 1);
    assert.deepEqual(store.calls, ['delete 1', 'upsert 1', 'count a']);
    assertEqual();
    store.calls.length = 0;
    assert.equal(await run(), 0);
    assert.deepEqual(store.calls, ['count a']);
  });

  it('moves many in pages', async () => {
    const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`);
    test.put(folder, 'x.ts', ...texts);
    await run();
    assertEqual();
    test.put(folder, 'x.ts');
    await run();
    assertEqual();
    const writes = store.calls.filter((call) => /^(?:upsert|delete)/.test(call));
    assert.deepEqual(writes, [
      'upsert 256',
      'upsert 256',
      'upsert 88',
      'delete 256',
      'delete 256',
      'delete 88',
    ]);
  });

  it('stops between pages when it is cancelled, and keeps what was confirmed', async () => {
    test.put(folder, 'x.ts', ...Array.from({ length: 600 }, (_, i) => `text ${i}`));
    test.embed(folder);
    const controller = new AbortController();
    store.after = (operation) => (operation === 'upsert' ? controller.abort() : undefined);
    await projector.begin();
    const { ready } = await test.catalog.outbox.unconfirmed(folder);
    await assert.rejects(projector.project(ready, controller.signal), { code: 'cancelled' });
    assert.equal(test.catalog.outbox.count(folder.id), 600 - 256);
    store.after = () => undefined;
    assert.equal(await run(), 600 - 256);
    assertEqual();
  });

  for (const operation of ['upsert', 'delete'] as const) {
    it(`reaches the same state after a crash between ${operation} and its confirmation`, async () => {
      test.put(folder, 'x.ts', 'one', 'two', 'three');
      await run();
      test.put(folder, 'x.ts', 'one', 'four', 'five');
      store.after = (done) => {
        if (done === operation) throw new Error('the power went');
      };
      await assert.rejects(run(), /the power went/);
      store.after = () => undefined;
      assert.ok(test.catalog.outbox.count(folder.id) > 0);
      test.reopen();
      projector = make();
      await run();
      assertEqual();
      assert.equal(projector.takeRebuilt(), false);
    });
  }

  it('fills a collection that was lost between two runs, and reports it once', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    await run();
    store.collections.clear();
    projector = make();
    assert.equal(await run(), 2);
    assertEqual();
    assert.equal(projector.takeRebuilt(), true);
    assert.equal(projector.takeRebuilt(), false);
  });

  it('fills a collection that is lost in the middle of a run', async () => {
    test.put(folder, 'x.ts', ...Array.from({ length: 300 }, (_, i) => `text ${i}`));
    let upserts = 0;
    store.before = (operation) => {
      if (operation === 'upsert' && ++upserts === 2) store.collections.clear();
    };
    await run();
    assert.equal(projector.takeRebuilt(), true);
    await run();
    assertEqual();
  });

  it('gives up on a collection that is lost again and again', async () => {
    test.put(folder, 'x.ts', 'one');
    store.before = (operation) => {
      if (operation === 'upsert') store.collections.clear();
    };
    await run();
    assert.equal(test.catalog.outbox.count(folder.id), 1, 'it waits for better days');
    store.before = () => undefined;
    await run();
    assertEqual();
  });

  it('does not trust a collection of another generation', async () => {
    test.put(folder, 'x.ts', 'one');
    await run();
    const spec = { ...store.collections.get('a')!.spec, generation: 'somebody else' };
    store.collections.set('a', { spec, records: new Map([['foreign', { ...recordOf('foreign') }]]) });
    projector = make();
    await run();
    assertEqual();
  });

  it('rebuilds it when its count differs', async () => {
    test.put(folder, 'x.ts', 'one', 'two', 'three');
    await run();
    for (const tamper of [
      (): unknown => store.collections.get('a')?.records.delete(chunk('x.ts', 'two').key),
      (): unknown => store.collections.get('a')?.records.set('more', recordOf('more')),
    ]) {
      const before = test.catalog.folder('/a')?.generation;
      tamper();
      await run();
      assertEqual();
      assert.equal(projector.takeRebuilt(), true);
      assert.notEqual(test.catalog.folder('/a')?.generation, before);
    }
  });

  it('does not count while there is something to say', async () => {
    test.put(folder, 'x.ts', 'one');
    await projector.begin();
    await projector.verify(signal);
    assert.deepEqual(store.calls, ['open a']);
  });

  describe('while the store is unreachable', () => {
    it('loses nothing, and does not ask again in the same run', async () => {
      test.put(folder, 'x.ts', 'one', 'two');
      await run();
      test.put(folder, 'x.ts', 'one', 'three');
      test.embed(folder);
      let asked = 0;
      store.before = () => {
        asked++;
      };
      store.away = true;
      await projector.begin();
      const { ready } = await test.catalog.outbox.unconfirmed(folder);
      assert.equal(await projector.project(ready, signal), 0);
      assert.equal(await projector.project(ready, signal), 0);
      await projector.verify(signal);
      assert.equal(asked, 1);
      assert.equal(test.catalog.outbox.count(folder.id), 2);
      store.away = false;
      await run();
      assertEqual();
    });

    it('passes on any other failure', async () => {
      test.put(folder, 'x.ts', 'one');
      store.before = (operation) => {
        if (operation === 'upsert') throw new LanternError('disk-full', 'no room');
      };
      await assert.rejects(run(), { code: 'disk-full' });
    });
  });

  describe('withCollection', () => {
    it('opens once for all who ask at once', async () => {
      await Promise.all([1, 2, 3].map(() => projector.withCollection((collection) => collection.count())));
      assert.equal(store.calls.filter((call) => call === 'open a').length, 1);
    });

    it('opens a lost collection again and repeats the call', async () => {
      test.put(folder, 'x.ts', 'one');
      await run();
      store.collections.clear();
      assert.equal(await projector.withCollection((collection) => collection.count()), 0);
      assert.equal(test.catalog.outbox.count(folder.id), 1);
      await run();
      assertEqual();
    });

    it('opens again after detach', async () => {
      test.put(folder, 'x.ts', 'one');
      await run();
      projector.detach();
      await run();
      assert.equal(store.calls.filter((call) => call === 'open a').length, 2);
      assertEqual();
    });
  });

  it('hands over the text of a chunk where it is wanted and known', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    const two = chunk('x.ts', 'two').key;
    projector = make((row) => Promise.resolve(row.key === two ? 'the text' : undefined));
    await run();
    const records = store.collections.get('a')?.records;
    assert.equal(records?.get(two)?.document, 'the text');
    assert.ok(!('document' in (records.get(chunk('x.ts', 'one').key) ?? {})));
  });
});

function recordOf(id: string) {
  return { id, vector: vectorOf(id), path: 'x.ts', startLine: 1, endLine: 1, language: 'typescript' };
}
