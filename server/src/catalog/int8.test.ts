import assert from 'node:assert/strict';
import { fromInt8, toInt8 } from './int8.js';

describe('int8', () => {
  const dimensions = 384;
  const unit = (seed: number): Float32Array => {
    const raw = Float32Array.from({ length: dimensions }, (_, at) => Math.sin(seed * 131 + at * at * 0.7));
    const length = Math.hypot(...raw);
    return raw.map((value) => value / length);
  };
  const dot = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

  it('keeps cosines to .001, and unit length', () => {
    for (let seed = 1; seed < 50; seed++) {
      const [a, b] = [unit(seed), unit(seed + 1)];
      const [short, other] = [fromInt8(toInt8(a)), fromInt8(toInt8(b))];
      assert.ok(Math.abs(dot(short, short) - 1) < 1e-6);
      assert.ok(dot(short, a) > 0.9999);
      assert.ok(Math.abs(dot(short, other) - dot(a, b)) < 1e-3, `${dot(short, other)} and ${dot(a, b)}`);
    }
  });

  it('gives the same bytes again for what it has given', () => {
    for (let seed = 1; seed < 50; seed++) {
      const bytes = toInt8(unit(seed));
      assert.deepEqual(toInt8(fromInt8(bytes)), bytes);
    }
  });

  it('keeps zeros, and vectors of one component', () => {
    assert.deepEqual(fromInt8(toInt8(new Float32Array(3))), new Float32Array(3));
    assert.deepEqual(fromInt8(toInt8(Float32Array.of(-1))), Float32Array.of(-1));
  });
});
