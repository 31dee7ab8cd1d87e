// Synthetic vectors: one of the model's vectors for pieces of the same code, moved a little in a direction that
// depends on the text. They are clustered like real ones, and the same text has the same vector.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openParts } from './ours.mjs';
import { sampleTexts } from '../corpus.mjs';
import { root } from '../child.mjs';

const dimensions = 384;
const recorded = 1000;
/** Length of the move, relative to a vector of length 1. */
const moved = 0.4;

async function record(file) {
  const { cache, resolve } = openParts();
  const lease = await cache.acquire(await resolve(), 'record');
  const vectors = await lease.model.embedTruncated(sampleTexts(recorded));
  lease.dispose();
  await cache.dispose();
  const all = new Float32Array(vectors.length * dimensions);
  vectors.forEach(({ vector }, i) => all.set(vector, i * dimensions));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, new Uint8Array(all.buffer));
}

/** Text → unit vector; records the model's vectors at the first use on a machine. */
export async function syntheticVectors() {
  const file = join(root, '.bench', `vectors-${recorded}.bin`);
  if (!existsSync(file)) await record(file);
  const bytes = new Uint8Array(readFileSync(file));
  const all = new Float32Array(bytes.buffer, 0, bytes.length / 4);
  return (text) => {
    const seed = createHash('sha1').update(text).digest();
    const start = (seed.readUInt32LE(0) % recorded) * dimensions;
    let state = seed.readUInt32LE(4) | 1;
    const vector = all.slice(start, start + dimensions);
    const scale = moved * Math.sqrt(3 / dimensions);
    let length = 0;
    for (let i = 0; i < dimensions; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      vector[i] += scale * (state / 2 ** 31);
      length += vector[i] ** 2;
    }
    return vector.map((value) => value / Math.sqrt(length));
  };
}
