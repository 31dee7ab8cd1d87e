import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ChunkRow } from '../catalog/catalog.js';
import { SourceTexts, digestOf } from './sourceTexts.js';
import { TestFolder } from '../../test/support/testFolder.js';

describe('SourceTexts', () => {
  let folder: TestFolder;
  const settings = { maxFileBytes: 1000 };
  const whole = 'first line\nsecond line\nthird line\n';

  beforeEach(() => (folder = new TestFolder({ 'a.ts': whole, 'b.ts': 'other' })));
  afterEach(() => folder.dispose());

  /** The chunk of `path` that was made of `text` when the file held `whole`. */
  function chunkOf(path: string, text: string, start = whole.indexOf(text)): ChunkRow {
    return {
      id: 1,
      key: 'k',
      path,
      language: 'typescript',
      vectorDigest: digestOf('x'),
      textDigest: digestOf(text),
      startOffset: start,
      endOffset: start + text.length,
      startLine: 1,
      endLine: 1,
      symbol: null,
    };
  }

  const textOf = (chunk: ChunkRow): Promise<string | undefined> =>
    new SourceTexts(folder.root, settings).of(chunk);

  it('reads the text of a chunk at its place', async () => {
    const texts = new SourceTexts(folder.root, settings);
    assert.equal(await texts.of(chunkOf('a.ts', 'second line\n')), 'second line\n');
    assert.equal(await texts.of(chunkOf('b.ts', 'other', 0)), 'other');
    assert.equal(await texts.of(chunkOf('a.ts', whole)), whole);
  });

  it('reads chunks that follow each other as one text, or not at all', async () => {
    const parts = whole.match(/.*\n/g)!.map((line) => chunkOf('a.ts', line));
    const read = (): Promise<string | undefined> =>
      new SourceTexts(folder.root, settings).of(parts[0]!, ...parts.slice(1));
    assert.equal(await read(), whole);
    folder.write({ 'a.ts': whole.replace('third', 'thirt') });
    assert.equal(await read(), undefined);
  });

  it('gives none when there is another text at the place', async () => {
    const chunk = chunkOf('a.ts', 'second line\n');
    folder.write({ 'a.ts': whole.replace('second', 'zecond') });
    assert.equal(await textOf(chunk), undefined);
    folder.write({ 'a.ts': `// moved\n${whole}` });
    assert.equal(await textOf(chunk), undefined, 'another place is another chunk');
    folder.write({ 'a.ts': 'short' });
    assert.equal(await textOf(chunk), undefined);
    folder.write({ 'a.ts': `${whole}appended` });
    assert.equal(await textOf(chunk), 'second line\n');
  });

  it('gives none when the file is gone, too large, binary or a secret', async () => {
    const chunk = chunkOf('a.ts', 'second line\n');
    for (const change of [
      () => folder.write({ 'a.ts': whole + 'x'.repeat(1000) }),
      () => folder.write({ 'a.ts': `${whole}\0\0\0` }),
      () => rmSync(join(folder.root, 'a.ts')),
    ]) {
      change();
      assert.equal(await textOf(chunk), undefined);
    }
    folder.write({ '.env': whole });
    assert.equal(await textOf(chunkOf('.env', 'second line\n')), undefined);
  });

  it('never leaves the folder, whatever the path says', async () => {
    folder.write({ '../outside.ts': whole });
    assert.equal(await textOf(chunkOf('../outside.ts', 'second line\n')), undefined);
    renameSync(join(folder.root, 'a.ts'), join(folder.root, '..', 'target.ts'));
    symlinkSync('../target.ts', join(folder.root, 'a.ts'));
    assert.equal(await textOf(chunkOf('a.ts', 'second line\n')), undefined);
  });

  it('distinguishes texts by their digest', () => {
    assert.equal(digestOf('a').length, 16);
    assert.notDeepEqual(digestOf('a'), digestOf('b'));
    assert.deepEqual(digestOf('größe'), digestOf('größe'));
  });
});
