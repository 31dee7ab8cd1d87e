import assert from 'node:assert/strict';
import { TestCatalog, chunk, digest, file, vectorOf } from '../../test/support/testCatalog.js';
import type { FolderRow } from './catalog.js';
import { fromInt8 } from './int8.js';

describe('vectors of a file that was moved or copied', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });
  afterEach(() => test.dispose());

  /** A file of these texts, which has a vector of its own too. */
  const write = (path: string, texts: readonly string[], where = folder): void => {
    const chunks = texts.map((text, i) => chunk(path, text, i + 1));
    const summary = { digest: digest(`file ${path}`), text: `file ${path}` };
    test.replace(where, file(path, { digest: texts.join(), summary }), chunks);
  };
  const idOf = (path: string, where = folder): number => test.catalog.files.get(where.id, path)!.id;
  /** The vectors of a file's chunks, in their order; undefined where there is none. */
  const ofChunks = (path: string, where = folder): (Float32Array | undefined)[] => {
    const ids = test.catalog.chunks.ofFile(idOf(path, where)).map(({ id }) => id);
    const found = test.catalog.vectors.ofChunks(where, ids);
    return ids.map((id) => {
      const components = found.get(id);
      return components && fromInt8(new Uint8Array(components));
    });
  };
  const cosine = (path: string, query: string, where = folder): number | undefined =>
    test.catalog.fileVectors.cosines(where, vectorOf(query)).get(idOf(path, where));
  const embed = (path: string, where = folder): void => {
    const vectors = test.catalog.chunks
      .ofFile(idOf(path, where))
      .map(({ vectorDigest }, i) => ({ digest: vectorDigest, vector: vectorOf(`${path} ${i}`) }));
    const own = { digest: digest(`file ${path}`), vector: vectorOf(`file ${path}`) };
    test.catalog.putVectors(where, [...vectors, own], [idOf(path, where)]);
    test.catalog.fileVectors.dropSummaries(where);
  };
  const near = (value: number | undefined): boolean => value !== undefined && Math.abs(value - 1) < 1e-6;

  it('are those of its content at the other path, until its own are there', () => {
    write('old.ts', ['one', 'two']);
    embed('old.ts');
    write('new.ts', ['one', 'two']);
    const theirs = [vectorOf('old.ts 0'), vectorOf('old.ts 1')];
    assert.deepEqual(ofChunks('new.ts'), theirs);
    assert.ok(near(cosine('new.ts', 'file old.ts')));
    // It is as incomplete as before, so that the model makes its own.
    assert.equal(test.catalog.counts(folder.id).chunksPending, 2);
    assert.deepEqual(
      test.catalog.fileVectors.missing(folder).map(({ id }) => id),
      [idOf('new.ts')],
    );
    test.catalog.writeFiles(folder, [{ kind: 'gone', path: 'old.ts' }]);
    assert.deepEqual(ofChunks('new.ts'), theirs);
    embed('new.ts');
    assert.deepEqual(ofChunks('new.ts'), [vectorOf('new.ts 0'), vectorOf('new.ts 1')]);
    assert.ok(near(cosine('new.ts', 'file new.ts')));
    assert.equal(test.catalog.counts(folder.id).chunksPending, 0);
  });

  it('are handed on when it is moved twice, and to a folder elsewhere', () => {
    const other = test.addFolder('/b');
    write('old.ts', ['one']);
    embed('old.ts');
    write('middle.ts', ['one']);
    test.catalog.writeFiles(folder, [{ kind: 'gone', path: 'old.ts' }]);
    write('new.ts', ['one'], other);
    assert.deepEqual(ofChunks('new.ts', other), [vectorOf('old.ts 0')]);
    assert.ok(near(cosine('new.ts', 'file old.ts', other)));
  });

  it('are none for other content, or another model', () => {
    const other = test.addFolder('/b', 'other@2');
    write('old.ts', ['one', 'two']);
    embed('old.ts');
    write('changed.ts', ['one', 'three']);
    write('new.ts', ['one', 'two'], other);
    assert.deepEqual(ofChunks('changed.ts'), [undefined, undefined]);
    assert.deepEqual(ofChunks('new.ts', other), [undefined, undefined]);
    assert.equal(cosine('changed.ts', 'file old.ts'), undefined);
  });

  it('are no longer those of its former content once it is changed', () => {
    write('old.ts', ['one']);
    embed('old.ts');
    write('new.ts', ['one']);
    write('new.ts', ['other']);
    assert.deepEqual(ofChunks('new.ts'), [undefined]);
  });
});
