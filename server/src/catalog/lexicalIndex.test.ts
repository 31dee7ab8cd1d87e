import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import type { FolderRow } from './catalog.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import { TestCatalog, chunk, file, indexed } from '../../test/support/testCatalog.js';
import { tokens } from '../lexical/tokens.js';
import type { Field } from '../lexical/postings.js';

describe('LexicalIndex', () => {
  let test: TestCatalog;
  let folder: FolderRow;

  beforeEach(() => {
    test = new TestCatalog();
    folder = test.addFolder('/a');
  });

  afterEach(() => test.dispose());

  /** Where the first token of `word` occurs in a field, as `path: count`, or `path#line: count` for chunks. */
  function found(word: string, field: Field = 'body', where = folder): string[] {
    const { catalog } = test;
    const docs = catalog.lexical.docs(where.id);
    const [postings] = catalog.lexical.match(where.id, tokens(word).slice(0, 1));
    const { docs: places = [], counts = [] } = postings?.fields[field] ?? {};
    const byFile = ['path', 'lead', 'comments', 'usage'].includes(field);
    return places
      .map((place, i) => {
        const doc = docs.files[byFile ? place : (docs.fileOf[place] ?? -1)];
        if (doc === undefined) return 'nowhere';
        const row = byFile ? undefined : catalog.chunks.get(doc.firstChunk + place - doc.at);
        return `${doc.path}${row === undefined ? '' : `#${row.startLine}`}: ${counts[i] ?? 0}`;
      })
      .sort();
  }

  /** Paths of the files that contain any token of `query` in their text. */
  function holders(query: string, where = folder): string[] {
    const docs = test.catalog.lexical.docs(where.id);
    const all = test.catalog.lexical.match(where.id, tokens(query)).flatMap(({ files }) => files);
    return [...new Set(all)].map((number) => docs.files[number]?.path ?? 'nowhere').sort();
  }

  it('counts terms by chunk, and by file in the fields of files', () => {
    test.replace(
      folder,
      file('src/door.ts', {
        terms: { path: ['door', 'door', 'src'], lead: ['open'], comments: ['open', 'shut', 'open'] },
      }),
      [
        chunk('src/door.ts', 'door opens door', 1),
        chunk('src/door.ts', 'a door', 2, {
          terms: { body: ['a', 'door'], names: ['door'], signatures: ['door', 'open'] },
        }),
      ],
    );
    assert.deepEqual(found('door'), ['src/door.ts#1: 2', 'src/door.ts#2: 1']);
    assert.deepEqual(found('door', 'names'), ['src/door.ts#2: 1']);
    assert.deepEqual(found('open', 'signatures'), ['src/door.ts#2: 1']);
    assert.deepEqual(found('door', 'path'), ['src/door.ts: 2']);
    assert.deepEqual(found('open', 'comments'), ['src/door.ts: 2']);
    assert.deepEqual(found('open', 'lead'), ['src/door.ts: 1']);
    assert.deepEqual(found('nowhere'), []);
    const docs = test.catalog.lexical.docs(folder.id);
    assert.deepEqual([...docs.lengths.body], [3, 2]);
    assert.deepEqual([...docs.lengths.comments, ...docs.lengths.path], [3, 3]);
    assert.equal(docs.averages.body, 2.5);
    assert.equal(docs.averages.usage, 1, 'nothing is there');
  });

  it('finds parts and wholes of identifiers, and other scripts', () => {
    test.put(folder, 'user.ts', 'const userName = getUserName()');
    test.put(folder, 'jp.md', '認証処理の説明');
    test.put(folder, 'thing.ts', 'nothing to see');
    for (const query of ['user', 'username', 'UserName', 'user_name', 'names'])
      assert.deepEqual(holders(query), ['user.ts']);
    assert.deepEqual(holders('認証'), ['jp.md']);
    assert.deepEqual(holders('証明'), []);
  });

  it('takes no term for query syntax', () => {
    test.put(folder, 'a.ts', 'near or not and');
    for (const query of ['NOT', 'OR AND', 'NEAR(a b)', '"near', "near'; DROP TABLE x", 'near*', '^near'])
      assert.deepEqual(holders(query), ['a.ts'], query);
    assert.deepEqual(test.catalog.lexical.match(folder.id, ['x"y', "'", '%'])[0]?.files, []);
  });

  it('drops the terms of removed and replaced files', () => {
    test.put(folder, 'a.ts', 'alpha');
    test.put(folder, 'b.ts', 'alpha beta');
    assert.deepEqual(holders('alpha'), ['a.ts', 'b.ts']);
    test.put(folder, 'a.ts', 'gamma', 'delta gamma');
    assert.deepEqual(holders('alpha'), ['b.ts']);
    assert.deepEqual(found('gamma'), ['a.ts#1: 1', 'a.ts#2: 1']);
    test.remove(folder, { path: 'b.ts' });
    assert.deepEqual(holders('alpha beta'), []);
    assert.deepEqual(test.query('SELECT DISTINCT term FROM postings WHERE part = 0 ORDER BY term'), [
      ...['a', 'delta', 'gamma', 'ts'].map((term) => ({ term })),
    ]);
    test.catalog.removeFolder(folder.id);
    assert.deepEqual(test.query('SELECT term FROM postings UNION SELECT terms FROM file_terms'), []);
  });

  it('has the last version of a file that is written twice in one transaction', () => {
    const versions = ['alpha', 'beta gamma'].map((text) => indexed(file('a.ts'), [chunk('a.ts', text)]));
    test.catalog.writeFiles(folder, versions);
    assert.deepEqual(holders('alpha'), []);
    assert.deepEqual(found('beta'), ['a.ts#1: 1']);
  });

  it('has all terms of a transaction, however many statements they take, beside those of earlier ones', () => {
    const words = Array.from(
      { length: 100 },
      (_, n) => `w${String.fromCharCode(97 + (n % 26))}${'x'.repeat(n / 26)}q`,
    );
    const of = (path: string): ReturnType<typeof indexed> =>
      indexed(file(path), [chunk(path, words.join(' '))]);
    test.catalog.writeFiles(folder, [of('a.ts'), of('b.ts')]);
    test.catalog.writeFiles(folder, [of('c.ts')]);
    for (const word of words) assert.deepEqual(holders(word), ['a.ts', 'b.ts', 'c.ts'], word);
  });

  describe('in a folder of many files', () => {
    const some = (from: number, to: number, text: string): ReturnType<typeof indexed>[] =>
      Array.from({ length: to - from }, (_, n) => `f${from + n}.ts`).map((path) =>
        indexed(file(path), [chunk(path, `${text} ${path}`)]),
      );
    const statistics = (): unknown => {
      const { files, lengths, fileOf } = test.catalog.lexical.docs(folder.id);
      return { files, lengths, fileOf };
    };
    /** What was prepared is what is read at once. */
    const checkStatistics = (files: number): void => {
      const prepared = statistics();
      test.reopen();
      assert.deepEqual(prepared, statistics());
      assert.equal(test.catalog.lexical.docs(folder.id).files.length, files);
    };

    beforeEach(() => {
      test.catalog.writeFiles(folder, some(0, 700, 'alpha'));
      test.reopen();
    });

    it('reads statistics in steps, between which files change', async () => {
      const prepared = Promise.all([1, 2].map(() => test.catalog.lexical.prepare(folder.id)));
      await nextTurn();
      await nextTurn();
      test.catalog.writeFiles(folder, [...some(3, 5, 'beta gamma delta'), ...some(690, 710, 'beta gamma')]);
      test.remove(folder, { path: 'f7.ts' });
      await prepared;
      checkStatistics(709);
    });

    it('reads those again in steps that have changed', async () => {
      await test.catalog.lexical.prepare(folder.id);
      assert.equal(test.catalog.lexical.docs(folder.id).files.length, 700);
      test.catalog.writeFiles(folder, some(100, 800, 'beta gamma'));
      await test.catalog.lexical.prepare(folder.id);
      checkStatistics(800);
    });

    it('gives no statistics of a folder that was removed meanwhile', async () => {
      const prepared = test.catalog.lexical.prepare(folder.id);
      await nextTurn();
      test.catalog.removeFolder(folder.id);
      await prepared;
      assert.deepEqual(test.catalog.lexical.docs(folder.id).files, []);
    });
  });

  it('finds the same after it was opened again', () => {
    test.put(folder, 'a.ts', 'alpha beta', 'beta');
    const before = found('beta');
    test.reopen();
    assert.deepEqual(found('beta'), before);
    assert.equal(before.length, 2);
  });

  it('keeps its postings when a catalog of schema version 2 is migrated', () => {
    test.put(folder, 'a.ts', 'alpha beta', 'beta');
    test.put(folder, 'b.ts', 'beta');
    const before = found('beta');
    test.dropCounts();
    test.catalog.dispose();
    const db = new Database(join(test.dir, 'catalog.db'));
    db.exec(`
      ALTER TABLE uses RENAME COLUMN terms TO words;
      DROP INDEX file_terms_by_folder;
      ALTER TABLE file_terms RENAME TO file_words;
      ALTER TABLE file_words RENAME COLUMN terms TO words;
      CREATE INDEX file_words_by_folder ON file_words(folder_id, part);
      ALTER TABLE postings RENAME COLUMN term TO word;
      PRAGMA user_version = 2;`);
    db.close();
    test.reopen();
    assert.equal(before.length, 3);
    assert.deepEqual(found('beta'), before);
    test.put(folder, 'a.ts', 'gamma');
    assert.deepEqual(found('beta'), ['b.ts#1: 1']);
  });

  it('shows nothing of a change that was rolled back', () => {
    test.put(folder, 'a.ts', 'alpha');
    assert.deepEqual(holders('alpha'), ['a.ts']);
    const twice = chunk('a.ts', 'beta');
    assert.throws(() => test.replace(folder, file('a.ts'), [twice, twice]));
    assert.deepEqual(found('alpha'), ['a.ts#1: 1']);
    assert.deepEqual(holders('beta'), []);
  });

  it('keeps many files apart, whatever block they share', () => {
    for (let i = 0; i < 150; i++) test.put(folder, `${i}.ts`, `common word${i}`, 'common');
    assert.equal(found('common').length, 300);
    assert.equal(found('word77').length, 150, 'its first token is "word"');
    assert.deepEqual(found('77'), ['77.ts#1: 1']);
    for (let i = 0; i < 150; i += 2) {
      const row = test.catalog.files.get(folder.id, `${i}.ts`);
      if (row !== undefined) test.remove(folder, row);
    }
    assert.equal(found('common').length, 150);
    assert.deepEqual(found('77'), ['77.ts#1: 1']);
    assert.deepEqual(found('78'), []);
  });

  it('keeps folders apart', () => {
    test.put(folder, 'a.ts', 'rare');
    const other = test.addFolder('/b');
    for (let i = 0; i < 4; i++) test.put(other, `${i}.ts`, 'rare rare');
    assert.deepEqual(found('rare'), ['a.ts#1: 1']);
    assert.equal(found('rare', 'body', other).length, 4);
    test.catalog.removeFolder(other.id);
    assert.deepEqual(found('rare'), ['a.ts#1: 1']);
  });

  it('finds every token of every indexed text, as often as it occurs', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    let n = 0;
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (bodies) => {
        const path = `property${n++}`;
        const chunks = bodies.map((body, i) =>
          chunk(path, `${i}${body}`, i + 1, {
            terms: { body: tokens(body), names: [], signatures: [] },
          }),
        );
        test.replace(folder, file(path), chunks);
        const docs = test.catalog.lexical.docs(folder.id);
        const doc = docs.files.find((one) => one.path === path);
        assert.equal(doc?.chunks, bodies.length);
        for (const [i, body] of bodies.entries()) {
          for (const token of tokens(body)) {
            const [postings] = test.catalog.lexical.match(folder.id, [token]);
            const at: number = postings?.fields.body.docs.indexOf(doc.at + i) ?? -1;
            const count: number = tokens(body).filter((one) => one === token).length;
            assert.equal(postings?.fields.body.counts[at], count, `${body}: ${token}`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
