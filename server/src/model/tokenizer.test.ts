import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import { modelsDir, packageRoot } from '../paths.js';
import { Tokenizer } from './tokenizer.js';

const bundled = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');
const CLS = 101;
const SEP = 102;

describe('Tokenizer', () => {
  let tokenizer: Tokenizer;

  before(async () => {
    tokenizer = await Tokenizer.load(bundled);
  });

  it('gives the ids of the reference tokenizer', () => {
    assert.deepEqual(tokenizer.encode('Hello, world!', 256).ids, [CLS, 7592, 1010, 2088, 999, SEP]);
    assert.deepEqual(tokenizer.encode('', 256).ids, [CLS, SEP]);
  });

  it('counts a text without the special tokens that surround it', () => {
    assert.equal(tokenizer.specialTokens, 2);
    assert.equal(tokenizer.countTokens(''), 0);
    assert.equal(tokenizer.countTokens('Hello, world!'), 4);
    assert.equal(tokenizer.modelMaxLength, 512);
  });

  it('adds up over lines, which the chunker relies on', () => {
    const lines = [
      'const a = 1;',
      '\tif (x_y !== camelCase) {',
      '',
      '  // größe 漢字 ümlaut 🎉',
      "print('x')",
    ];
    const sum = lines.reduce((total, line) => total + tokenizer.countTokens(line), 0);
    assert.equal(tokenizer.countTokens(lines.join('\n')), sum);
  });

  it('gives the ids of the whole text, although it remembers those of words', async () => {
    const library = await import('@xenova/transformers/src/tokenizers.js');
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(bundled, name), 'utf8'));
    const whole = new library.PreTrainedTokenizer(
      await read('tokenizer.json'),
      await read('tokenizer_config.json'),
    );
    const fixtures = join(packageRoot(import.meta.url), 'test-fixtures');
    const files = await readdir(fixtures, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile() && /\.(?:ts|py|go|rs|md|c|java)$/.test(file.name))
        .map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
    );
    texts.push(
      'a\u00a0b\u2003c\fd\ve\ufefff\u200bg\0h \x01 \u3000\u3000 i',
      '[CLS] x[SEP]y [MASK][MASK] [ SEP ]',
      `naïve Straße 漢字仮名 ÅÄ\u0301 🎉🎉 \ud800 ${'x'.repeat(150)} ${'a_b'.repeat(80)}`,
      ' \n\t ',
      // Words that nobody knows, in any case and of any length around what is remembered.
      Array.from({ length: 3000 }, (_, i) => hash('sha256', `${i}`, 'base64').slice(0, 1 + (i % 70))).join(
        ' ',
      ),
      ['x'.repeat(63), 'Y'.repeat(64), 'z9'.repeat(33), '0'.repeat(101)].join(' '),
    );
    for (const text of texts) {
      const expected = whole.encode(text, null, { add_special_tokens: false });
      assert.deepEqual(tokenizer.encode(text, 1_000_000).ids.slice(1, -1), expected, text.slice(0, 80));
      assert.equal(tokenizer.countTokens(text), expected.length);
    }
    assert.ok(texts.length > 100);
  });

  it('cuts at the limit, keeps the closing token, and says that it cut', () => {
    const words = 'one two three four five six seven';
    const { ids, truncated } = tokenizer.encode(words, 5);
    assert.deepEqual(ids, [CLS, ...tokenizer.encode('one two three', 256).ids.slice(1, -1), SEP]);
    assert.equal(truncated, true);
    assert.equal(tokenizer.encode(words, 9).truncated, false);
    assert.equal(tokenizer.encode(words, 9).ids.length, 9);
  });

  it('cuts a huge text as it would a short one', () => {
    const words = 'alpha beta gamma '.repeat(60);
    const short = tokenizer.encode(words, 32);
    assert.deepEqual(tokenizer.encode(words.repeat(500), 32), short);
    assert.equal(tokenizer.encode('x'.repeat(300_000), 32).ids.length, 3);
    // White space holds no token: the words behind a lot of it still count.
    const far = `${' '.repeat(100_000)}alpha`;
    assert.deepEqual(tokenizer.encode(far, 32).ids, tokenizer.encode('alpha', 32).ids);
    assert.equal(tokenizer.encode(far, 32).truncated, false);
  });

  describe('with damaged files', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'lantern-tokenizer-'));
      for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
        await copyFile(join(bundled, name), join(folder, name));
      }
    });

    afterEach(() => rm(folder, { recursive: true, force: true }));

    const cases: Record<string, (file: string) => Promise<void>> = {
      missing: (file) => rm(file),
      empty: (file) => writeFile(file, ''),
      truncated: (file) => writeFile(file, '{"version": "1.0", "model": {'),
      'of another kind': (file) => writeFile(file, '{"model": {"type": "nothing known"}}'),
      'not an object': (file) => writeFile(file, 'null'),
    };
    for (const [name, damage] of Object.entries(cases)) {
      it(`says what to do when tokenizer.json is ${name}`, async () => {
        await damage(join(folder, 'tokenizer.json'));
        await assert.rejects(Tokenizer.load(folder, 'Fetch it again.'), (error) => {
          assert.ok(error instanceof LanternError);
          assert.equal(error.code, 'model-damaged');
          assert.ok(error.message.includes('tokenizer.json') && error.message.includes('Fetch it again.'));
          return true;
        });
      });
    }
  });
});
