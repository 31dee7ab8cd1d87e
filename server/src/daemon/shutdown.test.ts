import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { LogFields, LogLevel } from '../../../shared/src/log.js';
import { Shutdown } from './shutdown.js';
import type { ShutdownOptions } from './shutdown.js';

describe('Shutdown', () => {
  let closes: string[];
  let events: [LogLevel, string, LogFields | undefined][];
  let exited: Promise<number>;
  let shutdown: Shutdown;

  function create(more: Partial<ShutdownOptions> = {}): void {
    closes = [];
    events = [];
    exited = new Promise((resolve) => {
      shutdown = new Shutdown({
        close: (reason) => Promise.resolve(void closes.push(reason)),
        limitMs: 5000,
        log: { write: (...event) => events.push(event as [LogLevel, string, LogFields]) },
        exit: resolve,
        ...more,
      });
    });
  }

  it('closes once, for several reasons, and keeps the first', async () => {
    create();
    shutdown.begin('idle');
    shutdown.begin('crash');
    assert.equal(await exited, 0);
    assert.deepEqual(closes, ['idle']);
    assert.equal(shutdown.reason, 'idle');
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    it(`closes at ${signal}`, async () => {
      create();
      const source = new EventEmitter();
      const listening = shutdown.listen(source);
      source.emit(signal, signal);
      assert.equal(await exited, 0);
      assert.deepEqual(closes, ['signal']);
      listening.dispose();
      assert.deepEqual(source.eventNames(), []);
    });
  }

  it('exits at once at a second signal', async () => {
    let finish: () => void = () => undefined;
    create({ close: () => new Promise((resolve) => (finish = resolve)) });
    const source = new EventEmitter();
    shutdown.listen(source);
    source.emit('SIGINT', 'SIGINT');
    source.emit('SIGINT', 'SIGINT');
    assert.equal(await exited, 1);
    finish();
  });

  for (const event of ['uncaughtException', 'unhandledRejection']) {
    it(`logs and closes after ${event}`, async () => {
      create();
      const source = new EventEmitter();
      shutdown.listen(source);
      source.emit(event, new Error('boom'));
      assert.equal(await exited, 1);
      assert.deepEqual(closes, ['crash']);
      const [level, name, fields] = events[0] ?? [];
      assert.deepEqual([level, name, fields?.['error']], ['error', 'daemon.crash', 'boom']);
    });
  }

  it('exits in bounded time, and says that closing failed', async () => {
    create({ close: () => new Promise(() => undefined), limitMs: 20 });
    shutdown.begin('stop');
    assert.equal(await exited, 1);
    assert.equal(events.at(-1)?.[1], 'daemon.stop.timeout');
    create({ close: () => Promise.reject(new Error('disk full')) });
    shutdown.begin('stop');
    assert.equal(await exited, 1);
    assert.equal(events.at(-1)?.[2]?.['error'], 'disk full');
  });
});
