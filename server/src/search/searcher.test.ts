import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { nullLog } from '../../../shared/src/log.js';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import type { Folder } from '../indexing/folders.js';
import { Parsers } from '../syntax/parsers.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestIndex, bagOfWords } from '../../test/support/testIndex.js';
import { parseQuery } from './query.js';
import { Searcher } from './searcher.js';
import type { SearchTarget, SearchRequest, Nearest } from './request.js';

const files = {
  'src/window.ts': 'export function openWindow(slowly: boolean): void {\n  glass.moveAside(slowly);\n}\n',
  'src/door.ts': 'export function closeDoor(): void {\n  hinge.turn();\n  openWindow(true);\n}\n',
  'src/deep/roof.py': 'def mend_roof(window):\n    """The roof over the window."""\n    return window\n',
  'docs/window.md': '# Windows\n\nHow a window is opened slowly.\n',
  'notes.txt': 'nothing of interest\n',
};

describe('Searcher', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let test: TestIndex;
  let folder: Folder;
  let searcher: Searcher;

  before(async () => {
    grammars = await TestGrammars.make(['typescript', 'python']);
    parsers = new Parsers(grammars.folder, nullLog);
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  beforeEach(async () => {
    test = new TestIndex(files, parsers);
    folder = await test.open();
    await test.folders.refresh(folder);
    searcher = new Searcher(test.catalog);
  });

  afterEach(() => test.dispose());

  function target(query: string | undefined, prefix = ''): SearchTarget {
    const nearest: Nearest = (...args) =>
      folder.indexer.projector.withCollection((collection) => collection.query(...args));
    return {
      folder: folder.indexer.folder,
      prefix,
      texts: new SourceTexts(test.root, { maxFileBytes: 100_000 }),
      vectors:
        query === undefined ? undefined : { nearest, query: bagOfWords(query, test.embedder.dimensions) },
    };
  }

  function search(query: string, more: Partial<SearchRequest> = {}, prefix = ''): Promise<SearchHit[]> {
    const request: SearchRequest = { query, limit: 10, mode: 'hybrid', ...more };
    return searcher.search([target(request.mode === 'lexical' ? undefined : query, prefix)], request);
  }

  const paths = (hits: readonly SearchHit[]): string[] => hits.map(({ path }) => path);

  it('shows where, what and how well', async () => {
    const [hit] = await search('openWindow');
    assert.ok(hit !== undefined);
    const { score, ...rest } = hit;
    assert.ok(score > 0);
    assert.deepEqual(rest, {
      folder: test.root,
      path: 'src/window.ts',
      startLine: 1,
      endLine: 3,
      symbol: 'openWindow',
      language: 'typescript',
      text: files['src/window.ts'],
      match: 'strong',
      line: { number: 1, text: 'export function openWindow(slowly: boolean): void {', marks: [[16, 26]] },
    });
  });

  it('finds a name where it is defined, in any case', async () => {
    for (const query of ['openWindow', 'openwindow', 'OpenWindow()', 'open_window'])
      assert.equal((await search(query))[0]?.path, 'src/window.ts', query);
    assert.equal((await search('mend_roof'))[0]?.path, 'src/deep/roof.py');
  });

  it('answers by terms, by vectors, and by both', async () => {
    for (const mode of ['lexical', 'semantic', 'hybrid'] as const) {
      const hits = await search('hinge turn close door', { mode });
      assert.equal(hits[0]?.path, 'src/door.ts', mode);
    }
    assert.deepEqual(await search('zebra', { mode: 'lexical' }), []);
    assert.equal((await search('zebra', { mode: 'semantic' })).length, 5, 'something is always nearest');
  });

  it('answers by terms when there is no vector of the query', async () => {
    const hits = await searcher.search([target(undefined)], { query: 'hinge', limit: 5, mode: 'hybrid' });
    assert.deepEqual(paths(hits), ['src/door.ts']);
    assert.deepEqual(
      await searcher.search([target(undefined)], { query: 'hinge', limit: 5, mode: 'semantic' }),
      [],
    );
  });

  it('finds by meaning what more than fifty tests are nearer to', async () => {
    const tests = Array.from({ length: 60 }, (_, at) => [`tests/turn${at}.ts`, `turn(hinge, ${at});\n`]);
    test.write(Object.fromEntries(tests) as Record<string, string>);
    test.write({ 'src/pin.ts': 'export const pin = 1;\nturn(hinge, pin);\nlift(pin);\n' });
    await test.folders.refresh(folder);
    const hits = await search('turn hinge', { mode: 'semantic', limit: 100 });
    assert.ok(paths(hits).includes('src/pin.ts'));
    assert.ok(paths(hits).filter((path) => path.startsWith('tests/')).length <= 50);
  });

  it('waits for a vector that is being made, and answers by terms when there will be none', async () => {
    const { nearest, query } = target('a hinge').vectors!;
    const request = { query: 'hinge', limit: 5, mode: 'semantic' } as const;
    const later = setTimeout(5).then(() => query);
    const asMade = await searcher.search([{ ...target(''), vectors: { nearest, query: later } }], request);
    assert.ok(asMade.length > 0);
    assert.deepEqual(
      asMade,
      await searcher.search([{ ...target(''), vectors: { nearest, query } }], request),
    );
    const never = { nearest, query: Promise.resolve(undefined) };
    assert.deepEqual(await searcher.search([{ ...target(''), vectors: never }], request), []);
    const byTerms = { ...request, mode: 'hybrid' } as const;
    assert.deepEqual(paths(await searcher.search([{ ...target(''), vectors: never }], byTerms)), [
      'src/door.ts',
    ]);
    const failed = { nearest, query: Promise.reject(new Error('no model')) };
    await assert.rejects(searcher.search([{ ...target(''), vectors: failed }], request), /no model/);
  });

  describe('in several folders', () => {
    const source = (n: number): string => `export function part${n}(): number {\n  return ${n};\n}\n`;
    const hinge =
      'export function hinge(): string {\n  const turns = "so that the door opens";\n  const pin = 7;\n  return turns + pin;\n}\n';
    let several: TestIndex;
    let all: Searcher;
    let targets: SearchTarget[];

    beforeEach(async () => {
      const written = {
        'small/notes.ts': 'export const bolts = 7; // for the hinge\n',
        'large/hinge.ts': hinge,
        'copy/hinge.ts': hinge,
        ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`large/part${n}.ts`, source(n)])),
      };
      several = new TestIndex(written, parsers);
      all = new Searcher(several.catalog);
      targets = [];
      for (const name of ['small', 'large', 'copy']) {
        const one = await several.open(join(several.root, name));
        await several.folders.scan(one);
        targets.push({
          folder: one.indexer.folder,
          prefix: '',
          texts: new SourceTexts(one.path, { maxFileBytes: 100_000 }),
          vectors: undefined,
        });
      }
    });
    afterEach(() => several.dispose());

    const placesIn = (hits: readonly SearchHit[]): string[] =>
      hits.map(({ folder: of, path }) => `${basename(of)}/${path}`);
    const request = { query: 'how does the hinge of the door open', limit: 10, mode: 'lexical' } as const;

    it('ranks what they have together: the best of a folder with nothing good is not as good as the best of all', async () => {
      const [small, large] = targets;
      const hits = await all.search([small!, large!], request);
      assert.deepEqual(placesIn(hits), ['large/hinge.ts', 'small/notes.ts']);
      // Each is the best of its own folder.
      const [alone] = await all.search([small!], request);
      assert.ok(alone!.score > 1.4 * hits[1]!.score, `${alone!.score} and ${hits[1]!.score}`);
      assert.deepEqual(placesIn(await all.search([large!, small!], request)), placesIn(hits));
    });

    it('counts a term as often as it is in all of them, so that the size of a folder decides nothing', async () => {
      const [, large, copy] = targets;
      const [first, ...others] = await all.search([large!, copy!], request);
      const scores = new Map<string, number>();
      for (const order of [
        [large!, copy!],
        [copy!, large!],
      ]) {
        const found = await all.candidates(order, request, parseQuery(request.query));
        for (const { folder: at, path, score } of all.rank(found, parseQuery(request.query)))
          if (path === 'hinge.ts') scores.set(order[at]!.folder.path, score);
      }
      assert.equal(new Set([...scores.values()].map((score) => score.toFixed(6))).size, 1);
      // What two of them have is shown once.
      assert.equal(first?.path, 'hinge.ts');
      assert.ok(others.every(({ path }) => path !== 'hinge.ts'));
    });
  });

  describe('never shows', () => {
    it('a place whose text is not what was indexed', async () => {
      assert.equal((await search('openWindow'))[0]?.path, 'src/window.ts');
      test.write({ 'src/window.ts': files['src/window.ts'].replace('openWindow', 'shutWindow') });
      assert.ok(!paths(await search('openWindow')).includes('src/window.ts'));
      test.write({ 'src/window.ts': files['src/window.ts'] });
      assert.equal((await search('openWindow'))[0]?.path, 'src/window.ts', 'an undone edit');
    });

    it('a file that is gone', async () => {
      await test.remove('src/window.ts');
      assert.ok(!paths(await search('openWindow')).includes('src/window.ts'));
    });

    it('what only the vector store claims', async () => {
      const { collection } = folder.indexer.folder;
      const [record] = test.store.collections.get(collection)!.records.values();
      test.store.collections
        .get(collection)!
        .records.set('forged', { ...record!, id: 'forged', path: '../../secret' });
      const hits = await search('window', { mode: 'semantic', limit: 50 });
      assert.ok(hits.length > 0 && hits.every(({ path }) => path in files));
    });

    it('less than the limit because the best are stale', async () => {
      test.write({ 'src/window.ts': 'changed' });
      assert.equal((await search('window', { limit: 2 })).length, 2);
    });
  });

  describe('filters', () => {
    it('by language', async () => {
      assert.deepEqual(paths(await search('window', { languages: ['python'] })), ['src/deep/roof.py']);
      const two = paths(await search('window', { languages: ['python', 'markdown'] }));
      assert.deepEqual(two.sort(), ['docs/window.md', 'src/deep/roof.py']);
      for (const mode of ['lexical', 'semantic'] as const)
        assert.deepEqual(
          paths(await search('window', { mode, languages: ['python'] })),
          ['src/deep/roof.py'],
          mode,
        );
    });

    for (const [glob, expected] of [
      ['src/**', ['src/deep/roof.py', 'src/door.ts', 'src/window.ts']],
      ['src/*.ts', ['src/door.ts', 'src/window.ts']],
      ['*.md', ['docs/window.md']],
      ['**/*.{py,md}', ['docs/window.md', 'src/deep/roof.py']],
      ['!src/**', ['docs/window.md', 'notes.txt']],
      ['nowhere/**', []],
    ] as const) {
      it(`by the glob ${glob}`, async () => {
        const hits = await search('window', { glob, mode: 'semantic', limit: 50 });
        assert.deepEqual(paths(hits).sort(), expected);
        const lexical = paths(await search('window', { glob, mode: 'lexical', limit: 50 }));
        assert.ok(lexical.every((path) => (expected as readonly string[]).includes(path)));
      });
    }
  });

  it('sees a folder inside as if it were the whole', async () => {
    const hits = await search('window', { limit: 50 }, 'src/');
    assert.deepEqual(paths(hits).sort(), ['deep/roof.py', 'door.ts', 'window.ts']);
    assert.ok(hits.every((hit) => hit.folder === `${test.root}/src`));
    assert.deepEqual(paths(await search('window', { glob: 'deep/*' }, 'src/')), ['deep/roof.py']);
    assert.deepEqual(await search('window', {}, 'sr/'), []);
  });

  it('gives as many as were asked for, the best first', async () => {
    const all = await search('window', { limit: 50 });
    for (const limit of [1, 2, 3]) assert.deepEqual(await search('window', { limit }), all.slice(0, limit));
    assert.ok(all.length > 3);
  });

  it('gives the same answer every time', async () => {
    assert.deepEqual(await search('window roof'), await search('window roof'));
  });

  it('says on request what a score is made of', async () => {
    const [plain] = await search('openWindow');
    assert.equal(plain?.terms, undefined);
    const [hit] = await search('how is a window opened slowly', { explain: true });
    assert.ok(hit?.terms !== undefined);
    const { documentation = 1, ...rest } = hit.terms;
    const sum = Object.values(rest).reduce((all, term) => all + term, 0);
    assert.ok(Math.abs(sum * documentation - hit.score) < 0.002, JSON.stringify(hit));
    assert.ok((rest['body'] ?? 0) > 0 && (rest['cosine'] ?? 0) >= 0);
  });

  it('puts a quoted phrase first where it stands as it is', async () => {
    test.write({
      'a.ts': 'export const a = "the lamp is out of oil";\n',
      'lamp.ts': 'export function oil(lamp: Lamp) {\n  if (lamp.out) the.oil = lamp.is(out);\n}\n',
    });
    await test.folders.refresh(folder);
    const first = async (query: string): Promise<string | undefined> =>
      (await search(query, { mode: 'lexical' }))[0]?.path;
    assert.equal(await first('lamp is out of oil'), 'lamp.ts');
    assert.equal(await first('"lamp is out of oil"'), 'a.ts');
    assert.equal(await first('"Lamp  is out of oil"'), 'a.ts');
  });

  it('shows one of several copies', async () => {
    const text = Array.from({ length: 8 }, (_, i) => `lantern${i} = shine(${i});`).join('\n');
    test.write({ 'one/lantern.ts': `${text}\n`, 'vendor/lantern.ts': `${text}\n` });
    await test.folders.refresh(folder);
    const found = paths(await search('lantern shine', { mode: 'lexical' }));
    assert.ok(found.length > 0 && found.every((path) => path === 'one/lantern.ts'), found.join());
  });

  it('finds a file that others speak of in words of their own', async () => {
    test.write({
      'src/zq.ts': 'export function transmogrify(x: number): number {\n  return x;\n}\n',
      'src/use.ts': '// turns pumpkins into carriages\ntransmogrify(3);\n',
    });
    await test.folders.refresh(folder);
    assert.deepEqual(paths(await search('pumpkins', { mode: 'lexical', limit: 5 })), [
      'src/use.ts',
      'src/zq.ts',
    ]);
  });

  it('stops when it is cancelled', async () => {
    const request: SearchRequest = { query: 'window', limit: 5, mode: 'lexical' };
    await assert.rejects(searcher.search([target(undefined)], request, AbortSignal.abort()), {
      code: 'cancelled',
    });
  });

  it('shows what a file does in place of its imports', async () => {
    const imports = Array.from({ length: 45 }, (_, at) => `import { fixBarn${at} } from './tools${at}';\n`);
    const text = `${imports.join('')}\nexport function oil(): void {\n  drip();\n}\n`;
    test.write({ 'src/barn.ts': text });
    await test.folders.refresh(folder);
    const [first] = await search('what the barn is for');
    assert.equal(first?.path, 'src/barn.ts');
    assert.equal(first.line.text, 'export function oil(): void {');
    const [asked] = await search('where fixBarn7 is imported');
    assert.match(asked?.text ?? '', /fixBarn7 /);
    const named = await search('fixBarn7');
    assert.ok(named.length > 1);
    assert.ok(
      named.every(({ text: said }) => /^(?!import|$)/m.test(said)),
      'what only imports it is no hit',
    );
  });

  it('leaves out what matches less well than asked for', async () => {
    const all = await search('openWindow');
    const strong = await search('openWindow', { minMatch: 'strong' });
    assert.deepEqual(
      strong,
      all.filter(({ match }) => match === 'strong'),
    );
    assert.ok(strong.length > 0 && strong.length < all.length);
    assert.deepEqual(await search('umbrella sandwich philosophy', { minMatch: 'likely' }), []);
  });

  it('survives a query of any length and kind', async () => {
    for (const query of [
      'x'.repeat(100_000),
      'a '.repeat(50_000),
      '"*(',
      '\0',
      '🚀',
      '%_',
      "'; DROP TABLE chunks; --",
    ])
      await search(query, { mode: 'lexical' });
    assert.equal(test.catalog.counts(folder.indexer.folder.id).files, 5);
  });

  describe('related', () => {
    const placeIn = (path: string) => {
      const { id: fileId } = test.catalog.files.get(folder.indexer.folder.id, path)!;
      return { chunk: test.catalog.chunks.ofFile(fileId)[0]!, fileId, line: 1 };
    };
    const request = { limit: 3, includeOwnFile: false };

    it('finds what is near to a place, without the place itself', async () => {
      const place = placeIn('src/window.ts');
      const vector = test.catalog.vectors.get(folder.indexer.folder, place.chunk.vectorDigest)!;
      const whole = { ...target(''), vectors: { ...target('').vectors!, query: vector } };
      const hits = await searcher.related(whole, place, request);
      assert.equal(hits.length, 3);
      assert.ok(!paths(hits).includes('src/window.ts'));
      assert.ok(hits.every(({ score }, i) => i === 0 || score <= (hits[i - 1]?.score ?? 0)));
      const inside = { ...whole, prefix: 'docs/' };
      assert.deepEqual(paths(await searcher.related(inside, place, request)), ['window.md']);
    });

    it('has only what names tell without vectors', async () => {
      const hits = await searcher.related(target(undefined), placeIn('src/window.ts'), request);
      assert.deepEqual(paths(hits), ['src/door.ts']);
      assert.deepEqual(await searcher.related(target(undefined), placeIn('notes.txt'), request), []);
    });
  });
});
