import assert from 'node:assert/strict';
import { checkGolden, cosine } from './goldenCheck.js';
import { describeProvider, pool, threadsFor, toUnit } from './graph.js';

describe('graph', () => {
  it('takes the physical cores, at most four, and never more threads than there are', () => {
    assert.equal(threadsFor(0, 1, 'x64'), 1);
    assert.equal(threadsFor(0, 2, 'x64'), 2);
    assert.equal(threadsFor(0, 4, 'x64'), 2);
    assert.equal(threadsFor(0, 4, 'arm64'), 4);
    assert.equal(threadsFor(0, 32, 'x64'), 4);
    assert.equal(threadsFor(8, 32, 'x64'), 8);
    assert.equal(threadsFor(8, 2, 'x64'), 2);
  });

  it('pools token vectors and scales to unit length', () => {
    const hidden = Float32Array.of(1, 2, 3, 6);
    assert.deepEqual(pool(hidden, 2, 2, 'mean'), Float32Array.of(2, 4));
    assert.deepEqual(pool(hidden, 2, 2, 'cls'), Float32Array.of(1, 2));
    assert.deepEqual(toUnit(Float32Array.of(3, 4)), Float32Array.of(0.6, 0.8));
    assert.deepEqual(toUnit(Float32Array.of(0, 0)), Float32Array.of(0, 0));
  });

  it('says why a provider was not used', () => {
    assert.equal(describeProvider({ kind: 'cpu', threads: 1 }), 'CPU (1 thread)');
    const text = describeProvider({
      kind: 'cpu-fallback',
      threads: 2,
      wanted: 'CoreML',
      reason: 'it is slower',
    });
    assert.equal(text, 'CPU (2 threads); CoreML was not used: it is slower');
  });

  it('tells vectors that agree from vectors that do not', async () => {
    assert.equal(cosine([1, 0], [2, 0]), 1);
    assert.equal(cosine([1, 0], [0, 1]), 0);
    assert.equal(cosine([1, 0], [1, 0, 0]), 0);
    assert.equal(cosine([Number.NaN, 0], [1, 0]), 0);
    const cases = [{ text: 'a', embedding: [1, 0] }];
    const giving = (x: number, y: number) => () => Promise.resolve(Float32Array.of(x, y));
    assert.equal(await checkGolden(giving(1, 0.01), cases, 'fp32'), undefined);
    assert.match((await checkGolden(giving(1, 0.1), cases, 'fp32')) ?? '', /vectors are wrong/);
    assert.equal(await checkGolden(giving(1, 0.1), cases, 'int8'), undefined);
    assert.match((await checkGolden(giving(Number.NaN, 1), cases, 'int8')) ?? '', /vectors are wrong/);
  });
});
