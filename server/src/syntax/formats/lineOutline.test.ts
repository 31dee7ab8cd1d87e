import assert from 'node:assert/strict';
import type { ChunkedFile } from '../../chunking/chunker.js';
import { ruledSamples } from '../../../test/support/ruledSamples.js';
import { TestDefinitions, commentsOf, namesOf } from '../../../test/support/testDefinitions.js';
import { lineLanguages } from './lineRules.js';

describe('definitions by lines', () => {
  let reader: TestDefinitions;

  before(async () => {
    reader = await TestDefinitions.make();
  });

  after(() => reader.dispose());

  const read = (language: string, text: string, path?: string): Promise<ChunkedFile> =>
    reader.read(language, text, path);

  it('have a sample for every language', () => {
    const others = Object.keys(lineLanguages).filter((language) => ruledSamples[language] === undefined);
    // It has the rules of Groovy.
    assert.deepEqual(others, ['gradle']);
  });

  for (const [language, { path, text, definitions, comments }] of Object.entries(ruledSamples)) {
    it(`are found in ${language}, with their comments`, async () => {
      const file = await read(language, text, path);
      assert.deepEqual(namesOf(file), definitions);
      assert.deepEqual(commentsOf(file), comments);
      assert.deepEqual(reader.problems, []);
    });
  }

  it('end where no bracket, statement or line closes them', async () => {
    assert.deepEqual(namesOf(await read('proto', 'message A {\n  int32 b = 1;\n')), ['struct A 1-1']);
    assert.deepEqual(namesOf(await read('sql', 'create table a (\n  b int\n')), ['table a 1-2']);
    assert.deepEqual(namesOf(await read('cmake', 'function(a)\n  b()\n')), ['function a 1-1']);
    assert.deepEqual(namesOf(await read('sql', 'create view a as\n  select 1\nGO\nselect 2\n')), [
      'view a 1-2',
    ]);
  });

  it('are not found in comments, strings and lines of data', async () => {
    assert.deepEqual(namesOf(await read('sql', '/*\ncreate table a (b int);\n*/\n-- create table c\n')), []);
    assert.deepEqual(namesOf(await read('proto', `message A { ${'x'.repeat(600)} }\n`)), []);
    const sql = "create table a (\n  b text default '); create table c (d int);'\n);\n";
    assert.deepEqual(namesOf(await read('sql', sql)), ['table a 1-3']);
  });

  it('keep a definition and its comment in one chunk', async () => {
    const one = (at: number): string =>
      `-- Number ${at}.\nCREATE TABLE t${at} (\n${'  column_name integer NOT NULL,\n'.repeat(8)}  z int\n);\n\n`;
    const { chunks } = await read('sql', Array.from({ length: 12 }, (_, at) => one(at)).join(''));
    assert.ok(chunks.length > 3);
    for (const { text } of chunks) assert.match(text, /^-- Number/);
  });

  it('are as many as one file gives, of one whose brackets nothing closes', async () => {
    const { definitions } = await read('proto', 'message A {\n'.repeat(20_000));
    assert.equal(definitions.length, 5000);
  });

  it('begin a component of Vue or Svelte with the file, named as the file or its folder', async () => {
    const names = async (path: string): Promise<string[]> =>
      namesOf(await read('vue', '<template />\n', path));
    assert.deepEqual(await names('src/Menu/index.vue'), ['component Menu 1-1']);
    assert.deepEqual(await names('packages/upload/src/index.vue'), ['component upload 1-1']);
    assert.deepEqual(await names('src/upload-list.vue'), ['component UploadList 1-1']);
    assert.deepEqual(await names('src/index.vue'), ['component index 1-1']);
    assert.deepEqual(await names('index.vue'), ['component index 1-1']);
    const scripts = '<script src="a.js"></script>\n<script>\nlet a = 1;\n</script>\n<script>\nlet b = 2;\n';
    assert.deepEqual(namesOf(await read('vue', scripts, 'A.vue')), ['component A 1-6', 'constant A.a 3-3']);
    const { definitions } = await read(
      'vue',
      '<script lang="tsx">\nconst view = () => <b>{"a"}</b>;\n</script>\n',
      'View.vue',
    );
    assert.deepEqual(
      definitions.map(({ qualifiedName }) => qualifiedName),
      ['View', 'View.view'],
    );
  });
});
