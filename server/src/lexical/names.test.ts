import assert from 'node:assert/strict';
import { identifiersIn, isDistinctive } from './names.js';

describe('names', () => {
  it('are found with their case', () => {
    assert.deepEqual(identifiersIn('a.openDoor($x, größe2) - 3;'), ['a', 'openDoor', '$x', 'größe2']);
    assert.deepEqual(identifiersIn('1 + 2'), []);
  });

  it('are followed when they are distinctive', () => {
    for (const name of ['Door', 'open_it', 'utf8', 'window']) assert.ok(isDistinctive(name), name);
    for (const name of ['get', 'open', 'Map', 'value']) assert.ok(!isDistinctive(name), name);
  });
});
