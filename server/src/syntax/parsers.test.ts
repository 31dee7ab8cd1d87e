import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { Parsers } from './parsers.js';
import type { SyntaxTree } from './parsers.js';
import { TestGrammars, checkout } from '../../test/support/testGrammars.js';
import { recordingLog } from '../../test/support/testLog.js';

const typeOf = (tree: SyntaxTree): Promise<string> => Promise.resolve(tree.root.type);

describe('Parsers', () => {
  let grammars: TestGrammars;

  before(async () => {
    grammars = await TestGrammars.make(['javascript', 'typescript', 'json', 'python', 'cpp']);
  });

  after(() => grammars.remove());

  it('loads a grammar once for all who ask at the same time', async () => {
    const { log, events } = recordingLog();
    const parsers = new Parsers(grammars.folder, log);
    const types = await Promise.all(
      Array.from({ length: 20 }, (_, i) => parsers.read('json', `[${i}]`, typeOf)),
    );
    assert.deepEqual(new Set(types), new Set(['document']));
    assert.equal(events('debug').filter(({ event }) => event === 'parser.load').length, 1);
    assert.equal(parsers.stats.parsed, 20);
    parsers.dispose();
  });

  it('has no tree for a language without a grammar, and says nothing', async () => {
    const { log, events } = recordingLog();
    const parsers = new Parsers(grammars.folder, log);
    assert.equal(await parsers.read('sql', 'select 1', typeOf), undefined);
    assert.equal(await parsers.read('../json', '[]', typeOf), undefined);
    assert.deepEqual(events('warn', 'error'), []);
    parsers.dispose();
  });

  it('does without a grammar that does not load, and says so once', async () => {
    const broken = await TestGrammars.make(['json', 'python']);
    try {
      await writeFile(join(broken.folder, 'python.wasm.br'), 'not a module');
      const { log, events } = recordingLog();
      const parsers = new Parsers(broken.folder, log);
      assert.equal(await parsers.read('python', 'x = 1', typeOf), undefined);
      assert.equal(await parsers.read('python', 'x = 1', typeOf), undefined);
      assert.equal(await parsers.read('json', '[]', typeOf), 'document');
      assert.deepEqual(
        events('warn', 'error').map(({ event, fields }) => [event, fields?.['language']]),
        [['parser.load-failed', 'python']],
      );
      parsers.dispose();
    } finally {
      await broken.remove();
    }
  });

  it('does without a query that does not compile', async () => {
    const broken = await TestGrammars.make(['json']);
    try {
      await writeFile(join(broken.folder, 'json.scm'), '(no_such_node) @name');
      const { log, events } = recordingLog();
      const parsers = new Parsers(broken.folder, log);
      const matches = await parsers.read('json', '{"a": 1}', (tree) => Promise.resolve([...tree.matches()]));
      assert.deepEqual(matches, []);
      assert.deepEqual(
        events('warn', 'error').map(({ event }) => event),
        ['parser.query-failed'],
      );
      parsers.dispose();
    } finally {
      await broken.remove();
    }
  });

  it('does without syntax where there are no grammars at all', async () => {
    const missing = await TestGrammars.make([]);
    await rm(missing.folder, { recursive: true });
    const { log, events } = recordingLog();
    const parsers = new Parsers(missing.folder, log);
    assert.equal(await parsers.read('json', '[]', typeOf), undefined);
    assert.equal(events('error').length, 1);
    parsers.dispose();
    await missing.remove();
  });

  it('gives up on a text that takes too long, and parses the next', async () => {
    const { log, events } = recordingLog();
    // No time at all: the first step that the parser is asked to stop in is its last.
    const parsers = new Parsers(grammars.folder, log, 0);
    const large = 'const a = { b: [1, 2, 3], c: () => "text" };\n'.repeat(20_000);
    assert.equal(await parsers.read('typescript', large, typeOf), undefined);
    assert.equal(await parsers.read('typescript', 'let x = 1;', typeOf), 'program');
    assert.deepEqual(
      events('warn', 'error').map(({ event, fields }) => [event, fields?.['reason']]),
      [['parser.refused', 'took too long']],
    );
    parsers.dispose();
  });

  it('gives up on a text that is too long', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    assert.equal(await parsers.read('json', ' '.repeat(2_000_000), typeOf), undefined);
    assert.equal(parsers.stats.refused, 1);
    parsers.dispose();
  });

  it('does not parse a long run of marks and white space', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    const read = (run: string) => parsers.read('json', `["a${run}b"]`, typeOf);
    for (const mark of ['\r', ' ', '`', '\u00a0', '😀', '-`']) {
      const run = mark.repeat(8000 / mark.length);
      assert.equal(await read(run.slice(1)), 'document', mark);
      assert.equal(await read(run), undefined, mark);
      assert.equal(await read(`${'A'.repeat(3000)}${run}${'A'.repeat(9000)}`), undefined, mark);
    }
    assert.equal(await read(`${'-'.repeat(7000)}0`.repeat(3)), 'document');
    parsers.dispose();
  });

  it('does not parse Swift with a very long line', async () => {
    const swift = await TestGrammars.make(['swift']);
    const parsers = new Parsers(swift.folder, nullLog);
    const line = 'a '.repeat(2000);
    const began = performance.now();
    assert.equal(await parsers.read('swift', `${line}\nlet b = 1\n`, typeOf), 'source_file');
    for (const text of [`${line}a`, `let b = 1\n${line}a\n`, 'a '.repeat(50_000)])
      assert.equal(await parsers.read('swift', text, typeOf), undefined);
    assert.ok(performance.now() - began < 15_000);
    assert.equal(parsers.stats.refused, 3);
    parsers.dispose();
    await swift.remove();
  });

  it('parses in steps between which others run', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    await parsers.read('typescript', '', typeOf);
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
    }, 0);
    const large = 'const a = { b: [1, 2, 3], c: () => "text" };\n'.repeat(20_000);
    const nodes = await parsers.read('typescript', large, (tree) =>
      Promise.resolve(tree.root.namedChildCount),
    );
    clearInterval(timer);
    assert.equal(nodes, 20_000, 'a resumed parse loses nothing');
    assert.ok(turns > 1, `${turns} turns`);
    parsers.dispose();
  });

  it('gives the same tree for a text with errors, however busy the machine is', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    const questions = await readFile(join(checkout, 'test-fixtures/questions.json'), 'utf8');
    const shape = () => parsers.read('cpp', questions, ({ root }) => Promise.resolve(root.toString()));
    const atRest = await shape();
    assert.match(atRest ?? '', /ERROR/);
    try {
      // A clock that runs away, as for a thread that gets its core only now and then.
      let ms = performance.now();
      performance.now = () => (ms += 6);
      assert.ok((await shape()) === atRest, 'another tree');
    } finally {
      Reflect.deleteProperty(performance, 'now');
    }
    parsers.dispose();
  });

  it('costs a file its syntax, not more, when its visitor throws', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    const thrown = await parsers.read('json', '[]', () => Promise.reject<string>(new Error('no')));
    assert.equal(thrown, undefined);
    assert.deepEqual([parsers.stats.live, parsers.stats.refused], [0, 1]);
    parsers.dispose();
  });

  it('gives nothing once disposed of, also to those who wait', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    const waiting = parsers.read('json', '[]', typeOf);
    parsers.dispose();
    parsers.dispose();
    assert.equal(await waiting, undefined);
    assert.equal(await parsers.read('json', '[]', typeOf), undefined);
  });

  it('keeps its memory over many parses', async () => {
    const parsers = new Parsers(grammars.folder, nullLog);
    const text = await readFile(join(grammars.folder, 'javascript.scm'), 'utf8');
    const source = `const text = ${JSON.stringify(text)};\n${'function f(a) { return [a, { b: a }]; }\n'.repeat(300)}`;
    const parse = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) {
        await parsers.read('javascript', source, (tree) => Promise.resolve([...tree.matches()].length));
      }
    };
    await parse(20);
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    await parse(150);
    const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
    // Each tree is about 1 MB: were they kept, this would be 150.
    assert.ok(grown < 16 * 2 ** 20, `${grown} bytes`);
    assert.equal(parsers.stats.live, 0);
    parsers.dispose();
  });
});
