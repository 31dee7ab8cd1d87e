import assert from 'node:assert/strict';
import type { FolderRow } from './catalog.js';
import { TestCatalog, chunk, digest, file, vectorOf } from '../../test/support/testCatalog.js';

describe('Catalog', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });

  afterEach(() => test.dispose());

  /** What the outbox says of these texts of one file. */
  const said = (path: string, ...texts: string[]): string[] => {
    const all = new Map(test.outbox(folder).map(({ key, op }) => [key, op]));
    return texts.map((text) => all.get(chunk(path, text).key) ?? '-');
  };

  describe('folders', () => {
    it('are known by path, with their model', () => {
      test.addFolder('/b', 'other@2');
      assert.deepEqual(
        test.catalog.folders().map(({ path, modelKey, indexedAt }) => [path, modelKey, indexedAt]),
        [
          ['/a', 'model@1', null],
          ['/b', 'other@2', null],
        ],
      );
      assert.equal(test.catalog.folder('/c'), undefined);
      test.catalog.markIndexed(folder.id, 1234);
      assert.equal(test.catalog.folder('/a')?.indexedAt, 1234);
    });

    it('are there once', () => {
      assert.throws(() => test.addFolder('/a'), /UNIQUE/);
      test.put(folder, 'x.ts', 'still works');
    });

    it('survive a restart completely', () => {
      test.put(folder, 'x.ts', 'one', 'two');
      test.embed(folder);
      test.reopen();
      assert.deepEqual(test.catalog.folder('/a'), folder);
      assert.deepEqual(test.catalog.counts(folder.id), {
        files: 1,
        chunks: 2,
        chunksPending: 0,
        filesPending: 0,
      });
      assert.equal(test.catalog.lexical.filesWith(folder.id, 'two').length, 1);
    });
  });

  describe('files', () => {
    it('are found by path, and remember how they were seen', () => {
      test.replace(folder, file('x.ts', { size: 5, mtimeMs: 10.25, checkedMs: 99.5, digest: 'abc' }), []);
      const row = test.catalog.files.get(folder.id, 'x.ts');
      assert.deepEqual([row?.size, row?.mtimeMs, row?.checkedMs, row?.digest], [5, 10.25, 99.5, 'abc']);
      test.catalog.files.touch(row!.id, { size: 6, mtimeMs: 20.5, checkedMs: 100 });
      const seen = { size: 6, mtimeMs: 20.5, checkedMs: 100 };
      assert.deepEqual(test.catalog.files.get(folder.id, 'x.ts'), { ...row, ...seen });
      assert.deepEqual(test.catalog.files.seen(folder.id).get('x.ts'), { path: 'x.ts', ...seen });
      assert.equal(test.catalog.files.get(folder.id, 'X.ts'), undefined);
      assert.equal(test.catalog.files.get(999, 'x.ts'), undefined);
    });

    it('keep their id when they are replaced', () => {
      test.put(folder, 'x.ts', 'one');
      const before = test.catalog.files.get(folder.id, 'x.ts');
      test.replace(folder, file('x.ts', { digest: 'new', language: 'tsx' }), []);
      const after = test.catalog.files.get(folder.id, 'x.ts');
      assert.deepEqual([after?.id, after?.digest, after?.language], [before?.id, 'new', 'tsx']);
    });

    it('that were skipped are recorded and deleted', () => {
      const skipped = { path: 'x.bin', size: 1, mtimeMs: 2, checkedMs: 3, reason: 'binary' };
      test.catalog.files.recordSkipped(folder.id, skipped);
      test.catalog.files.recordSkipped(folder.id, { ...skipped, reason: 'minified' });
      assert.deepEqual(
        [...test.catalog.files.skipped(folder.id).values()],
        [{ ...skipped, reason: 'minified' }],
      );
      test.catalog.files.deleteSkipped(folder.id, 'x.bin');
      test.catalog.files.deleteSkipped(folder.id, 'never.there');
      assert.equal(test.catalog.files.skipped(folder.id).size, 0);
    });
  });

  describe('writeFiles', () => {
    it('posts new chunks, and not those that stayed', () => {
      test.put(folder, 'x.ts', 'one', 'two', 'three');
      assert.deepEqual(said('x.ts', 'one', 'two', 'three'), ['upsert', 'upsert', 'upsert']);
      test.settle(folder);
      assert.deepEqual(test.put(folder, 'x.ts', 'one', 'two', 'three'), { removed: 0 });
      assert.deepEqual(said('x.ts', 'one', 'two', 'three'), ['-', '-', '-']);
      assert.deepEqual(test.put(folder, 'x.ts', 'one', 'zwei', 'three'), { removed: 1 });
      assert.deepEqual(said('x.ts', 'one', 'two', 'zwei', 'three'), ['-', 'delete', 'upsert', '-']);
    });

    it('posts chunks that have moved', () => {
      test.put(folder, 'x.ts', 'one', 'two');
      test.settle(folder);
      test.put(folder, 'x.ts', 'zero', 'one', 'two');
      assert.deepEqual(said('x.ts', 'zero', 'one', 'two'), ['upsert', 'upsert', 'upsert']);
      assert.equal(test.chunkByKey(folder.id, chunk('x.ts', 'two').key)?.startLine, 3);
    });

    it('posts chunks when their language changes', () => {
      test.put(folder, 'x.h', 'one');
      test.settle(folder);
      test.replace(folder, file('x.h', { language: 'cpp' }), [chunk('x.h', 'one')]);
      assert.deepEqual(said('x.h', 'one'), ['upsert']);
    });

    it('still posts what was not confirmed before', () => {
      test.put(folder, 'x.ts', 'one', 'two');
      test.put(folder, 'x.ts', 'one', 'two');
      assert.deepEqual(said('x.ts', 'one', 'two'), ['upsert', 'upsert']);
    });

    it('can add a chunk that was just removed', () => {
      test.put(folder, 'x.ts', 'one');
      test.settle(folder);
      test.put(folder, 'x.ts', 'other');
      assert.deepEqual(said('x.ts', 'one'), ['delete']);
      test.put(folder, 'x.ts', 'one');
      assert.deepEqual(said('x.ts', 'one', 'other'), ['upsert', 'delete']);
    });

    it('keeps the file as it was when a chunk cannot be put', () => {
      test.put(folder, 'x.ts', 'one', 'two');
      test.settle(folder);
      const twice = [chunk('x.ts', 'new'), chunk('x.ts', 'new', 2)];
      assert.throws(() => test.replace(folder, file('x.ts', { digest: 'new' }), twice), /UNIQUE/);
      assert.equal(test.catalog.files.get(folder.id, 'x.ts')?.digest, 'd');
      assert.equal(test.catalog.counts(folder.id).chunks, 2);
      assert.deepEqual(said('x.ts', 'one', 'two', 'new'), ['-', '-', '-']);
      assert.equal(test.catalog.lexical.filesWith(folder.id, 'two').length, 1);
    });

    it('keeps chunks in order, with all that is known of them', () => {
      const first = chunk('x.ts', 'one', 3, { symbol: 'Box.open', endLine: 7 });
      test.replace(folder, file('x.ts'), [first, chunk('x.ts', 'two', 9)]);
      const [stored, second] = test.catalog.chunks.ofFile(test.catalog.files.get(folder.id, 'x.ts')!.id);
      assert.ok(stored !== undefined && second !== undefined);
      assert.deepEqual(
        { ...first, ...stored },
        {
          ...first,
          id: stored.id,
          path: 'x.ts',
          language: 'typescript',
          vectorDigest: stored.vectorDigest,
          textDigest: stored.textDigest,
        },
      );
      assert.equal(Buffer.compare(stored.vectorDigest, first.vectorDigest), 0);
      assert.equal(Buffer.compare(stored.textDigest, first.textDigest), 0);
      assert.equal(second.symbol, null);
      assert.deepEqual(test.catalog.chunks.get(stored.id), stored);
      assert.equal(test.catalog.chunks.get(999), undefined);
      assert.equal(test.chunkByKey(folder.id + 1, stored.key), undefined);
    });
  });

  it('finds definitions in any case, and deletes them with their chunk', () => {
    const named = (name: string) => ({
      definitions: [{ name, kind: 'function', startLine: 1, endLine: 1 }],
    });
    test.replace(folder, file('x.ts'), [
      chunk('x.ts', '1', 1, named('openFile')),
      chunk('x.ts', '2', 2, named('OpenFile')),
      chunk('x.ts', '3', 3, named('openFiles')),
    ]);
    const names = (name: string): string[] =>
      test.catalog.chunks
        .defining(folder.id, name)
        .map((d) => d.name)
        .sort();
    assert.deepEqual(names('openfile'), ['OpenFile', 'openFile']);
    assert.deepEqual(names('open%'), []);
    test.put(folder, 'x.ts', 'nothing');
    assert.deepEqual(names('openFile'), []);
  });

  it('finds definitions that begin in one chunk and end in another', () => {
    const define = (name: string, startLine: number, endLine: number) => ({
      name,
      kind: 'function',
      startLine,
      endLine,
    });
    const lines = (startLine: number, endLine: number, ...definitions: ReturnType<typeof define>[]) =>
      chunk('x.ts', `from ${startLine}`, startLine, { endLine, definitions });
    const first = lines(1, 10, define('whole', 1, 4), define('cut', 5, 12), define('long', 6, 25));
    const [second, third] = [lines(11, 20, define('own', 13, 20)), lines(21, 30)];
    test.replace(folder, file('x.ts'), [first, second, third]);
    test.replace(folder, file('y.ts'), [
      chunk('y.ts', 'other', 1, { definitions: [define('other', 1, 15)] }),
    ]);
    const { id } = test.catalog.files.get(folder.id, 'x.ts')!;
    assert.deepEqual(
      test.catalog.chunks
        .ofFile(id)
        .map((one) => test.catalog.chunks.definitionsEndingIn(one).map(({ name }) => name)),
      [[], ['cut'], ['long']],
    );
  });

  it('removes a file with its chunks and terms, and posts the deletes', () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.put(folder, 'y.ts', 'one');
    test.settle(folder);
    assert.deepEqual(test.remove(folder, { path: 'x.ts' }), {
      removed: 2,
    });
    assert.deepEqual(said('x.ts', 'one', 'two'), ['delete', 'delete']);
    assert.deepEqual(said('y.ts', 'one'), ['-']);
    assert.deepEqual(test.catalog.counts(folder.id).files, 1);
    assert.equal(test.catalog.lexical.filesWith(folder.id, 'one').length, 1);
  });

  it('counts pending chunks and files', () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.put(folder, 'y.ts', 'three');
    assert.deepEqual(test.catalog.counts(folder.id), {
      files: 2,
      chunks: 3,
      chunksPending: 3,
      filesPending: 2,
    });
    const { vectorDigest } = chunk('x.ts', 'one');
    test.catalog.vectors.put(folder, [{ digest: vectorDigest, vector: new Float32Array(8) }]);
    assert.deepEqual(test.catalog.counts(folder.id), {
      files: 2,
      chunks: 3,
      chunksPending: 2,
      filesPending: 2,
    });
    assert.equal(test.catalog.countVectors(folder), 1);
    test.embed(folder);
    assert.equal(test.catalog.counts(folder.id).filesPending, 0);
    assert.equal(test.catalog.countVectors(folder), 3);
    assert.equal(test.catalog.outbox.count(folder.id), 3, 'the collection has still to be told');
  });

  describe('keeps its counts', () => {
    const recounted = (id: number): unknown =>
      test.query(
        `WITH pending AS (SELECT c.id, c.file_id FROM chunks c JOIN folders f ON f.id = c.folder_id
           WHERE c.folder_id = ? AND NOT EXISTS (
             SELECT 1 FROM vectors v WHERE v.model_id = f.model_id AND v.digest = c.vector_digest))
         SELECT (SELECT count(*) FROM files WHERE folder_id = ?) AS files,
           (SELECT count(DISTINCT file_id) FROM pending) AS filesPending,
           (SELECT count(*) FROM chunks WHERE folder_id = ?) AS chunks,
           (SELECT count(*) FROM pending) AS chunksPending`,
        id,
        id,
        id,
      )[0];

    it('through writes, vectors and removals in any order, also after a start', () => {
      let seed = 7;
      const random = (below: number): number => {
        seed = (seed * 1103515245 + 12345) % 2 ** 31;
        return Math.floor((seed / 2 ** 31) * below);
      };
      const folders = [folder, test.addFolder('/b'), test.addFolder('/c', 'other@2')];
      const some = (): string[] => Array.from({ length: random(4) }, () => `text ${random(12)}`);
      let most = 0;
      for (let step = 0; step < 300; step++) {
        const one = folders[random(3)]!;
        const path = `${random(5)}.ts`;
        const known = test.catalog.files.get(one.id, path);
        const action = random(10);
        if (action < 5) test.put(one, path, ...new Set(some()));
        else if (action < 8) {
          const vectors = some().map((text) => ({
            digest: chunk(path, text).vectorDigest,
            vector: vectorOf(text),
          }));
          test.catalog.vectors.put(one, vectors);
        } else if (action === 8 && known !== undefined) test.remove(one, known);
        else if (random(10) === 0) test.reopen();
        for (const { id } of folders) {
          const counts = test.catalog.counts(id);
          assert.deepEqual(counts, recounted(id), `after step ${step}`);
          most = Math.max(most, counts.chunksPending);
        }
      }
      assert.ok(most > 5, 'the test wrote chunks that were pending');
      test.catalog.removeFolder(folder.id);
      assert.deepEqual(test.catalog.counts(folder.id), {
        files: 0,
        filesPending: 0,
        chunks: 0,
        chunksPending: 0,
      });
    });

    it('when a catalog of schema version 3 is migrated', () => {
      const other = test.addFolder('/c', 'other@2');
      test.put(folder, 'a.ts', 'one', 'two');
      test.put(folder, 'b.ts', 'three');
      test.put(other, 'a.ts', 'one');
      test.catalog.vectors.put(folder, [
        { digest: chunk('a.ts', 'one').vectorDigest, vector: vectorOf('one') },
      ]);
      test.dropCounts();
      test.reopen();
      assert.deepEqual(test.catalog.counts(folder.id), {
        files: 2,
        filesPending: 2,
        chunks: 3,
        chunksPending: 2,
      });
      assert.deepEqual(test.catalog.counts(other.id), recounted(other.id));
      test.embed(folder);
      assert.equal(test.catalog.counts(folder.id).chunksPending, 0);
      assert.equal(test.catalog.counts(other.id).chunksPending, 1);
    });
  });

  describe('removeFolder', () => {
    it('removes the folder and nothing of any other, and keeps the vectors', () => {
      const other = test.addFolder('/b');
      for (const where of [folder, other]) {
        test.put(where, 'x.ts', 'one', 'two');
        test.embed(where);
        test.catalog.files.recordSkipped(where.id, {
          path: 'y',
          size: 1,
          mtimeMs: 1,
          checkedMs: 1,
          reason: 'binary',
        });
      }
      assert.deepEqual(test.catalog.removeFolder(folder.id), { files: 1, chunks: 2 });
      assert.equal(test.catalog.folder('/a'), undefined);
      for (const table of ['files', 'chunks', 'skipped_files', 'outbox', 'definitions'])
        assert.deepEqual(test.query(`SELECT * FROM ${table} WHERE folder_id = ${folder.id}`), [], table);
      assert.deepEqual(
        test.query(`SELECT name FROM sqlite_master WHERE name LIKE 'words_${folder.id}%'`),
        [],
      );
      assert.deepEqual(test.catalog.counts(other.id), {
        files: 1,
        chunks: 2,
        chunksPending: 0,
        filesPending: 0,
      });
      assert.equal(test.catalog.lexical.filesWith(other.id, 'one').length, 1);

      const again = test.addFolder('/a');
      test.put(again, 'x.ts', 'one', 'two');
      assert.equal(test.catalog.counts(again.id).chunksPending, 0, 'nothing has to be embedded again');
    });

    it('does no harm twice', () => {
      test.catalog.removeFolder(folder.id);
      assert.deepEqual(test.catalog.removeFolder(folder.id), { files: 0, chunks: 0 });
    });
  });

  it('posts everything to a renewed collection, and no deletes', () => {
    test.put(folder, 'x.ts', 'one', 'two');
    test.settle(folder);
    test.put(folder, 'x.ts', 'one');
    test.catalog.renewCollection(folder.id, 'g2');
    assert.equal(test.catalog.folder('/a')?.generation, 'g2');
    assert.deepEqual(test.outbox(folder), [{ key: chunk('x.ts', 'one').key, op: 'upsert' }]);
  });

  it('says how much room it takes', () => {
    const before = test.catalog.sizeBytes();
    for (let i = 0; i < 50; i++) test.put(folder, `${i}.ts`, `text ${i} `.repeat(100));
    assert.ok(test.catalog.sizeBytes() > before);
  });

  it('compares digests by their bytes', () => {
    assert.notDeepEqual(digest('a'), digest('b'));
    test.put(folder, 'x.ts', 'one');
    test.embed(folder);
    const row = test.chunkByKey(folder.id, chunk('x.ts', 'one').key)!;
    assert.ok(test.catalog.vectors.get(folder, row.vectorDigest) !== undefined);
    assert.equal(test.catalog.vectors.get(folder, row.textDigest), undefined);
  });
});
