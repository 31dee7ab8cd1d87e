import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chunker } from '../chunking/chunker.js';
import type { ChunkedFile } from '../chunking/chunker.js';
import { languageOf } from './languages.js';
import { Parsers } from './parsers.js';
import { TestGrammars, checkout } from '../../test/support/testGrammars.js';
import { samples } from '../../test/support/testSamples.js';
import { recordingLog } from '../../test/support/testLog.js';

describe('definitions', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  const { log, events } = recordingLog();

  before(async () => {
    grammars = await TestGrammars.make();
    parsers = new Parsers(grammars.folder, log);
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  const read = (language: string, text: string, path = 'a'): Promise<ChunkedFile> =>
    new Chunker(parsers).chunk({
      path,
      language,
      text,
      maxTokens: 256,
      countTokens: (part) => part.length / 4,
    });

  it('has a sample for every grammar', () => {
    assert.deepEqual(Object.keys(samples).sort(), [...grammars.names].sort());
  });

  for (const [language, { text, definitions, comments }] of Object.entries(samples)) {
    it(`are found in ${language}, with their comments`, async () => {
      const file = await read(language, text);
      const found = file.definitions.map(
        ({ kind, qualifiedName, startLine, endLine }) => `${kind} ${qualifiedName} ${startLine}-${endLine}`,
      );
      assert.deepEqual(found, definitions);
      assert.deepEqual(
        file.comments.map(({ startLine, endLine }) => `${startLine}-${endLine}`),
        comments,
      );
      assert.deepEqual(events('warn', 'error'), []);
    });
  }

  it('are those in the fixtures that questions name, in 28 languages', async () => {
    const fixtures = join(checkout, 'test-fixtures');
    const questions = JSON.parse(readFileSync(join(fixtures, 'questions.json'), 'utf8')) as {
      readonly workspace: string;
      readonly expect: { readonly path: string; readonly symbol: string; readonly line: number };
    }[];
    const named = questions.filter(({ workspace }) => workspace === 'languages');
    assert.equal(named.length, 140);
    for (const { path, symbol, line } of named.map(({ expect }) => expect)) {
      const text = readFileSync(join(fixtures, 'languages', path), 'utf8');
      const { definitions } = await read(languageOf(path, text), text, path);
      const isThere = definitions.some(({ name, nameLine }) => name === symbol && nameLine === line);
      assert.ok(isThere, `${path}:${line} ${symbol}`);
    }
    assert.deepEqual(events('warn', 'error'), []);
  });

  it('are found to the end of a long file', async () => {
    const count = 6000;
    const text = Array.from({ length: count }, (_, i) => `function f${i}() {\n  return ${i};\n}\n`).join('');
    const { definitions } = await read('javascript', text);
    assert.equal(definitions.length, 5000, 'as many as one file gives');
    assert.equal(definitions[4999]?.name, 'f4999');
    assert.equal(definitions[4999].startLine, 4999 * 3 + 1);
  });

  it('have the line of their name, which decorators may part from their start', async () => {
    const { definitions } = await read('python', '@cached\n@traced\ndef load():\n    pass\n');
    assert.deepEqual(definitions, [
      { name: 'load', qualifiedName: 'load', kind: 'function', startLine: 1, endLine: 4, nameLine: 3 },
    ]);
  });

  it('are found around a syntax error', async () => {
    const { definitions } = await read(
      'typescript',
      'function a() {}\nfunction b( {{{\n}\nfunction c() {\n  return 1;\n}\n',
    );
    assert.ok(definitions.some(({ name }) => name === 'a'));
  });

  it('give comments up to a limit', async () => {
    const text = `// ${'x'.repeat(90)}\n\n`.repeat(2000);
    const { comments } = await read('javascript', text);
    const length = comments.reduce((sum, comment) => sum + comment.text.length, 0);
    assert.ok(length > 40_000 && length <= 50_000, `${length} characters`);
  });
});
