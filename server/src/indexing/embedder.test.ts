import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachAtOnce } from './embedder.js';

describe('forEachAtOnce', () => {
  it('begins items in order, as many at a time as it may', async () => {
    const begun: number[] = [];
    let [running, most] = [0, 0];
    await forEachAtOnce([5, 1, 4, 2, 3], 2, async (ms, at) => {
      begun.push(at);
      most = Math.max(most, ++running);
      await sleep(ms);
      running--;
    });
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
    assert.equal(most, 2);
    await forEachAtOnce([], 2, () => Promise.reject(new Error('never')));
  });

  it('begins nothing after a failure, and waits for what has begun', async () => {
    const ended: number[] = [];
    const doing = forEachAtOnce([0, 1, 2, 3], 2, async (item) => {
      if (item === 0) throw new Error('broken');
      await sleep(5);
      ended.push(item);
    });
    await assert.rejects(doing, /broken/);
    assert.deepEqual(ended, [1]);
  });
});
