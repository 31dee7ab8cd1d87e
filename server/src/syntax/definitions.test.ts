import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChunkedFile } from '../chunking/chunker.js';
import { languageOf } from './languages.js';
import { TestDefinitions, commentsOf, namesOf } from '../../test/support/testDefinitions.js';
import { checkout } from '../../test/support/testGrammars.js';
import { samples } from '../../test/support/testSamples.js';

describe('definitions', () => {
  let reader: TestDefinitions;

  before(async () => {
    reader = await TestDefinitions.make();
  });

  after(() => reader.dispose());

  const read = (language: string, text: string): Promise<ChunkedFile> => reader.read(language, text);

  it('has a sample for every grammar', () => {
    assert.deepEqual(Object.keys(samples).sort(), [...reader.grammars].sort());
  });

  for (const [language, { text, definitions, comments }] of Object.entries(samples)) {
    it(`are found in ${language}, with their comments`, async () => {
      const file = await read(language, text);
      assert.deepEqual(namesOf(file), definitions);
      assert.deepEqual(commentsOf(file), comments);
      assert.deepEqual(reader.problems, []);
    });
  }

  for (const [language, text, like] of [
    ['starlark', 'def door(name):\n    native.filegroup(name = name)\n', 'python'],
    ['less', '// line\n.door {\n  .hinge { color: red; }\n}\n', 'scss'],
  ] as const)
    it(`are found in ${language} as in ${like}`, async () => {
      const [file, other] = [await read(language, text), await read(like, text)];
      assert.ok(file.definitions.length > 0);
      assert.deepEqual(file, other);
      assert.deepEqual(reader.problems, []);
    });

  it('are those in the fixtures that questions name, in 28 languages', async () => {
    const fixtures = join(checkout, 'test-fixtures');
    const questions = JSON.parse(readFileSync(join(fixtures, 'questions.json'), 'utf8')) as {
      readonly workspace: string;
      readonly expect: { readonly path: string; readonly symbol: string; readonly line: number };
    }[];
    const named = questions.filter(({ workspace }) => workspace === 'languages');
    assert.equal(named.length, 140);
    const files = new Map<string, ChunkedFile>();
    for (const path of new Set(named.map(({ expect }) => expect.path))) {
      const text = readFileSync(join(fixtures, 'languages', path), 'utf8');
      files.set(path, await reader.read(languageOf(path, text), text, path));
    }
    for (const { path, symbol, line } of named.map(({ expect }) => expect)) {
      const isThere = files
        .get(path)
        ?.definitions.some(({ name, nameLine }) => name === symbol && nameLine === line);
      assert.ok(isThere, `${path}:${line} ${symbol}`);
    }
    assert.deepEqual(reader.problems, []);
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
