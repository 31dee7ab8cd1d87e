import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LanternError } from '../../../shared/src/errors.js';
import { bundledModel } from '../../test/support/bundledModel.js';
import type { Provider } from './graph.js';
import { WorkerGraph, openGraphInWorker } from './graphWorkerClient.js';
import type { ModelFiles } from './modelFolder.js';
import { openGraph } from './onnxGraph.js';
import { roundsOr } from '../../../shared/test/runLength.js';

const provider: Provider = { kind: 'cpu', threads: 1 };
const rounds = roundsOr(5);

/** A thread that is open at once, and then runs `then` for each request. */
function fakeThread(then: string): WorkerGraph {
  const source = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', ({ id, request }) => {
      if (request.kind === 'open') parentPort.postMessage({ id, value: undefined });
      else { ${then} }
    });`;
  return new WorkerGraph(new Worker(source, { eval: true }));
}

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof LanternError && error.code === code;

describe('the model’s thread', function () {
  this.timeout(60_000);
  let files: ModelFiles;

  before(async () => {
    files = await bundledModel();
  });

  it('gives the vectors of this thread, bit for bit, in the order of the requests', async () => {
    const here = await openGraph(files, provider);
    const there = await openGraphInWorker(files, provider);
    try {
      const texts = [
        [101, 7592, 102],
        [101, 2088, 999, 102],
        [101, 7592, 102],
      ];
      const vectors = await Promise.all(texts.map((ids) => there.run(ids)));
      for (const [i, ids] of texts.entries()) assert.deepEqual(vectors[i], await here.run(ids));
    } finally {
      await here.release();
      await there.release();
    }
  });

  it('lets this thread go on while it runs', async () => {
    const graph = await openGraphInWorker(files, provider);
    try {
      let turns = 0;
      const turning = setInterval(() => turns++, 1);
      const ids = [101, ...Array.from({ length: 250 }, (_, i) => 2000 + i), 102];
      await Promise.all(Array.from({ length: 20 }, () => graph.run(ids)));
      clearInterval(turning);
      // In this thread the texts would run one after the other, with a turn between two of them at most.
      assert.ok(turns > 25, `${turns} turns`);
    } finally {
      await graph.release();
    }
  });

  it('says why a graph cannot be opened', async () => {
    await assert.rejects(
      openGraphInWorker({ ...files, weights: join(files.folder, 'config.json') }, provider),
    );
  });

  it('passes on the error of one text, and continues', async () => {
    const graph = await openGraphInWorker(files, provider);
    try {
      await assert.rejects(graph.run([99_999_999]));
      assert.equal((await graph.run([101, 102])).length, 384);
    } finally {
      await graph.release();
    }
  });

  it('rejects waiting texts when it dies, and reports the loss', async () => {
    for (const death of ['process.exit(3)', 'throw new Error("no more")']) {
      const graph = fakeThread(death);
      await graph.opened();
      await assert.rejects(Promise.all([graph.run([1]), graph.run([2])]), hasCode('unavailable'));
      await graph.lost;
      await graph.release();
    }
  });

  it('is not lost when it is released', async () => {
    const graph = fakeThread('if (request.kind === "release") parentPort.close()');
    await graph.opened();
    let lost = false;
    void graph.lost.then(() => (lost = true));
    await graph.release();
    await new Promise((settle) => setTimeout(settle, 20));
    assert.equal(lost, false);
  });

  it(`starts and ends ${rounds} times in a row`, async () => {
    for (let round = 0; round < rounds; round++) {
      const graph = await openGraphInWorker(files, provider);
      assert.equal((await graph.run([101, 2000 + round, 102])).length, 384);
      await graph.release();
    }
  });
});
