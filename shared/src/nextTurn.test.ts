import assert from 'node:assert/strict';
import { nextTurn } from './nextTurn.js';

describe('nextTurn', () => {
  it('lets other work run between those who wait, in the order in which they came', async () => {
    const seen: string[] = [];
    const work = async (name: string): Promise<void> => {
      await nextTurn();
      seen.push(name);
      await Promise.resolve();
      seen.push(`still ${name}`);
    };
    const both = [work('a'), work('b')];
    setImmediate(() => seen.push('other'));
    await Promise.all(both);
    assert.deepEqual(seen, ['a', 'still a', 'other', 'b', 'still b']);
  });

  it('gives a turn to one who asks again after those who wait already', async () => {
    const seen: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let step = 0; step < 3; step++) {
        await nextTurn();
        seen.push(`${name}${step}`);
      }
    };
    await Promise.all([work('a'), work('b')]);
    assert.deepEqual(seen, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });
});
