import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fuzz } from '../../../shared/test/fuzz.js';
import { runsOr } from '../../../shared/test/runLength.js';
import { tried } from '../../../shared/test/tally.js';
import { nullLog } from '../../../shared/src/log.js';
import { type FileRows, decodeFile, encodeFile } from '../catalog/rows.js';
import { fileRows } from '../indexing/fileRows.js';
import { ScanThreads } from '../indexing/threads/scanThreads.js';
import { Tokenizer } from '../model/tokenizer.js';
import { decodeText } from '../source/decode.js';
import { contentExclusion } from '../source/sourceFile.js';
import { languageOf } from '../syntax/languages.js';
import { Parsers } from '../syntax/parsers.js';
import { bundledModel } from '../../test/support/bundledModel.js';
import { checkout, TestGrammars } from '../../test/support/testGrammars.js';
import { ruledSamples } from '../../test/support/ruledSamples.js';
import { samples } from '../../test/support/testSamples.js';
import { type ChunkedFile, Chunker } from './chunker.js';
import { embeddedText } from './embeddedText.js';

/** The bundled model's limit. */
const maxTokens = 256;
/** For a file of some 100 KB on a busy machine, whose parser may take 5 s. Work that grows with its square takes minutes. */
const mostMs = 15_000;

describe('any file', function () {
  this.timeout(3_600_000);
  let grammars: TestGrammars;
  let parsers: Parsers;
  let chunker: Chunker;
  let tokenizer: Tokenizer;
  let languages: string[];

  before(async () => {
    grammars = await TestGrammars.make();
    parsers = new Parsers(grammars.folder, nullLog);
    chunker = new Chunker(parsers);
    tokenizer = await Tokenizer.load((await bundledModel()).folder);
    languages = [...grammars.names, ...Object.keys(ruledSamples), 'markdown', 'text'];
  });
  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  const countTokens = (text: string): number => tokenizer.countTokens(text);
  const limits = { maxTokens, countTokens };

  async function rowsOf(path: string, language: string, text: string): Promise<[ChunkedFile, FileRows]> {
    const chunked = await chunker.chunk({ path, language, text, ...limits });
    const digest = createHash('sha256').update(text).digest('hex');
    const { file, chunks } = fileRows({ path, language, text, digest, chunked }, limits);
    return [chunked, decodeFile(encodeFile({ file: { ...file, size: text.length, mtimeMs: 1 }, chunks }))];
  }

  /**
   * What holds for every file: its chunks are the text, cut; each fits the model and shows something, unless the whole
   * file is blank; and the same file gives the same rows for the catalog.
   */
  async function check(path: string, language: string, text: string): Promise<void> {
    const [chunked, rows] = await rowsOf(path, language, text);
    const { chunks, definitions, comments } = chunked;
    assert.equal(chunks.map((chunk) => chunk.text).join(''), text, 'the chunks are the text');
    const lines = text.split('\n').length;
    let [at, line] = [0, 1];
    for (const chunk of chunks) {
      assert.deepEqual([chunk.start, chunk.end], [at, at + chunk.text.length]);
      assert.ok(chunk.text.length > 0 && (/\S/.test(chunk.text) || !/\S/.test(text)), 'no chunk is blank');
      const whole = embeddedText(path, chunk.text, maxTokens, countTokens);
      const { truncated } = tokenizer.encode(whole, maxTokens);
      assert.ok(!truncated, `a chunk of ${countTokens(whole)} tokens`);
      assert.equal(chunk.startLine, line, 'first line');
      line += chunk.text.split('\n').length - 1;
      assert.equal(chunk.endLine, chunk.text.endsWith('\n') ? line - 1 : line, 'last line');
      at = chunk.end;
    }
    for (const { startLine, endLine } of [...definitions, ...comments]) {
      assert.ok(startLine >= 1 && startLine <= endLine && endLine <= lines, `lines ${startLine}-${endLine}`);
    }
    const [same, again] = await rowsOf(path, language, text);
    assert.deepEqual(same, chunked, 'the same file gives the same chunks');
    assert.deepEqual(again, rows, 'and the same rows');
  }

  /** Marks that mean something in one language or another, and what no editor writes. */
  const piece = fc.oneof(
    fc.constantFrom(...'\n|\r\n|\r|\n\n|\t|  |\0|\u2028|\ufeff|\v|\f|\u00a0|\u3000|\x1b[31m'.split('|')),
    fc.constantFrom(...Array.from('{}()[]<>"\'`#%&*|\\/;:,.=-+!?@$^~')),
    fc.constantFrom(
      '/*',
      '*/',
      '//',
      '"""',
      "'''",
      '${',
      '#{',
      '<!--',
      '-->',
      '{-',
      '-}',
      '--[[',
      '```',
      '<<EOF',
    ),
    fc.constantFrom(
      'class A',
      'def f():',
      'function f()',
      'end',
      '# T',
      '<a>',
      '- x: 1',
      'impl A for B',
      '[t]',
    ),
    fc.constantFrom(
      '\ud83d',
      '\ude00',
      '😀',
      '👩‍👩‍👧',
      '漢字',
      'e\u0301',
      '\u202e',
      'ﬁ',
      'İ',
      '[MASK]',
      '[SEP]',
      '##a',
    ),
    fc.string({ maxLength: 30 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.integer({ min: 2, max: 600 }))
      .map(([unit, count]) => unit.repeat(count)),
  );
  const anyText = fc.array(piece, { minLength: 1, maxLength: 60 }).map((parts) => parts.join(''));
  const name = fc.constantFrom(
    'a.x',
    'very/deep/'.repeat(60) + 'name.x',
    'ä/日本 語/😀.x',
    'a\tb\nc.x',
    '[MASK]',
  );

  it('of any text, in every language', async () => {
    const language = fc.constantFrom(...languages);
    await fuzz(fc.tuple(name, language, anyText), 25, ([path, id, text]) => check(path, id, text));
  });

  it('of any bytes is decoded, or is no text', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      anyText.map((text) => Buffer.from(text, 'utf16le')),
      fc
        .tuple(fc.uint8Array({ maxLength: 4 }), anyText)
        .map(([start, text]) => Buffer.concat([start, Buffer.from(text)])),
    );
    await fuzz(
      fc.tuple(fc.constantFrom('a.ts', 'a.py', 'a', 'a.md'), bytes),
      100,
      async ([path, content]) => {
        const decoded = decodeText(Buffer.from(content));
        if (decoded === undefined || contentExclusion(path, decoded.text) !== undefined) return;
        assert.ok(!decoded.text.includes('\0') && !/\p{Surrogate}/u.test(decoded.text));
        await check(path, languageOf(path, decoded.text), decoded.text);
      },
    );
  });

  it('of this project’s fixtures, changed at random', async () => {
    const root = join(checkout, 'test-fixtures');
    const sources = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('ignored'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    const texts = [...sources, ...Object.values({ ...samples, ...ruledSamples }).map(({ text }) => text)];
    const change = fc.record({
      at: fc.nat(10_000),
      cut: fc.nat(80),
      add: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, piece),
    });
    const changed = fc
      .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 12 }), fc.boolean())
      .map(([text, changes, crlf]) => {
        let now = crlf ? text.replaceAll('\n', '\r\n') : text;
        for (const { at, cut, add } of changes) {
          const place = at % (now.length + 1);
          now = now.slice(0, place) + add + now.slice(place + cut);
        }
        return now;
      });
    const language = fc.constantFrom(...languages);
    await fuzz(fc.tuple(language, changed), 15, ([id, text]) => check('a/b.x', id, text));
  });

  /** One mark, many times: what makes a pattern or a parser go back and forth. */
  const runs = [
    '(',
    '[',
    '{',
    '<',
    '<a',
    '<a>',
    '"',
    "'",
    '`',
    '`${',
    '#',
    '*',
    '/',
    '/*',
    '//',
    '\\',
    '|',
    '.',
    '-',
    '=',
    '@',
    '![',
    '[](',
    '](',
    ' #',
    ' \t',
    ' ',
    '\r',
    '\u00a0',
    'a',
    'a ',
    'a.',
    'a(',
    'a_',
    'aB',
    '-a',
    '/a',
    '\n',
    '\n ',
    '\n\t',
    '\n#',
    '\n-',
    '\n>',
    '\n<a',
    '\n<script>',
    '{|',
    '\n(',
    '\n//',
    '\n"""',
    'x\n',
    '{\n',
    'if\n',
    '😀',
    '漢',
    '\ud83d',
    'e\u0301',
    '=0;',
  ] as const;
  it('of one mark 50,000 times, alone and after words, within bounded time', async () => {
    const paths =
      'ts tsx js py go rs java c cpp cs rb php kt scala lua hs ex zig sh html css json yaml toml md txt clj dart elm gd gleam tf nix pl r scss swift ipynb m jl ml mli sol vue svelte sql graphql proto prisma dockerfile mk cmake ps1 groovy erl fs cr nim fish vim'
        .split(' ')
        .map((extension) => `a.${extension}`);
    assert.deepEqual(
      languages.filter((language) => !paths.some((path) => languageOf(path) === language)),
      [],
    );
    // Lines enough that the file is not taken for minified.
    const end = `\n${'z x\n'.repeat(700)}`;
    const cases = paths.flatMap((path) =>
      runs.flatMap((run) => [run, `# a ${run}`].map((start) => [path, start, run] as const)),
    );
    // In the threads that read files: such a text may break the parser of the thread that reads it.
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-fuzz-')));
    const { folder: modelFolder } = await bundledModel();
    const threads = new ScanThreads({
      data: { grammarDir: grammars.folder, modelFolder, maxTokens, maxFileBytes: 1_000_000 },
      threads: 1,
      log: nullLog,
    });
    const step = runsOr(0) > 0 ? 3 : 401;
    let count = 0;
    try {
      for (let i = step - 1; i < cases.length; i += step, count++) {
        const [path, start, run] = cases[i]!;
        writeFileSync(join(root, path), start + run.repeat(50_000) + end);
        const began = performance.now();
        const reading = await threads.read({ root, path, digest: undefined });
        const ms = performance.now() - began;
        const what = `${path}, ${JSON.stringify(start)}: ${reading.kind}, ${Math.round(ms)} ms`;
        assert.ok(ms < mostMs, what);
        // One mark may be a language of its own: a file without letters is minified, or no text at all.
        if (reading.kind === 'skipped') assert.notEqual(reading.reason, 'crashed', what);
        else assert.equal(reading.kind, 'read', what);
      }
    } finally {
      await threads.dispose();
      rmSync(root, { recursive: true, force: true });
    }
    tried('fuzz cases', count);
  });
});
