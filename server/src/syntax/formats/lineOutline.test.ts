import assert from 'node:assert/strict';
import { Chunker, type ChunkedFile } from '../../chunking/chunker.js';
import { ruledSamples } from '../../../test/support/ruledSamples.js';
import { TestGrammars } from '../../../test/support/testGrammars.js';
import { recordingLog } from '../../../test/support/testLog.js';
import { lineLanguages } from './lineRules.js';
import { Parsers } from '../parsers.js';

describe('definitions by lines', () => {
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
  const named = ({ definitions }: ChunkedFile): string[] =>
    definitions.map(
      ({ kind, qualifiedName, startLine, endLine }) => `${kind} ${qualifiedName} ${startLine}-${endLine}`,
    );

  it('have a sample for every language', () => {
    const others = Object.keys(lineLanguages).filter((language) => ruledSamples[language] === undefined);
    // It has the rules of Groovy.
    assert.deepEqual(others, ['gradle']);
  });

  for (const [language, { path, text, definitions, comments }] of Object.entries(ruledSamples)) {
    it(`are found in ${language}, with their comments`, async () => {
      const file = await read(language, text, path);
      assert.deepEqual(named(file), definitions);
      assert.deepEqual(
        file.comments.map(({ startLine, endLine }) => `${startLine}-${endLine}`),
        comments,
      );
      assert.deepEqual(events('warn', 'error'), []);
    });
  }

  it('end where no bracket, statement or line closes them', async () => {
    assert.deepEqual(named(await read('proto', 'message A {\n  int32 b = 1;\n')), ['struct A 1-1']);
    assert.deepEqual(named(await read('sql', 'create table a (\n  b int\n')), ['table a 1-2']);
    assert.deepEqual(named(await read('cmake', 'function(a)\n  b()\n')), ['function a 1-1']);
    assert.deepEqual(named(await read('sql', 'create view a as\n  select 1\nGO\nselect 2\n')), [
      'view a 1-2',
    ]);
  });

  it('are not found in comments, strings and lines of data', async () => {
    assert.deepEqual(named(await read('sql', '/*\ncreate table a (b int);\n*/\n-- create table c\n')), []);
    assert.deepEqual(named(await read('proto', `message A { ${'x'.repeat(600)} }\n`)), []);
    const sql = "create table a (\n  b text default '); create table c (d int);'\n);\n";
    assert.deepEqual(named(await read('sql', sql)), ['table a 1-3']);
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
    const names = async (path: string): Promise<string[]> => named(await read('vue', '<template />\n', path));
    assert.deepEqual(await names('src/Menu/index.vue'), ['component Menu 1-1']);
    assert.deepEqual(await names('index.vue'), ['component index 1-1']);
    const scripts = '<script src="a.js"></script>\n<script>\nlet a = 1;\n</script>\n<script>\nlet b = 2;\n';
    assert.deepEqual(named(await read('vue', scripts, 'A.vue')), ['component A 1-6', 'constant A.a 3-3']);
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
