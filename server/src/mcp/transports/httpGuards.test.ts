import assert from 'node:assert/strict';
import { RateLimit, isLoopbackHost, isOwnOrigin } from './httpGuards.js';
import { bearerMatches } from './token.js';

describe('the guards of the HTTP door', () => {
  it('know their own host', () => {
    for (const host of ['127.0.0.1', '127.0.0.1:80', 'localhost:5', 'LOCALHOST', '[::1]:3'])
      assert.ok(isLoopbackHost(host), host);
    for (const host of [
      undefined,
      '',
      'a',
      '127.0.0.2',
      'x@localhost',
      'localhost/x',
      'localhost#',
      '0.0.0.0',
    ]) {
      assert.ok(!isLoopbackHost(host), host);
    }
    assert.ok(isOwnOrigin(undefined));
    assert.ok(!isOwnOrigin('file://localhost'));
  });

  it('compare the whole token', () => {
    assert.ok(bearerMatches('Bearer secret', 'secret'));
    assert.ok(bearerMatches('bearer  secret', 'secret'));
    for (const header of [undefined, '', 'Bearer ', 'Bearer secre', 'Bearer secrets', 'secret'])
      assert.ok(!bearerMatches(header, 'secret'), header);
  });

  it('let a burst through, and then so many a second', () => {
    let now = 0;
    const rate = new RateLimit(2, 3, () => now);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => rate.take()),
      [true, true, true, false],
    );
    now = 500;
    assert.deepEqual([rate.take(), rate.take()], [true, false]);
    now = 60_000;
    assert.deepEqual(
      [1, 2, 3, 4].map(() => rate.take()),
      [true, true, true, false],
    );
  });
});
