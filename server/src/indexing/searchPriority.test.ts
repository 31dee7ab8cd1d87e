import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { SearchPriority } from './searchPriority.js';

describe('the right of way', () => {
  it('is passed at once when nothing is searched', async () => {
    await new SearchPriority().yieldToSearches();
  });

  it('is given to every search that runs, and to those that begin meanwhile', async () => {
    const way = new SearchPriority();
    const [first, second] = [way.begin(), way.begin()];
    let passed = false;
    const passing = way.yieldToSearches().then(() => (passed = true));
    first.dispose();
    first.dispose();
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(passed, false);
    second.dispose();
    await passing;
  });

  it('is not given for ever', async () => {
    const way = new SearchPriority();
    way.begin();
    await way.yieldToSearches();
  });
});
