import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkCounter } from './workCounter.js';

describe('WorkCounter', () => {
  const restMs = 40;
  const counter = (): WorkCounter => new WorkCounter(() => ({ dispose: () => undefined }));

  it('says once that work has ended, after the rest', async () => {
    const work = counter();
    assert.equal(work.takeEnded(0), false);
    const job = work.begin('index');
    assert.equal(work.takeEnded(0), false);
    job.dispose();
    assert.equal(work.takeEnded(restMs), false);
    await sleep(restMs + 5);
    assert.equal(work.takeEnded(restMs), true);
    assert.equal(work.takeEnded(0), false);
  });

  it('begins the rest again with each search, and not without work before', async () => {
    const work = counter();
    work.postpone();
    assert.equal(work.takeEnded(0), false);
    work.begin('index').dispose();
    await sleep(restMs + 5);
    work.postpone();
    assert.equal(work.takeEnded(restMs), false);
    await sleep(restMs + 5);
    assert.equal(work.takeEnded(restMs), true);
  });
});
