import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { nullLog } from '../../../shared/src/log.js';
import { BulkGraph } from './bulkGraph.js';
import { bundledModel } from '../../test/support/bundledModel.js';
import { until } from '../../test/support/daemonClient.js';
import { EmbeddingSession } from './embeddingSession.js';
import type { Graph } from './graph.js';
import { openGraphInWorker } from './graphWorkerClient.js';
import type { ModelFiles } from './modelFolder.js';

const vector = (value: number): Float32Array => Float32Array.of(value);

/** Graphs that count how often they were opened and released, and can be lost. */
function fakeGraphs(): { open: () => Promise<Graph>; opened: number; released: number; lose: () => void } {
  const counts = { opened: 0, released: 0, lose: (): void => undefined };
  return Object.assign(counts, {
    open: (): Promise<Graph> => {
      counts.opened++;
      const lost = new Promise<void>((settle) => (counts.lose = settle));
      return Promise.resolve({
        run: (ids: readonly number[]) => Promise.resolve(vector(ids[0] ?? 0)),
        release: () => {
          counts.released++;
          return Promise.resolve();
        },
        lost,
      });
    },
  });
}

const otherwise = (): Promise<Float32Array> => Promise.resolve(vector(-1));

describe('the graph of bulk work', () => {
  it('is opened with the first text and closed when no text has come for a while', async () => {
    const graphs = fakeGraphs();
    const bulk = new BulkGraph({ open: graphs.open, otherwise, log: nullLog, idleMs: 20 });
    assert.equal(graphs.opened, 0);
    assert.deepEqual(await bulk.run([7]), vector(7));
    assert.deepEqual(await bulk.run([8]), vector(8));
    assert.deepEqual([graphs.opened, graphs.released], [1, 0]);
    while (graphs.released === 0) await sleep(5);
    assert.deepEqual(await bulk.run([9]), vector(9));
    assert.equal(graphs.opened, 2);
    await bulk.close();
    assert.equal(graphs.released, 2);
  });

  it('is opened anew after it was lost', async () => {
    const graphs = fakeGraphs();
    const bulk = new BulkGraph({ open: graphs.open, otherwise, log: nullLog });
    await bulk.run([1]);
    graphs.lose();
    await sleep(0);
    assert.deepEqual(await bulk.run([2]), vector(2));
    assert.equal(graphs.opened, 2);
    await bulk.close();
  });

  it('leaves its texts to the other graph where it cannot be opened', async () => {
    const open = (): Promise<Graph> => Promise.reject(new Error('no memory'));
    const bulk = new BulkGraph({ open, otherwise, log: nullLog });
    assert.deepEqual(await bulk.run([1]), vector(-1));
    assert.equal(bulk.bytes, 0);
    await bulk.close();
  });

  describe('of the bundled model', function () {
    this.timeout(60_000);
    let files: ModelFiles;

    before(async () => {
      files = await bundledModel();
    });

    it('gives the vectors of the other one, bit for bit, and holds up no query', async () => {
      const session = await EmbeddingSession.load(files, {
        settings: { threads: 2, device: 'cpu' },
        log: nullLog,
      });
      try {
        const texts = Array.from({ length: 24 }, (_, at) => `text ${at} `.repeat(60));
        const before = session.bytes;
        const order: string[] = [];
        const bulk = session.embedInBulk(texts).then((vectors) => (order.push('bulk'), vectors));
        await session.embedQuery('a question');
        order.push('query');
        const vectors = await bulk;
        assert.deepEqual(order, ['query', 'bulk']);
        assert.ok(session.bytes > before, 'the memory of the second graph is reported');
        assert.deepEqual(vectors.slice(0, 3), await session.embed(texts.slice(0, 3)));
        assert.equal(session.pending, 0);
      } finally {
        await session.release();
      }
    });

    it('runs at a lower priority than the rest of the process', async function () {
      if (process.platform !== 'linux') {
        // Only Linux can set the priority of one thread.
        this.skip();
      }
      const { readFile, readdir } = await import('node:fs/promises');
      const low = async (): Promise<number> => {
        const threads = await readdir('/proc/self/task');
        const stats = await Promise.all(
          // A thread may end between the two.
          threads.map((thread) => readFile(`/proc/self/task/${thread}/stat`, 'utf8').catch(() => '')),
        );
        // The 19th field is the nice value. The name, the second one, may contain spaces.
        return stats.filter((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] === '19').length;
      };
      // The system shows a thread for a moment after it was joined.
      const none = (): Promise<void> =>
        until('no thread has a low priority', async () => (await low()) === 0, 5);
      await none();
      const graph = await openGraphInWorker(files, { kind: 'cpu', threads: 2 }, true);
      assert.ok((await low()) >= 2, 'the thread and those of the session');
      await graph.release();
      await none();
    });
  });
});
