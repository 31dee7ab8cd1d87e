import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import type { Folder, Folders } from '../indexing/folders.js';
import { Parsers } from '../syntax/parsers.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { TestGrammars, checkout } from '../../test/support/testGrammars.js';
import { TestEmbedder, TestIndex } from '../../test/support/testIndex.js';
import { Tokenizer } from '../model/tokenizer.js';
import type { ChunkRow, NewDefinition } from '../catalog/rows.js';
import { type Range, ShownLines, type DefinitionsAround, rangeOf } from './excerpt.js';
import { parseQuery } from './query.js';
import { Searcher } from './searcher.js';

const define = (name: string, startLine: number, endLine: number): NewDefinition => ({
  name,
  kind: 'function',
  startLine,
  endLine,
});

/** A chunk of these lines; the first is line 101. */
function chunkOf(lines: readonly string[], more: Partial<ChunkRow> = {}): [chunk: ChunkRow, text: string] {
  const text = `${lines.join('\n')}\n`;
  const chunk: ChunkRow = {
    id: 1,
    key: 'k',
    path: 'a.ts',
    language: 'typescript',
    vectorDigest: new Uint8Array(),
    textDigest: new Uint8Array(),
    startOffset: 0,
    endOffset: text.length,
    startLine: 101,
    endLine: 100 + lines.length,
    symbol: null,
    ...more,
  };
  return [chunk, text];
}

function range(
  lines: readonly string[],
  around: Partial<DefinitionsAround>,
  query?: string,
  more?: Partial<ChunkRow>,
): Range {
  const nothing: DefinitionsAround = { own: [], ending: [], next: [] };
  return rangeOf(
    ...chunkOf(lines, more),
    { ...nothing, ...around },
    query === undefined ? undefined : parseQuery(query),
  );
}

describe('the range of a hit', () => {
  const lines = [
    'function openDoor() {',
    '  hinge.turn();',
    '}',
    '',
    '// Shuts the window before',
    '// the rain comes.',
    'function shutWindow() {',
    '  glass.move();',
    '}',
    '',
    'const after = 1;',
  ];
  const own = [define('openDoor', 101, 103), define('shutWindow', 107, 109), define('after', 111, 111)];
  const whole: Range = { startLine: 101, endLine: 111, symbol: null };

  it('leaves out the licence and the imports at the top of a file', () => {
    const header = ['// Copyright 2020 Ann', '', "import { Hinge } from './hinge';", ''];
    const top = { startLine: 1, endLine: 15 };
    assert.deepEqual(range([...header, ...lines], {}, 'doors', top), { ...whole, startLine: 5, endLine: 15 });
    assert.equal(range([...header, ...lines], {}, 'doors', { ...top, language: 'markdown' }).startLine, 1);
    assert.equal(range([...header, ...lines], {}, 'doors').startLine, 101);
  });

  describe('is the definition', () => {
    const shut: Range = { startLine: 105, endLine: 109, symbol: 'shutWindow' };

    it('that is named, with the comment above it', () => {
      assert.deepEqual(range(lines, { own }, 'shutWindow'), shut);
      assert.equal(range(lines, { own }, 'openDoor').endLine, 103);
    });

    it('whose name shares the most terms with the query', () => {
      assert.deepEqual(range(lines, { own }, 'how is a window shut'), shut);
    });

    it('that answers beside the end of another one', () => {
      const tail = ['  bolt.slide();', '}', '', ...lines.slice(4, 9)];
      const around = { ending: [define('closeGate', 90, 102)], own: [define('shutWindow', 106, 108)] };
      const narrowed = { startLine: 104, endLine: 108, symbol: 'shutWindow' };
      assert.deepEqual(range(tail, around, 'how is a window shut'), narrowed);
      const all = { startLine: 101, endLine: 108, symbol: null };
      assert.deepEqual(range(tail, around, 'how to close a gate'), all, 'the other one');
      assert.deepEqual(range(tail, around, 'close the gate, shut the window'), all, 'both');
      assert.deepEqual(range(tail, { own: around.own }, 'how is a window shut'), all, 'there is no other');
      const outer = { ...around, ending: [define('WindowShut', 90, 108)] };
      assert.deepEqual(range(tail, outer, 'how is a window shut'), all, 'what is around it is no other');
    });

    it('to its end beyond the chunk, unless it is long', () => {
      const cutOff = [...own.slice(0, 2), define('afterAll', 111, 130)];
      assert.deepEqual(range(lines, { own: cutOff }, 'afterAll'), {
        startLine: 111,
        endLine: 130,
        symbol: 'afterAll',
      });
      const long = [...own.slice(0, 2), define('afterAll', 111, 200)];
      assert.equal(range(lines, { own: long }, 'afterAll').endLine, 118, 'its first lines');
      const longer = [define('openDoor', 101, 200), define('x', 110, 110)];
      assert.equal(range(lines, { own: longer }, 'openDoor').endLine, 111, 'more is there than those');
    });

    it('with a comment of any form above it', () => {
      for (const comment of [
        ['/* Shuts', 'the window. */'],
        ['/**', ' * Shuts the window.', ' */', '@Quietly', '@Slowly(2)'],
        ['# Shuts the window.'],
        ['/* one */'],
      ]) {
        const text = [
          'let a = 1;',
          'let b = 2;',
          'let c = 3; /* c */',
          ...comment,
          'function shutWindow() {}',
        ];
        const at = 100 + text.length;
        const found = range(
          text,
          { own: [define('a', 101, 101), define('shutWindow', at, at)] },
          'shutWindow',
        );
        assert.deepEqual(found, { startLine: 104, endLine: at, symbol: 'shutWindow' }, comment.join(' '));
      }
    });

    it('without what only looks like a comment', () => {
      const text = ['int a;', 'int b;', 'int c;', '#define D 1', 'int shutWindow() {}'];
      const named = { own: [define('a', 101, 101), define('shutWindow', 105, 105)] };
      assert.equal(range(text, named, 'shutWindow', { language: 'c' }).startLine, 105);
      const section = ['# House', '', '', '## Doors', '## Shut windows'];
      const headings = { own: [define('House', 101, 105), define('Shut windows', 105, 105)] };
      assert.equal(range(section, headings, 'shut windows', { language: 'markdown' }).startLine, 105);
    });
  });

  it('is all of the chunk when nothing stands out', () => {
    for (const query of ['door and window', 'rain', 'hinge'])
      assert.deepEqual(range(lines, { own }, query), whole, query);
    assert.deepEqual(
      range(lines, { own: [define('shutWindow', 101, 111), own[2]!] }, 'shutWindow'),
      whole,
      'it is all of it',
    );
    assert.deepEqual(
      range(lines, { own: [define('openDoor', 95, 103), define('x', 104, 104)] }, 'openDoor'),
      whole,
      'it began before',
    );
    assert.deepEqual(range(lines, {}), whole);
  });

  describe('goes on', () => {
    const comment = ['const a = 1;', '', '/**', ' * Shuts the window', ' * before the rain.', ' */'];
    const shut = define('shutWindow', 107, 120);

    it('from a comment to what it is about', () => {
      const expected: Range = { startLine: 101, endLine: 120, symbol: 'shutWindow' };
      const around = { own: [define('a', 101, 101)], next: [shut, define('inner', 108, 109)] };
      assert.deepEqual(range(comment, around), expected);
      assert.deepEqual(range(comment, around, 'rain'), expected);
      assert.deepEqual(range(comment, around, 'shutWindow'), expected, 'too little to leave out');
      const qualified = range(comment, around, undefined, { symbol: 'House.shutWindow' });
      assert.equal(qualified.symbol, 'House.shutWindow');
      const python = ['@cached', '@route("/")'];
      assert.equal(
        range(python, { next: [define('shut', 103, 110)] }, '', { language: 'python' }).endLine,
        110,
      );
    });

    it('to the first lines when that is long', () => {
      assert.equal(range(comment, { next: [define('shutWindow', 107, 300)] }).endLine, 114);
    });

    it('to the end of a definition that has most of the chunk', () => {
      assert.equal(range(lines, { own: [define('openDoor', 101, 125)] }).endLine, 125);
      const last = range(lines, { own: [...own.slice(0, 2), define('after', 111, 125)] });
      assert.deepEqual(last, whole, 'most of it is others');
    });

    it('nowhere else', () => {
      const ended = { startLine: 101, endLine: 106, symbol: null };
      assert.deepEqual(
        range(comment, { next: [define('shutWindow', 109, 120)] }),
        ended,
        'something is between',
      );
      const blank = [...comment.slice(0, 5), ' */', ''];
      assert.equal(
        range(blank, { next: [define('shutWindow', 108, 120)] }).endLine,
        107,
        'a comment by itself',
      );
      const code = [...lines.slice(0, 9), '// Afterwards.'];
      assert.equal(range(code, { own: own.slice(0, 2), next: [define('after', 111, 120)] }).endLine, 110);
      const within = { own: [], next: [define('after', 112, 120)] };
      assert.deepEqual(range(lines, within, undefined, { symbol: 'long' }), { ...whole, symbol: 'long' });
      const heading = ['# House'];
      assert.equal(
        range(heading, { next: [define('Doors', 102, 110)] }, '', { language: 'markdown' }).endLine,
        101,
      );
    });
  });
});

describe('lines that are shown', () => {
  const excerpt = (startLine: number, endLine: number, text: string) => ({
    startLine,
    endLine,
    symbol: null,
    text,
  });

  it('hold what is a part of them', () => {
    const shown = new ShownLines();
    shown.add(1, excerpt(10, 13, 'a\nb\nc\nd\n'));
    assert.ok(shown.hold(1, excerpt(12, 14, 'c\nd\n\n')), 'blank lines at its end do not count');
    assert.ok(!shown.hold(1, excerpt(12, 14, 'c\nd\ne\n')));
    assert.ok(!shown.hold(1, excerpt(12, 12, 'z')), 'another part of the same line');
    assert.ok(!shown.hold(2, excerpt(12, 13, 'c\nd\n')));
  });

  it('end what would reach into them', () => {
    const shown = new ShownLines();
    const [chunk] = chunkOf(['x']);
    assert.equal(shown.nextLine(1, chunk), Infinity);
    for (const line of [50, 130, 120]) shown.add(1, excerpt(line, line, 'y'));
    assert.equal(shown.nextLine(1, chunk), 120);
  });
});

describe('hits in the fixtures, cut for the bundled model', () => {
  const charge = 'src/payments/chargeWithRetry.ts';
  const config = 'internal/config/config.go';
  const fixture = (path: string): string => readFileSync(join(checkout, 'test-fixtures', path), 'utf8');
  let grammars: TestGrammars;
  let parsers: Parsers;
  let tokenizer: Tokenizer;
  let test: TestIndex;
  let folders: Folders;
  let folder: Folder;

  before(async () => {
    grammars = await TestGrammars.make(['typescript', 'go']);
    parsers = new Parsers(grammars.folder, nullLog);
    tokenizer = await Tokenizer.load(join(checkout, 'models/all-MiniLM-L6-v2'));
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  beforeEach(async () => {
    test = new TestIndex(
      { [charge]: fixture(`typescript-shop/${charge}`), [config]: fixture(`go-gateway/${config}`) },
      parsers,
    );
    const embedder = new TestEmbedder(256);
    embedder.countTokens = (text) => tokenizer.countTokens(text);
    folders = test.makeFolders('bundled@1', embedder);
    folder = (await folders.open(test.root)).folder;
    await folders.scan(folder);
  });

  afterEach(async () => {
    await folders.dispose();
    await test.dispose();
  });

  const search = (query: string, limit = 5): Promise<SearchHit[]> =>
    new Searcher(test.catalog).search(
      [
        {
          folder: folder.indexer.folder,
          prefix: '',
          texts: new SourceTexts(test.root, { maxFileBytes: 100_000 }),
          vectors: undefined,
        },
      ],
      { query, limit, mode: 'lexical' },
    );

  const linesOf = (path: string, from: number, to: number): string =>
    `${readFileSync(join(test.root, path), 'utf8')
      .split('\n')
      .slice(from - 1, to)
      .join('\n')}\n`;

  it('show the function below a comment that is a chunk of its own', async () => {
    const [hit] = await search('processor recognises a repeat however often the line drops');
    assert.ok(hit !== undefined);
    const { startLine, endLine, symbol, text } = hit;
    assert.deepEqual([startLine, endLine, symbol], [19, 47, 'chargeWithRetry']);
    assert.equal(text, linesOf(charge, 19, 47));
  });

  it('show a function whole that is in two chunks', async () => {
    const [hit] = await search('validate');
    assert.deepEqual([hit?.startLine, hit?.endLine, hit?.symbol], [47, 68, 'Config.validate']);
    assert.equal(hit?.text, linesOf(config, 47, 68));
  });

  it('show no lines twice', async () => {
    for (const query of [
      'stolen card, the line drops, captured outcome',
      'idempotencyKey transient captured repeat',
    ]) {
      const seen = new Set<number>();
      const hits = (await search(query, 10)).filter(({ path }) => path === charge);
      assert.ok(hits.length > 1);
      for (const { startLine, endLine } of hits) {
        for (let line = startLine; line <= endLine; line++) {
          assert.ok(!seen.has(line), `${query}: line ${line}`);
          seen.add(line);
        }
      }
    }
  });

  it('do not show of a changed file what was not indexed', async () => {
    const query = 'processor recognises a repeat however often the line drops';
    const before = readFileSync(join(test.root, charge), 'utf8');
    test.write({ [charge]: before.replace('last: ChargeOutcome', 'last: Changed') });
    const [hit] = await search(query);
    assert.deepEqual([hit?.startLine, hit?.endLine], [19, 25]);
    assert.equal(hit?.text, linesOf(charge, 19, 25));
  });
});
