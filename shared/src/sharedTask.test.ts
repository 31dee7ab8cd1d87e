import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { LanternError } from './errors.js';
import { SharedTask } from './sharedTask.js';

/** A run that ends when told to, and that notes whether it was cancelled. */
class Work {
  runs = 0;
  readonly signals: AbortSignal[] = [];
  finish: (value: string) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  /** Of each run, whether it was told to stop. */
  get cancelled(): boolean[] {
    return this.signals.map(({ aborted }) => aborted);
  }

  readonly body = (signal: AbortSignal): Promise<string> => {
    this.runs++;
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
  };
}

const isCancelled = (error: unknown): boolean =>
  error instanceof LanternError && error.code === 'cancelled' && error.message === 'Counting was cancelled.';

describe('SharedTask', () => {
  let work: Work;
  let task: SharedTask<string>;

  beforeEach(() => {
    work = new Work();
    task = new SharedTask('Counting');
  });

  it('lets callers share one run, and starts another after its end', async () => {
    const [first, second] = [task.join(work.body), task.join(work.body)];
    assert.equal(task.running, true);
    work.finish('one');
    assert.deepEqual(await Promise.all([first, second]), ['one', 'one']);
    assert.equal(work.runs, 1);
    assert.equal(task.running, false);
    const third = task.join(work.body);
    work.finish('two');
    assert.equal(await third, 'two');
    assert.equal(work.runs, 2);
  });

  it('lets one caller leave while the others go on', async () => {
    const leaving = new AbortController();
    const left = task.join(work.body, leaving.signal);
    const stays = task.join(work.body);
    leaving.abort();
    await assert.rejects(left, isCancelled);
    assert.deepEqual(work.cancelled, [false]);
    work.finish('done');
    assert.equal(await stays, 'done');
  });

  it('cancels the run when all have left', async () => {
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(({ signal }) => assert.rejects(task.join(work.body, signal), isCancelled));
    leaving[0]!.abort();
    await left[0];
    assert.deepEqual(work.cancelled, [false]);
    leaving[1]!.abort();
    await left[1];
    assert.deepEqual(work.cancelled, [true]);
    work.finish('too late');
  });

  it('starts again only when a run that all callers have left has ended', async () => {
    const leaving = new AbortController();
    const left = assert.rejects(task.join(work.body, leaving.signal), isCancelled);
    leaving.abort();
    await left;
    const finishFirst = work.finish;
    const next = task.join(work.body);
    await turn();
    assert.equal(work.runs, 1, 'never two runs at once');
    finishFirst('stale');
    await turn();
    assert.equal(work.runs, 2);
    work.finish('fresh');
    assert.equal(await next, 'fresh');
  });

  it('does not start for a caller that cancelled before, or while it waited for the run before', async () => {
    await assert.rejects(task.join(work.body, AbortSignal.abort()), isCancelled);
    assert.equal(work.runs, 0);

    const leaving = new AbortController();
    const left = assert.rejects(task.join(work.body, leaving.signal), isCancelled);
    leaving.abort();
    await left;
    const impatient = new AbortController();
    const waiting = assert.rejects(task.join(work.body, impatient.signal), isCancelled);
    impatient.abort();
    work.finish('stale');
    await waiting;
    assert.equal(work.runs, 1);
    assert.equal(task.running, false);
  });

  it('rejects all callers of a failed run, and runs again at the next call', async () => {
    const both = [task.join(work.body), task.join(work.body)].map((one) => assert.rejects(one, /broken/));
    work.fail(new Error('broken'));
    await Promise.all(both);
    const again = task.join(work.body);
    work.finish('done');
    assert.equal(await again, 'done');
  });

  it('cancels for all, and answers when the run has ended', async () => {
    const joined = assert.rejects(task.join(work.body), /stopped/);
    let ended = false;
    const cancelling = task.cancel().then(() => (ended = true));
    assert.deepEqual(work.cancelled, [true]);
    await turn();
    assert.equal(ended, false);
    work.fail(new Error('stopped'));
    await Promise.all([cancelling, joined]);
    await task.cancel();
  });

  it('leaves no listener on the signals of its callers', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      const joined = task.join(work.body, signal);
      work.finish('done');
      await joined;
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});
