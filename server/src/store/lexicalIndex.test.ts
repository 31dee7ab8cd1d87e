import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TestCatalog, chunk, file } from './testCatalog.js';
import type { FolderRow } from './catalog.js';
import { tokenStream, tokens } from './tokens.js';

describe('LexicalIndex', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });

  afterEach(() => test.dispose());

  /** Paths of the chunks that hold any word of `query`, best first. */
  function search(query: string, limit = 10, accept?: (id: number) => boolean, where = folder): string[] {
    const { catalog } = test;
    return catalog.lexical
      .search(where.id, tokens(query), limit, accept)
      .map(({ chunkId }) => catalog.chunk(chunkId)?.path ?? '');
  }

  it('puts first what holds more of the words, and rarer ones', () => {
    test.put(folder, 'both.ts', 'open the socket and close the socket');
    test.put(folder, 'one.ts', 'open the window and close the door');
    for (let i = 0; i < 5; i++) test.put(folder, `common${i}.ts`, 'open everything there is in here at once');
    assert.deepEqual(search('open socket').slice(0, 1), ['both.ts']);
    assert.deepEqual(search('socket'), ['both.ts']);
    assert.equal(search('door open')[0], 'one.ts');
    assert.deepEqual(search('nowhere'), []);
    assert.deepEqual(search(''), []);
  });

  it('weighs names over paths over text', () => {
    const words = (body: string, names: string, path: string) => ({ words: { body, names, path } });
    const { catalog } = test;
    catalog.replaceFile(folder, file('body'), [
      chunk('body', '1', 1, words('needl hay', 'hay hay', 'hay hay')),
    ]);
    catalog.replaceFile(folder, file('names'), [
      chunk('names', '2', 1, words('hay hay', 'needl hay', 'hay hay')),
    ]);
    catalog.replaceFile(folder, file('path'), [
      chunk('path', '3', 1, words('hay hay', 'hay hay', 'needl hay')),
    ]);
    for (let i = 0; i < 9; i++)
      catalog.replaceFile(folder, file(`x${i}`), [
        chunk(`x${i}`, '4', 1, words('hay hay', 'hay hay', 'hay hay')),
      ]);
    assert.deepEqual(search('needle'), ['names', 'path', 'body']);
  });

  it('finds parts and wholes of identifiers, and other scripts', () => {
    test.put(folder, 'user.ts', 'const userName = getUserName()');
    test.put(folder, 'jp.md', '認証処理の説明');
    test.put(folder, 'thing.ts', 'nothing to see');
    for (const query of ['user', 'username', 'UserName', 'user_name', 'names'])
      assert.deepEqual(search(query), ['user.ts']);
    assert.deepEqual(search('認証'), ['jp.md']);
    assert.deepEqual(search('証明'), []);
  });

  it('takes no word for an operator, and no quote for syntax', () => {
    test.put(folder, 'a.ts', 'near or not and');
    for (const query of [
      'NOT',
      'OR AND',
      'NEAR(a b)',
      '"near',
      "near'; DROP TABLE x",
      'near*',
      'body:near',
      '^near',
    ])
      assert.deepEqual(search(query), ['a.ts'], query);
    assert.deepEqual(test.catalog.lexical.search(folder.id, ['"near"', 'x"y'], 5).length, 1);
  });

  it('forgets what was removed and what was replaced', () => {
    test.put(folder, 'a.ts', 'alpha');
    test.put(folder, 'b.ts', 'alpha beta');
    test.put(folder, 'a.ts', 'gamma');
    assert.deepEqual(search('alpha'), ['b.ts']);
    test.catalog.removeFile(folder, test.catalog.file(folder.id, 'b.ts')!);
    assert.deepEqual(search('alpha beta'), []);
    assert.deepEqual(search('gamma'), ['a.ts']);
  });

  it('goes on until enough were accepted, however many are not', () => {
    for (let i = 0; i < 300; i++) test.put(folder, `${i}.ts`, `common word number${i}`);
    const third = (id: number): boolean => Number.parseInt(test.catalog.chunk(id)?.path ?? '') % 30 === 0;
    assert.equal(search('common', 10, third).length, 10);
    assert.equal(search('common', 50, third).length, 10);
    assert.equal(search('common', 7).length, 7);
    assert.equal(search('common', 0).length, 0);
    let asked = 0;
    assert.equal(search('common', 5, () => ++asked > 0).length, 5);
    assert.equal(asked, 5, 'nobody is asked beyond the limit');
  });

  it('gives the same order for equal scores', () => {
    for (const path of ['c.ts', 'a.ts', 'b.ts']) test.put(folder, path, 'same');
    assert.deepEqual(search('same'), ['c.ts', 'a.ts', 'b.ts']);
    assert.deepEqual(search('same', 2), ['c.ts', 'a.ts']);
  });

  it('lets a folder go right after a search that did not read to the end', () => {
    for (let i = 0; i < 300; i++) test.put(folder, `${i}.ts`, 'common');
    assert.equal(search('common', 5).length, 5);
    assert.equal(test.catalog.removeFolder(folder.id).files, 300);
  });

  it('counts a word by its own folder alone', () => {
    for (let i = 0; i < 20; i++) test.put(folder, `${i}.ts`, i === 0 ? 'rare common' : 'common stuff');
    const scores = (): number[] =>
      test.catalog.lexical.search(folder.id, tokens('rare common'), 30).map((m) => m.score);
    const before = scores();
    const other = test.addFolder('/b');
    for (let i = 0; i < 40; i++) test.put(other, `${i}.ts`, 'rare rare rare');
    assert.deepEqual(scores(), before);
    assert.ok(search('rare', 99).every((path) => path === '0.ts'));
    assert.equal(search('rare', 99, undefined, other).length, 40);
  });

  it('finds every token of every text that went in', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    let n = 0;
    fc.assert(
      fc.property(text, (body) => {
        const path = `property${n++}`;
        test.catalog.replaceFile(folder, file(path), [
          chunk(path, body, 1, { words: { body: tokenStream(body), names: '', path: '' } }),
        ]);
        for (const token of tokens(body)) {
          const found = test.catalog.lexical.search(folder.id, [token], 1000);
          assert.ok(
            found.some(({ chunkId }) => test.catalog.chunk(chunkId)?.path === path),
            `${body}: ${token}`,
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});
