import assert from 'node:assert/strict';
import { weakFrom } from './matches.js';
import type { MatchStrength } from './protocol/protocol.js';

describe('weak matches', () => {
  const from = (...matches: (MatchStrength | undefined)[]): number =>
    weakFrom(matches.map((match) => (match === undefined ? {} : { match })));

  it('are those at the end of a list', () => {
    assert.equal(from('strong', 'weak', 'likely', 'weak', 'weak'), 3);
    assert.equal(from('weak', 'weak'), 0);
    assert.equal(from('weak', 'strong'), 2);
    assert.equal(from(undefined, undefined), 2, 'related code has no strength');
    assert.equal(from(), 0);
  });
});
