import assert from 'node:assert/strict';
import { join } from 'node:path';
import Database from 'libsql';
import type { FolderRow } from './catalog.js';
import { fromInt8 } from './int8.js';
import {
  TestCatalog,
  beforeVersion8,
  chunk,
  digest,
  dimensions,
  file,
  vectorOf,
} from '../../test/support/testCatalog.js';

describe('VectorTable', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });

  afterEach(() => test.dispose());

  const put = (text: string, where = folder): void =>
    test.catalog.vectors.put(where, [{ digest: digest(text), vector: vectorOf(text) }]);
  const has = (text: string, where = folder): boolean =>
    test.catalog.vectors.get(where, digest(text)) !== undefined;
  /** Makes all vectors look as if they had last been used so many days ago. */
  const age = (days: number): void =>
    void test.query('UPDATE vectors SET used_day = used_day - ? RETURNING digest', days);

  it('returns vectors as it keeps them, also from the middle of a buffer', () => {
    const buffer = new Float32Array(3 * dimensions);
    const view = buffer.subarray(dimensions, 2 * dimensions);
    view.set(vectorOf('x'));
    test.catalog.vectors.put(folder, [{ digest: digest('x'), vector: view }]);
    assert.deepEqual(test.catalog.vectors.get(folder, digest('x')), vectorOf('x'));
    assert.equal(test.catalog.vectors.get(folder, digest('y')), undefined);
  });

  it('keeps the vectors of a catalog of schema version 6, which had four bytes per component', () => {
    const texts = Array.from({ length: 2500 }, (_, n) => `text ${n}`);
    for (const text of texts) put(text);
    test.catalog.dispose();
    const db = new Database(join(test.dir, 'catalog.db'));
    const set = db.prepare('UPDATE vectors SET vector = ? WHERE digest = ?');
    db.exec('BEGIN');
    for (const text of texts) set.run([new Uint8Array(vectorOf(text).buffer), digest(text)]);
    db.exec(`COMMIT; ${beforeVersion8} PRAGMA user_version = 6`);
    db.close();
    test.reopen();
    for (const text of texts)
      assert.deepEqual(test.catalog.vectors.get(folder, digest(text)), vectorOf(text));
    assert.deepEqual(test.query('SELECT DISTINCT length(vector) AS bytes FROM vectors'), [
      { bytes: dimensions },
    ]);
  });

  it('is shared by folders of the same model, and by no other', () => {
    const [same, other] = [test.addFolder('/b'), test.addFolder('/c', 'other@2')];
    put('x');
    assert.equal(has('x', same), true);
    assert.equal(has('x', other), false);
    test.catalog.vectors.put(other, [{ digest: digest('x'), vector: vectorOf('elsewhere') }]);
    assert.deepEqual(test.catalog.vectors.get(folder, digest('x')), vectorOf('x'));
  });

  it('spares a second folder with the same content the model', async () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.embed(folder);
    const copy = test.addFolder('/copy');
    test.put(copy, 'x.ts', 'one', 'two', 'three');
    assert.equal(test.catalog.counts(copy.id).chunksPending, 1);
    assert.equal((await test.catalog.outbox.unconfirmed(copy)).ready.length, 2);
  });

  describe('dropUnused', () => {
    it('keeps a vector that a chunk uses, however old it is', () => {
      test.put(folder, 'x.ts', 'one');
      test.embed(folder);
      put('unused');
      age(100);
      assert.equal(test.catalog.vectors.dropUnused(30), 1);
      assert.equal(test.catalog.counts(folder.id).chunksPending, 0);
      assert.equal(has('unused'), false);
    });

    it('keeps a vector that was used recently', () => {
      put('recent');
      age(30);
      assert.equal(test.catalog.vectors.dropUnused(30), 0);
      age(1);
      assert.equal(test.catalog.vectors.dropUnused(30), 1);
    });

    for (const [name, leave] of [
      ['changed', () => test.put(folder, 'x.ts', 'other')],
      ['was removed', () => test.remove(folder, { path: 'x.ts' })],
      ['belongs to a folder that was removed', () => test.catalog.removeFolder(folder.id)],
    ] as const) {
      it(`counts the days since its file ${name}, not since it was made`, () => {
        test.put(folder, 'x.ts', 'one');
        test.embed(folder);
        age(100);
        leave();
        assert.equal(test.catalog.vectors.dropUnused(30), 0);
        age(31);
        assert.equal(test.catalog.vectors.dropUnused(30), 1);
      });
    }
  });

  describe('blocks', () => {
    const ids = (rows?: number): string[][] =>
      [...test.catalog.vectors.blocks(folder, dimensions, rows)].map((block) => [...block.ids]);

    it('hold every chunk with a vector once, of this folder alone', () => {
      const other = test.addFolder('/b');
      test.put(other, 'x.ts', 'one', 'elsewhere');
      for (let i = 0; i < 7; i++) test.put(folder, `${i}.ts`, 'one', `two ${i}`);
      test.embed(folder);
      test.embed(other);
      test.put(folder, 'late.ts', 'without a vector');
      for (const rows of [1, 3, 7, 14, 15, undefined]) {
        const blocks = ids(rows);
        assert.equal(blocks.flat().length, 14);
        assert.equal(new Set(blocks.flat()).size, 14);
        assert.ok(blocks.every((block) => block.length > 0 && block.length <= (rows ?? 2000)));
      }
    });

    it('hold vectors and languages in the order of the ids', () => {
      test.replace(folder, file('x.py', { language: 'python' }), [chunk('x.py', 'one')]);
      test.put(folder, 'x.ts', 'one', 'two');
      test.embed(folder);
      for (const block of test.catalog.vectors.blocks(folder, dimensions, 2)) {
        assert.equal(block.components.length, block.ids.length * dimensions);
        for (const [i, id] of block.ids.entries()) {
          const bytes = new Uint8Array(block.components.slice(i * dimensions, (i + 1) * dimensions).buffer);
          assert.deepEqual(fromInt8(bytes), vectorOf(id));
          assert.equal(block.languages[i], id === chunk('x.py', 'one').key ? 'python' : 'typescript');
        }
      }
    });

    it('do not keep the folder from being changed or removed meanwhile', () => {
      for (let i = 0; i < 10; i++) test.put(folder, `${i}.ts`, `text ${i}`);
      test.embed(folder);
      const reading = test.catalog.vectors.blocks(folder, dimensions, 3);
      assert.equal(reading.next().done, false);
      test.put(folder, '3.ts', 'changed');
      assert.equal(reading.next().done, false);
      test.catalog.removeFolder(folder.id);
      assert.equal(reading.next().done, true);
    });

    it('are none for a folder without vectors', () => assert.deepEqual(ids(), []));
  });
});
