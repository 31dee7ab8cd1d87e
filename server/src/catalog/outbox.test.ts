import assert from 'node:assert/strict';
import type { FolderRow } from './catalog.js';
import { TestCatalog, chunk, filesOf, vectorOf } from '../../test/support/testCatalog.js';

describe('Outbox', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });

  afterEach(() => test.dispose());

  const key = (text: string): string => chunk('x.ts', text).key;
  const idOf = (text: string): number => test.chunkByKey(folder.id, key(text))?.id ?? -1;

  it('gives chunks with their vector, and leaves out chunks that cannot be sent', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    const { vectorDigest } = chunk('x.ts', 'two');
    test.catalog.vectors.put(folder, [{ digest: vectorDigest, vector: vectorOf('two') }]);
    const { outbox } = test.catalog;
    const ids = [idOf('one'), idOf('two'), 999];
    const [only, ...rest] = outbox.upserts(folder, ids);
    assert.ok(only !== undefined && rest.length === 0);
    assert.equal(only.key, key('two'));
    assert.deepEqual(only.vector, vectorOf('two'));
    assert.deepEqual(only.chunk, test.chunkByKey(folder.id, key('two')));
    const fileId = filesOf(test.catalog, folder)[0]?.id;
    const missing = [{ id: idOf('one'), fileId }];
    assert.deepEqual(await outbox.unconfirmed(folder), { ready: [idOf('two')], missing });
    outbox.confirm(folder.id, [only]);
    assert.deepEqual(outbox.upserts(folder, ids), []);
    assert.deepEqual(await outbox.unconfirmed(folder), { ready: [], missing });
  });

  it('lists deletes, as many as are wanted', () => {
    test.put(folder, 'x.ts', 'one', 'two', 'three');
    test.put(folder, 'x.ts');
    const { outbox } = test.catalog;
    assert.equal(outbox.deletes(folder, 2).length, 2);
    const all = outbox.deletes(folder, 10);
    assert.deepEqual(all.map((one) => one.key).sort(), [key('one'), key('two'), key('three')].sort());
    outbox.confirm(folder.id, all);
    assert.equal(outbox.count(folder.id), 0);
  });

  it('keeps a row that was posted again while the store was confirming it', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.embed(folder);
    const { outbox } = test.catalog;
    const told = outbox.upserts(folder, [idOf('one'), idOf('two')]);
    test.put(folder, 'x.ts', 'two');
    outbox.confirm(folder.id, told);
    assert.deepEqual(
      outbox.deletes(folder, 10).map((one) => one.key),
      [key('one')],
    );
    assert.deepEqual((await outbox.unconfirmed(folder)).ready, [idOf('two')], 'it has moved');
  });

  it('keeps the last operation on a key', () => {
    const { outbox } = test.catalog;
    outbox.post(folder.id, 'k', 'upsert');
    outbox.post(folder.id, 'k', 'delete');
    assert.deepEqual(test.outbox(folder), [{ key: 'k', op: 'delete' }]);
    const [stale] = outbox.deletes(folder, 1);
    outbox.post(folder.id, 'k', 'delete');
    outbox.confirm(folder.id, [stale!]);
    assert.equal(outbox.count(folder.id), 1);
  });

  it('is each folder’s own', () => {
    const other = test.addFolder('/b');
    const { outbox } = test.catalog;
    outbox.post(folder.id, 'k', 'delete');
    outbox.post(other.id, 'k', 'delete');
    outbox.confirm(folder.id, outbox.deletes(folder, 5));
    assert.deepEqual([outbox.count(folder.id), outbox.count(other.id)], [0, 1]);
    outbox.clear(folder.id);
    assert.equal(outbox.count(other.id), 1);
  });
});
