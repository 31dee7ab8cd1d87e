import assert from 'node:assert/strict';
import { LanternError } from '../../../shared/src/errors.js';
import { EmbeddingQueue } from './embeddingQueue.js';

/** A model whose runs end when the test says so. */
class ManualRun {
  readonly started: string[] = [];
  readonly #ends: (() => void)[] = [];

  readonly run = async (item: string): Promise<string> => {
    this.started.push(item);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
    if (item.startsWith('bad')) throw new Error(`${item} failed`);
    return item.toUpperCase();
  };

  /** Ends the running item and lets the queue take the next one. */
  async step(): Promise<void> {
    const end = this.#ends.shift();
    assert.ok(end, 'nothing runs');
    end();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async finish(): Promise<void> {
    while (this.#ends.length > 0) await this.step();
  }
}

const isCancelled = (error: unknown): boolean => error instanceof LanternError && error.code === 'cancelled';

describe('EmbeddingQueue', () => {
  let manual: ManualRun;
  let queue: EmbeddingQueue<string, string>;

  beforeEach(() => {
    manual = new ManualRun();
    queue = new EmbeddingQueue(manual.run);
  });

  it('gives results in the order of the items and runs one at a time', async () => {
    const results = queue.submit(['a', 'b', 'c']);
    assert.deepEqual(manual.started, ['a']);
    assert.equal(queue.pending, 3);
    await manual.finish();
    assert.deepEqual(await results, ['A', 'B', 'C']);
    assert.equal(queue.pending, 0);
  });

  it('resolves at once for no items', async () => {
    assert.deepEqual(await queue.submit([]), []);
  });

  it('lets a query wait only for the running item, and runs edited files before bulk work', async () => {
    const bulk = queue.submit(['b1', 'b2', 'b3'], { holder: 'x' });
    const edited = queue.submit(['e1', 'e2'], { holder: 'x', priority: 'edited' });
    const query = queue.submit(['q1'], { holder: 'y', priority: 'query' });
    await manual.finish();
    assert.deepEqual(manual.started, ['b1', 'q1', 'e1', 'e2', 'b2', 'b3']);
    assert.deepEqual(await bulk, ['B1', 'B2', 'B3']);
    assert.deepEqual(await edited, ['E1', 'E2']);
    assert.deepEqual(await query, ['Q1']);
  });

  it('is fair between holders, whatever each has queued', async () => {
    const all = [
      queue.submit(['a1', 'a2', 'a3'], { holder: 'a' }),
      queue.submit(['a4'], { holder: 'a' }),
      queue.submit(['b1', 'b2'], { holder: 'b' }),
      queue.submit(['c1'], { holder: 'c' }),
    ];
    await manual.finish();
    assert.deepEqual(manual.started, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
    await Promise.all(all);
  });

  it('removes cancelled work from the queue', async () => {
    const controller = new AbortController();
    const cancelledWork = queue.submit(['a1', 'a2'], { holder: 'a', signal: controller.signal });
    const other = queue.submit(['b1'], { holder: 'b' });
    controller.abort();
    await assert.rejects(cancelledWork, isCancelled);
    assert.equal(queue.pending, 1);
    await manual.finish();
    assert.deepEqual(manual.started, ['a1', 'b1']);
    assert.deepEqual(await other, ['B1']);
    assert.equal(queue.pending, 0);
  });

  it('does not take work whose signal has fired', async () => {
    await assert.rejects(queue.submit(['a'], { signal: AbortSignal.abort() }), isCancelled);
    assert.deepEqual(manual.started, []);
  });

  it('rejects the request whose item fails, and goes on with the others', async () => {
    const failing = queue.submit(['ok', 'bad', 'never'], { holder: 'a' });
    const other = queue.submit(['b'], { holder: 'b' });
    await Promise.all([manual.finish(), assert.rejects(failing, /bad failed/)]);
    assert.deepEqual(await other, ['B']);
    assert.ok(!manual.started.includes('never'));
    assert.equal(queue.pending, 0);
    const later = queue.submit(['later']);
    await manual.finish();
    assert.deepEqual(await later, ['LATER']);
  });

  it('rejects what waits when it closes, and resolves when the running item is done', async () => {
    const running = queue.submit(['a', 'b'], { holder: 'a' });
    const rejected = assert.rejects(running, /unloaded/);
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    await rejected;
    assert.equal(closed, false);
    await manual.finish();
    await closing;
    assert.deepEqual(manual.started, ['a']);
    await assert.rejects(queue.submit(['c']), /being unloaded/);
  });

  it('runs as many items at once as it may, and keeps the order of the results', async () => {
    let [running, most] = [0, 0];
    const queue = new EmbeddingQueue(async (ms: number) => {
      most = Math.max(most, ++running);
      await new Promise((settle) => setTimeout(settle, ms));
      running--;
      return ms;
    }, 2);
    const [one, other] = await Promise.all([queue.submit([6, 1, 3]), queue.submit([2], { holder: 'other' })]);
    assert.deepEqual([one, other], [[6, 1, 3], [2]]);
    assert.equal(most, 2);
    assert.equal(queue.pending, 0);
    const waiting = queue.submit([2, 2, 2]);
    const closing = queue.close();
    await assert.rejects(waiting, /unloaded/);
    await closing;
    assert.equal(running, 0);
  });
});
