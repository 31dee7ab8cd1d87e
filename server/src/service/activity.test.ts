import assert from 'node:assert/strict';
import { disposeOnce } from '../../../shared/src/disposable.js';
import { ActivityCounter } from './activity.js';
import type { Timers } from './activity.js';

/** A clock that moves when told to. */
class ManualTimers implements Timers {
  time = 1000;
  readonly pending = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void) {
    const timer = { at: this.time + ms, run };
    this.pending.add(timer);
    return disposeOnce(() => this.pending.delete(timer));
  }

  advance(ms: number): void {
    this.time += ms;
    for (const timer of [...this.pending]) {
      if (timer.at > this.time) continue;
      this.pending.delete(timer);
      timer.run();
    }
  }
}

describe('ActivityCounter', () => {
  let timers: ManualTimers;
  let idle: number;
  const create = (idleMs: number): ActivityCounter => new ActivityCounter(idleMs, () => idle++, timers);

  beforeEach(() => {
    timers = new ManualTimers();
    idle = 0;
  });

  it('fires once when there is never any activity', () => {
    create(100);
    timers.advance(99);
    assert.equal(idle, 0);
    timers.advance(1);
    assert.equal(idle, 1);
    timers.advance(1000);
    assert.equal(idle, 1);
  });

  it('counts from the end of the last activity of any kind', () => {
    const counter = create(100);
    const session = counter.begin('session', 'cli 1');
    const job = counter.begin('job', 'index /a');
    timers.advance(500);
    session.dispose();
    session.dispose();
    timers.advance(500);
    assert.equal(idle, 0);
    assert.deepEqual(counter.active(), [{ kind: 'job', name: 'index /a', since: 1000 }]);
    job.dispose();
    timers.advance(60);
    counter.begin('request', 'search').dispose();
    timers.advance(99);
    assert.equal(idle, 0);
    timers.advance(1);
    assert.equal(idle, 1);
  });

  it('takes over a changed idle time, counted from the end of the last activity', () => {
    const counter = create(0);
    timers.advance(1e6);
    assert.equal(idle, 0);
    const held = counter.begin('session', 'x');
    counter.setIdleMs(100);
    timers.advance(1000);
    assert.equal(idle, 0);
    held.dispose();
    timers.advance(60);
    counter.setIdleMs(50);
    timers.advance(0);
    assert.equal(idle, 1);
  });

  it('waits longer than the longest delay of a timer', () => {
    create(2 ** 33);
    timers.advance(2 ** 31);
    timers.advance(2 ** 31);
    assert.equal(idle, 0);
    timers.advance(2 ** 33 - 2 ** 32);
    assert.equal(idle, 1);
  });

  it('leaves no timer behind', () => {
    const counter = create(100);
    counter.dispose();
    counter.begin('session', 'late').dispose();
    assert.equal(timers.pending.size, 0);
    timers.advance(1000);
    assert.equal(idle, 0);
  });
});
