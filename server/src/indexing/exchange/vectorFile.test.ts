import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { LanternError } from '../../../../shared/src/errors.js';
import { fuzz } from '../../../../shared/test/fuzz.js';
import type { NewVector } from '../../catalog/catalog.js';
import { VectorFile, type VectorFileHeader, writeVectorFile } from './vectorFile.js';

const dimensions = 8;

/** Vectors of unit length that differ from each other. */
const records = Array.from({ length: 600 }, (_, n): NewVector => {
  const raw = Array.from({ length: dimensions }, (_, at) => Math.sin(n * 7 + at * 3 + 1));
  const length = Math.hypot(...raw);
  const digest = new Uint8Array(16).fill(n % 251);
  digest[0] = n >> 8;
  return { digest, vector: Float32Array.from(raw, (value) => value / length) };
});

async function* given(all: readonly NewVector[]): AsyncGenerator<NewVector> {
  for (const record of all) yield await Promise.resolve(record);
}

describe('VectorFile', () => {
  let folder: string;
  let path: string;
  const header: VectorFileHeader = { model: 'a model@1:int8', dimensions, count: records.length };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-vectors-'));
    path = join(folder, 'index.lantern');
    await writeVectorFile(path, header, given(records));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function read(): Promise<NewVector[]> {
    const file = await VectorFile.open(path);
    const found: NewVector[] = [];
    for await (const block of file.blocks()) found.push(...block);
    return found;
  }
  const refused = (message: RegExp, code = 'bad-request') => ({ name: 'LanternError', code, message });

  it('gives back what was written, to a byte per component', async () => {
    assert.deepEqual((await VectorFile.open(path)).header, header);
    const found = await read();
    assert.deepEqual(
      found.map(({ digest }) => digest),
      records.map(({ digest }) => digest),
    );
    for (const [at, { vector }] of found.entries()) {
      const cosine = vector.reduce((sum, value, i) => sum + value * (records[at]?.vector[i] ?? 0), 0);
      assert.ok(cosine > 0.9999 && cosine < 1.0001, `${cosine}`);
    }
  });

  it('replaces a file only when all is written, and leaves nothing of one that failed', async () => {
    const before = readFileSync(path);
    async function* failing(): AsyncGenerator<NewVector> {
      yield* given(records.slice(0, 10));
      throw new Error('no more');
    }
    await assert.rejects(writeVectorFile(path, header, failing()), /no more/);
    assert.deepEqual(readFileSync(path), before);
    assert.deepEqual(readdirSync(folder), ['index.lantern']);
    const nowhere = join(folder, 'none', 'index.lantern');
    await assert.rejects(
      writeVectorFile(nowhere, header, given(records)),
      refused(/none.*cannot be written.*-o/, 'not-readable'),
    );
  });

  it('says what is wrong with a file that is none, or of another version', async () => {
    await assert.rejects(VectorFile.open(join(folder, 'none')), refused(/cannot be read/, 'not-found'));
    await assert.rejects(VectorFile.open(folder), refused(/is no file/));
    writeFileSync(path, 'hello');
    await assert.rejects(VectorFile.open(path), refused(/damaged: incorrect header check/));
    for (const text of ['{}\n', 'null\n', '[\n', 'x'.repeat(100_000), '']) {
      writeFileSync(path, gzipSync(text));
      await assert.rejects(VectorFile.open(path), refused(/is no file that "lantern export" has written/));
    }
    writeFileSync(path, gzipSync('{"format":"lantern-vectors","version":2}\n'));
    await assert.rejects(VectorFile.open(path), refused(/another version/, 'incompatible'));
    const incomplete = { format: 'lantern-vectors', version: 1, ...header };
    for (const wrong of [
      { dimensions: 0 },
      { dimensions: 1e9 },
      { count: -1 },
      { count: 0.5 },
      { model: 7 },
    ]) {
      writeFileSync(path, gzipSync(`${JSON.stringify({ ...incomplete, ...wrong })}\n`));
      await assert.rejects(VectorFile.open(path), refused(/its header is incomplete/));
    }
  });

  it('notices an end that is missing, and one that goes on for ever', async () => {
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 9);
    await assert.rejects(read(), refused(/its end is missing/));
    const plain = gunzipSync(whole);
    writeFileSync(path, gzipSync(plain.subarray(0, -1)));
    await assert.rejects(read(), refused(/shorter than it says/));
    writeFileSync(path, gzipSync(Buffer.concat([plain, Buffer.alloc(1)])));
    await assert.rejects(read(), refused(/longer than it says/));
    // 200 MB of zeros in 200 KB.
    writeFileSync(path, gzipSync(Buffer.concat([plain, Buffer.alloc(200 * 1024 * 1024)])));
    const before = process.memoryUsage.rss();
    await assert.rejects(read(), refused(/longer than it says/));
    assert.ok(process.memoryUsage.rss() - before < 50 * 1024 * 1024);
  });

  it('refuses a vector that has no direction', async () => {
    const plain = gunzipSync(readFileSync(path));
    plain.fill(0, plain.length - dimensions);
    writeFileSync(path, gzipSync(plain));
    await assert.rejects(read(), refused(/a vector of zeros/));
  });

  it('gives back all of it or an error, whatever bytes have changed', async () => {
    const whole = readFileSync(path);
    const expected = await read();
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fuzz(fc.array(change, { minLength: 1, maxLength: 4 }), 200, async (changes) => {
      const bytes = Buffer.from(whole);
      for (const { at, to } of changes) bytes[at] = to;
      writeFileSync(path, bytes);
      const found = await read().catch((error: unknown) => {
        assert.ok(error instanceof LanternError, String(error));
        return undefined;
      });
      if (found !== undefined) assert.deepEqual(found, expected);
    });
  });
});
