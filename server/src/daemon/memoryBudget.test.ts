import assert from 'node:assert/strict';
import { recordingLog } from '../../test/support/testLog.js';
import { MemoryBudget, type MemoryRelief } from './memoryBudget.js';

describe('MemoryBudget', () => {
  let bytes: number;
  let now: number;
  let ran: string[];
  let log: ReturnType<typeof recordingLog>;

  beforeEach(() => {
    bytes = 0;
    now = 0;
    ran = [];
    log = recordingLog();
  });

  /** Gives `gain` bytes back; nothing to give when it is 0. */
  function relief(name: string, gain: number, everyMs = 1000): MemoryRelief {
    return {
      name,
      everyMs,
      run: () => {
        ran.push(name);
        bytes -= gain;
        return gain > 0;
      },
    };
  }

  function budget(limitBytes: number, ...reliefs: MemoryRelief[]): MemoryBudget {
    const measure = (): Promise<number> => Promise.resolve(bytes);
    return new MemoryBudget({ limitBytes, measure, reliefs, log: log.log, now: () => now });
  }

  it('does nothing within the limit, or without one', async () => {
    bytes = 100;
    await budget(100, relief('caches', 10)).check();
    await budget(0, relief('caches', 10)).check();
    assert.deepEqual(ran, []);
  });

  it('sheds in order until it fits, and says what it did', async () => {
    bytes = 130;
    await budget(100, relief('caches', 10), relief('model', 50), relief('server', 50)).check();
    assert.deepEqual(ran, ['caches', 'model']);
    assert.deepEqual(
      log.events('info').map(({ fields }) => [fields?.['what'], fields?.['before'], fields?.['after']]),
      [
        ['caches', 130, 120],
        ['model', 120, 70],
      ],
    );
  });

  it('leaves alone what it has just shed, and says once that it does not get below', async () => {
    bytes = 200;
    const tight = budget(100, relief('caches', 1));
    await tight.check();
    await tight.check();
    assert.deepEqual(ran, ['caches']);
    assert.equal(log.events('warn').length, 1);
    now = 1000;
    await tight.check();
    assert.deepEqual(ran, ['caches', 'caches']);
    assert.equal(log.events('warn').length, 1);
    bytes = 50;
    await tight.check();
    bytes = 200;
    await tight.check();
    assert.equal(log.events('warn').length, 2);
  });

  it('continues with the next when one frees nothing or fails, and tries that one again later', async () => {
    bytes = 150;
    const failing: MemoryRelief = {
      name: 'server',
      everyMs: 1000,
      run: () => Promise.reject(new Error('busy')),
    };
    const tight = budget(100, relief('model', 0), failing, relief('caches', 20));
    await tight.check();
    await tight.check();
    assert.deepEqual(ran, ['model', 'caches', 'model']);
    assert.deepEqual(
      log.events('warn').map(({ event }) => event),
      ['memory.shed.failed', 'memory.over-budget', 'memory.shed.failed'],
    );
  });

  it('runs once for calls at the same time', async () => {
    bytes = 150;
    const tight = budget(100, relief('caches', 60));
    await Promise.all([tight.check(), tight.check()]);
    assert.deepEqual(ran, ['caches']);
  });
});
