import assert from 'node:assert/strict';
import { Rate } from './rate.js';

describe('Rate', () => {
  let now: number;
  const real = performance.now.bind(performance);

  beforeEach(() => {
    now = 1000;
    performance.now = () => now;
  });

  afterEach(() => {
    performance.now = real;
  });

  it('is not known before two moments', () => {
    const rate = new Rate();
    assert.deepEqual([rate.perSecond(), rate.secondsFor(10)], [0, -1]);
    rate.add(5);
    assert.deepEqual([rate.perSecond(), rate.secondsFor(10)], [0, -1]);
  });

  it('counts steps a second, and what is left at that rate', () => {
    const rate = new Rate();
    for (let i = 0; i <= 20; i++) {
      rate.add(1);
      now += 50;
    }
    assert.equal(rate.perSecond(), 20);
    assert.equal(rate.secondsFor(100), 5);
    assert.equal(rate.secondsFor(0), 0);
  });

  it('follows a change within seconds, and keeps little', () => {
    const rate = new Rate();
    for (let i = 0; i < 5000; i++) {
      rate.add(1);
      now += 1;
    }
    now += 10_000;
    for (let i = 0; i < 20; i++) {
      rate.add(1);
      now += 500;
    }
    assert.equal(Math.round(rate.perSecond()), 2);
  });
});
