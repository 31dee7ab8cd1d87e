import assert from 'node:assert/strict';
import { LanternError, cancelled, errorMessage, systemCode, throwIfCancelled } from './errors.js';

describe('errors', () => {
  it('keeps code, message and cause', () => {
    const cause = new Error('below');
    const error = new LanternError('disk-full', 'No space.', { cause });
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.code, error.message], ['LanternError', 'disk-full', 'No space.']);
    assert.equal(error.cause, cause);
  });

  it('throws for a signal that has fired, and only then', () => {
    const controller = new AbortController();
    throwIfCancelled(undefined, 'Search');
    throwIfCancelled(controller.signal, 'Search');
    controller.abort();
    assert.throws(() => throwIfCancelled(controller.signal, 'Search'), cancelled('Search'));
    assert.equal(cancelled('Search').message, 'Search was cancelled.');
    assert.equal(cancelled('Search').code, 'cancelled');
  });

  it('finds the message and the code of whatever was thrown', () => {
    assert.equal(errorMessage(new TypeError('wrong type')), 'wrong type');
    assert.equal(errorMessage('only a text'), 'only a text');
    assert.equal(errorMessage(undefined), 'undefined');
    assert.equal(systemCode(Object.assign(new Error('gone'), { code: 'ENOENT' })), 'ENOENT');
    for (const other of [new Error('plain'), { code: 7 }, 'ENOENT', null, undefined])
      assert.equal(systemCode(other), undefined);
  });
});
