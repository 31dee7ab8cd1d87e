import assert from 'node:assert/strict';
import { ScoreArrays } from './scoreArrays.js';

describe('score arrays', () => {
  it('are zeros of the length that was asked for, also when used again', () => {
    const arrays = new ScoreArrays();
    const first = arrays.lease();
    const used = first.zeros(100).fill(7);
    first.dispose();
    const again = arrays.lease().zeros(60);
    assert.equal(again.buffer, used.buffer);
    assert.deepEqual([...again], Array(60).fill(0));
  });

  it('belong to one search at a time', () => {
    const arrays = new ScoreArrays();
    const [one, other] = [arrays.lease(), arrays.lease()];
    const buffers = [one.zeros(10), one.zeros(10), other.zeros(10)].map(({ buffer }) => buffer);
    assert.equal(new Set(buffers).size, 3);
    one.dispose();
    one.dispose();
    const next = [arrays.lease().zeros(10), arrays.lease().zeros(10), arrays.lease().zeros(10)];
    assert.equal(new Set([buffers[2], ...next.map(({ buffer }) => buffer)]).size, 4);
  });

  it('are not taken where they are far too long, or too short', () => {
    const arrays = new ScoreArrays();
    const lease = arrays.lease();
    const used = lease.zeros(1000);
    lease.dispose();
    const next = arrays.lease();
    assert.notEqual(next.zeros(10).buffer, used.buffer);
    assert.notEqual(next.zeros(1001).buffer, used.buffer);
    assert.equal(next.zeros(999).buffer, used.buffer);
  });
});
