import assert from 'node:assert/strict';
import { Emitter, disposeOnce } from './disposable.js';

describe('disposeOnce', () => {
  it('releases once, however often it is asked', () => {
    let released = 0;
    const held = disposeOnce(() => released++);
    assert.equal(released, 0);
    held.dispose();
    held.dispose();
    assert.equal(released, 1);
  });

  it('does not release again after a release that threw', () => {
    let tries = 0;
    const held = disposeOnce(() => {
      tries++;
      throw new Error('stuck');
    });
    assert.throws(() => held.dispose(), /stuck/);
    held.dispose();
    assert.equal(tries, 1);
  });
});

describe('Emitter', () => {
  it('calls every listener until it is disposed of', () => {
    const emitter = new Emitter<number>();
    const heard: string[] = [];
    const first = emitter.on((value) => heard.push(`first ${value}`));
    emitter.on((value) => heard.push(`second ${value}`));
    emitter.emit(1);
    first.dispose();
    first.dispose();
    emitter.emit(2);
    assert.deepEqual(heard, ['first 1', 'second 1', 'second 2']);
    assert.equal(emitter.size, 1);
  });

  it('counts the same function as often as it was added', () => {
    const emitter = new Emitter<string>();
    let calls = 0;
    const listener = (): void => {
      calls++;
    };
    const [one] = [emitter.on(listener), emitter.on(listener)];
    emitter.emit('a');
    one.dispose();
    emitter.emit('b');
    assert.equal(calls, 3);
  });

  it('lets a listener remove itself, and others, while it is called', () => {
    const emitter = new Emitter<undefined>();
    let calls = 0;
    const own = emitter.on(() => {
      calls++;
      own.dispose();
    });
    emitter.on(() => calls++);
    emitter.emit(undefined);
    emitter.emit(undefined);
    assert.equal(calls, 3);
  });

  it('calls the others when one throws, and lets the process hear of it', async () => {
    const emitter = new Emitter<undefined>();
    const usual = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const uncaught = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
      let called = false;
      emitter.on(() => {
        throw new Error('a listener failed');
      });
      emitter.on(() => (called = true));
      emitter.emit(undefined);
      assert.equal(called, true);
      assert.match((await uncaught).message, /a listener failed/);
    } finally {
      for (const listener of usual) process.on('uncaughtException', listener);
    }
  });
});
