import assert from 'node:assert/strict';
import { join } from 'node:path';
import { AutoTokenizer, env } from '@xenova/transformers';
import type { PreTrainedTokenizer } from '@xenova/transformers';
import fc from 'fast-check';
import { nullLog } from '../../../shared/src/log.js';
import { Chunker } from './chunker.js';
import type { ChunkedFile, ChunkInput } from './chunker.js';
import { Parsers } from '../syntax/parsers.js';
import { checkout, TestGrammars } from '../../test/support/testGrammars.js';
import { ruledSamples } from '../../test/support/ruledSamples.js';
import { samples } from '../../test/support/testSamples.js';
import type { CountTokens } from './atoms.js';
import { embeddedText } from './embeddedText.js';

/** Counts as WordPiece does: adds up over white space, which itself counts nothing. */
const wordCount: CountTokens = (text) => (text.match(/[a-zA-Z]{1,4}|\d{1,2}|[^\sa-zA-Z\d]/gu) ?? []).length;
/** Counts as byte tokenizers may: white space counts, and a text costs one more than its parts. */
const seamCount: CountTokens = (text) => Math.ceil(Buffer.byteLength(text) / 3) + 1;

describe('Chunker', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let chunker: Chunker;

  before(async () => {
    grammars = await TestGrammars.make();
    parsers = new Parsers(grammars.folder, nullLog);
    chunker = new Chunker(parsers);
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  const chunk = (text: string, input: Partial<ChunkInput> = {}): Promise<ChunkedFile> =>
    chunker.chunk({
      path: 'a.ts',
      language: 'typescript',
      maxTokens: 64,
      countTokens: wordCount,
      ...input,
      text,
    });

  /** Everything that holds for any text, language and limit. */
  async function check(text: string, input: Partial<ChunkInput> = {}): Promise<ChunkedFile> {
    const { path = 'a.ts', maxTokens = 64, countTokens = wordCount } = input;
    const file = await chunk(text, input);
    let at = 0;
    for (const one of file.chunks) {
      assert.equal(one.start, at, 'chunks are contiguous');
      assert.ok(one.end > one.start, 'no chunk is empty');
      assert.equal(one.text, text.slice(one.start, one.end));
      assert.equal(one.startLine, text.slice(0, one.start).split('\n').length);
      assert.equal(one.endLine, text.slice(0, one.end - 1).split('\n').length);
      const embedded = embeddedText(path, one.text, maxTokens, countTokens);
      const characters = Array.from(one.text).length;
      assert.ok(
        countTokens(embedded) <= maxTokens - 2 || characters === 1,
        `${countTokens(embedded)} tokens`,
      );
      assert.doesNotMatch(text.slice(one.start - 1, one.start + 1), /^[\ud800-\udbff][\udc00-\udfff]$/);
      at = one.end;
    }
    assert.equal(at, text.length, 'chunks cover the text');
    return file;
  }

  const lines = (file: ChunkedFile): string[] =>
    file.chunks.map(({ startLine, endLine, symbol }) => `${startLine}-${endLine} ${symbol ?? ''}`.trim());

  for (const [language, { text }] of Object.entries({ ...samples, ...ruledSamples })) {
    it(`cuts ${language} within every limit`, async () => {
      for (const maxTokens of [6, 20, 64, 256]) {
        await check(text, { language, maxTokens });
        await check(text.replaceAll('\n', '\r\n'), { language, maxTokens });
        await check(text.trimEnd(), { language, maxTokens, countTokens: seamCount });
        // Half a file is a file with syntax errors.
        await check(text.slice(0, text.length / 2), { language, maxTokens });
      }
    });
  }

  it('cuts any text in any language within any limit', async function () {
    this.timeout(60_000);
    const piece = fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '\n\n\n',
        '\t',
        '  ',
        ' ',
        '\r',
        '\0',
        '{',
        '}',
        '(',
        '"',
        '`',
        '/*',
        '*/',
        '//',
        '#',
      ),
      fc.constantFrom(
        'class A',
        'def f():',
        'function f()',
        'end',
        '# T',
        '```',
        '<a>',
        '- x: 1',
        'impl A for B',
        '@doc',
      ),
      fc.constantFrom(
        '😀',
        '漢字かな',
        'é',
        '\ud83d',
        '\ude00',
        '\u2028',
        '\ufeff',
        '👩‍👩‍👧',
        'x'.repeat(3000),
        'a b '.repeat(500),
      ),
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''));
    const language = fc.constantFrom(...grammars.names, ...Object.keys(ruledSamples), 'markdown', 'text');
    const countTokens = fc.constantFrom(wordCount, seamCount);
    await fc.assert(
      fc.asyncProperty(text, language, fc.integer({ min: 8, max: 300 }), countTokens, async (...input) => {
        const [any, id, maxTokens, count] = input;
        const { chunks } = await check(any, { language: id, maxTokens, countTokens: count });
        if (count !== wordCount || !/\S/.test(any)) return;
        for (const one of chunks) assert.match(one.text, /\S/, 'no chunk is blank');
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it('gives no chunks for an empty file, and one for a blank one', async () => {
    assert.deepEqual(await chunk(''), { chunks: [], definitions: [], comments: [] });
    assert.deepEqual(lines(await check('\n')), ['1-1']);
    assert.deepEqual(lines(await check('\n'.repeat(50_000))), ['1-50000']);
    assert.deepEqual(lines(await check(' \t\r\n  ')), ['1-2']);
  });

  it('keeps a definition whole, with its comments and decorators', async () => {
    const method = (name: string): string =>
      `  /**\n   * Finds by ${name}.\n   */\n  @traced()\n  ${name}(value: string): User {\n    return this.by(value);\n  }\n`;
    const text = `export class UserStore {\n${['findById', 'findByEmail', 'findByName'].map(method).join('\n')}}\n`;
    const file = await check(text, { maxTokens: 64 });
    assert.deepEqual(lines(file), [
      '1-9 UserStore',
      '10-17 UserStore.findByEmail',
      '18-25 UserStore.findByName',
    ]);
  });

  it('keeps with a definition the doc comment that a blank line parts from it', async () => {
    const one = (name: string): string =>
      `/**\n * Opens the ${name} with all that it needs.\n */\n\nfunction ${name}() {\n  return open("${name}", 1, 2);\n}\n\n`;
    const file = await check(['alpha', 'beta', 'gamma'].map(one).join(''), { maxTokens: 64 });
    assert.deepEqual(lines(file), ['1-8 alpha', '9-16 beta', '17-24 gamma']);
  });

  it('cuts what is too large where its parts meet', async () => {
    const part = (i: number): string =>
      `  if (value === ${i}) {\n    first(${i});\n    second(${i});\n    third(${i});\n  }\n`;
    const text = `function decide(value) {\n${[1, 2, 3, 4, 5, 6].map(part).join('')}}\n`;
    const { chunks } = await check(text, { maxTokens: 80 });
    assert.ok(chunks.length >= 2);
    for (const one of chunks.slice(1)) assert.match(one.text, /^ {2}if /);
    for (const one of chunks) assert.equal(one.symbol, 'decide');
  });

  it('joins what is small', async () => {
    const text = Array.from({ length: 40 }, (_, i) => `const value${i} = ${i};\n`).join('');
    const { chunks } = await check(text, { maxTokens: 100 });
    const fill = wordCount(text) / chunks.length / 90;
    assert.ok(fill > 0.8, `${fill} full`);
  });

  it('cuts Markdown by section, and names it by its headings', async () => {
    const words = (count: number): string => `${'word '.repeat(count)}\n\n`;
    const text = `# Guide\n\n${words(20)}## Install\n\n### Linux\n\n${words(35)}### Windows\n\n${words(35)}`;
    const file = await check(text, { path: 'a.md', language: 'markdown', maxTokens: 60 });
    assert.deepEqual(lines(file), ['1-4 Guide', '5-10 Guide > Install', '11-14 Guide > Install > Windows']);
  });

  it('cuts a text without grammar at blank lines and indentation', async () => {
    const table = (name: string): string =>
      `create table ${name} (\n  id integer,\n  name text,\n  made integer\n);\n`;
    const file = await check(['one', 'two', 'six', 'ten'].map(table).join('\n'), {
      language: 'text',
      maxTokens: 50,
    });
    assert.deepEqual(lines(file), ['1-12', '13-23']);
  });

  it('cuts a line that is too long after white space, else after punctuation', async () => {
    const spaced = await check('word '.repeat(400), { language: 'text' });
    for (const one of spaced.chunks) assert.match(one.text, / $/);
    assert.deepEqual(new Set(spaced.chunks.map(({ startLine }) => startLine)), new Set([1]));
    const minified = await check('f(a,b);'.repeat(400), { language: 'javascript', path: 'a.js' });
    for (const one of minified.chunks) assert.match(one.text, /[;,()]$/);
    const cjk = await check('漢'.repeat(1000), { language: 'text' });
    assert.ok(cjk.chunks.length < 25, `${cjk.chunks.length} chunks`);
  });

  it('bounds the characters of a chunk that a tokenizer takes for few tokens', async () => {
    const { chunks } = await check('Q'.repeat(200_000), { language: 'text', countTokens: () => 1 });
    for (const one of chunks) assert.ok(one.text.length <= 64 * 32, `${one.text.length} characters`);
  });

  it('leaves most chunks as they are when a line is added', async () => {
    const one = (i: number): string =>
      `function f${i}(a) {\n${`  call${i}(a, "text");\n`.repeat((i % 7) + 1)}  return a;\n}\n\n`;
    const parts = Array.from({ length: 60 }, (_, i) => one(i));
    const before = await chunk(parts.join(''));
    parts[20] = parts[20]?.replace('return', 'added(1);\n  return') ?? '';
    const after = await chunk(parts.join(''));
    const known = new Set(before.chunks.map(({ text }) => text));
    const fresh = after.chunks.filter(({ text }) => !known.has(text)).length;
    assert.ok(fresh <= after.chunks.length / 5, `${fresh} of ${after.chunks.length} chunks changed`);
  });

  it('gives the same chunks for the same text', async () => {
    const text = Object.values(samples)
      .map((sample) => sample.text)
      .join('\n');
    const [first, second] = await Promise.all([chunk(text), chunk(text)]);
    assert.deepEqual(first, second);
  });

  it('reads what is nested very deep', async () => {
    await check('('.repeat(20_000) + ')'.repeat(20_000), { language: 'javascript' });
    await check('[\n'.repeat(5000) + ']\n'.repeat(5000), { language: 'json' });
    await check('`${'.repeat(20_000), { language: 'javascript' });
  });

  it('keeps room for the chunk when the path is long, and the end of the path', async () => {
    const path = `${'very/deep/folder/'.repeat(60)}name.ts`;
    const text = samples['typescript']?.text ?? '';
    const { chunks } = await check(text, { path, maxTokens: 128 });
    assert.ok(chunks.length < 8, `${chunks.length} chunks`);
    const embedded = embeddedText(path, chunks[0]?.text ?? '', 128, wordCount);
    const shown = embedded.slice(0, embedded.indexOf('\n'));
    assert.ok(path.endsWith(shown) && shown.endsWith('/folder/name.ts'), shown);
    assert.equal(embeddedText('a.ts', 'x', 128, wordCount), 'a.ts\nx');
  });

  it('fits the real model', async function () {
    this.timeout(60_000);
    const wasRemote = env.allowRemoteModels;
    const wasLocal = String(env.localModelPath);
    env.allowRemoteModels = false;
    env.localModelPath = join(checkout, 'models');
    try {
      const tokenizer: PreTrainedTokenizer = await AutoTokenizer.from_pretrained('all-MiniLM-L6-v2');
      const countTokens: CountTokens = (text) =>
        tokenizer.encode(text, null, { add_special_tokens: false }).length;
      const all = Object.entries(samples);
      for (const [language, { text }] of all) {
        for (const maxTokens of [40, 256])
          await check(text, { language, maxTokens, countTokens, path: `a/${language}` });
      }
      const { chunks } = await check(all.map(([, { text }]) => text).join('\n'), {
        language: 'text',
        maxTokens: 256,
        countTokens,
      });
      const tokens = chunks.reduce((sum, one) => sum + countTokens(one.text), 0);
      assert.ok(tokens / chunks.length > 254 * 0.7, `${tokens / chunks.length} tokens a chunk`);
      await check('AbC123+/'.repeat(3000), { language: 'text', maxTokens: 256, countTokens });
    } finally {
      env.allowRemoteModels = wasRemote;
      env.localModelPath = wasLocal;
    }
  });
});
