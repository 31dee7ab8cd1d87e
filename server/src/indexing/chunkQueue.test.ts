import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChunkQueue } from './chunkQueue.js';

const chunks = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ id, fileId: Math.ceil(id / 2) }));

describe('ChunkQueue', () => {
  it('gives chunks in their order', () => {
    const queue = new ChunkQueue(chunks, new Set());
    assert.deepEqual(
      [queue.next(3), queue.next(3), queue.next(3), queue.next(3)],
      [[1, 2, 3], [4, 5, 6], [7, 8], []],
    );
  });

  it('gives those of a file first that a search returns meanwhile, the last returned first', () => {
    const wanted = new Set<number>();
    const queue = new ChunkQueue(chunks, wanted);
    assert.deepEqual(queue.next(1), [1]);
    wanted.add(4).add(3);
    assert.deepEqual(queue.next(3), [5, 6, 7]);
    assert.deepEqual(queue.next(3), [8, 2, 3]);
    wanted.add(9).add(1);
    assert.deepEqual(queue.next(9), [4]);
  });

  it('gives every chunk once, whatever is wanted when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 4 })), { maxLength: 30 }),
        (steps) => {
          const wanted = new Set<number>();
          const queue = new ChunkQueue(chunks, wanted);
          const found: number[] = [];
          for (const [file, limit] of steps) {
            wanted.add(file);
            const page = queue.next(limit);
            if (page.length < limit) assert.equal(found.length + page.length, chunks.length);
            found.push(...page);
          }
          found.push(...queue.next(chunks.length));
          assert.deepEqual(found.sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
        },
      ),
    );
  });
});
