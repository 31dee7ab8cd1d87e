import assert from 'node:assert/strict';
import { isAtLeast, matchOf } from './match.js';

const bundled = { modelKey: 'all-MiniLM-L6-v2@1:int8', byMeaning: false };
const nothing = { coverage: 0, defines: 0, cosine: undefined, fileCosine: undefined };

describe('the strength of a match', () => {
  it('is strong where all words or the definition are found, and weak where nothing is', () => {
    assert.equal(matchOf({ ...nothing, coverage: 1 }, bundled), 'strong');
    assert.equal(matchOf({ ...nothing, coverage: 0.8, defines: 1 }, bundled), 'strong');
    assert.equal(matchOf({ ...nothing, coverage: 0.6 }, bundled), 'likely');
    assert.equal(matchOf(nothing, bundled), 'weak');
  });

  it('is known by meaning, too', () => {
    assert.equal(matchOf({ ...nothing, coverage: 0.5, cosine: 0.6, fileCosine: 0.5 }, bundled), 'strong');
    assert.equal(matchOf({ ...nothing, coverage: 0.5, cosine: 0.1, fileCosine: 0.1 }, bundled), 'weak');
    assert.equal(matchOf({ ...nothing, coverage: 0.5, fileCosine: 0.6 }, bundled), 'strong');
    const byMeaning = { ...bundled, byMeaning: true };
    assert.equal(matchOf({ ...nothing, cosine: 0.6, fileCosine: 0.5 }, byMeaning), 'strong');
    assert.equal(matchOf({ ...nothing, cosine: 0.1, fileCosine: 0.1 }, byMeaning), 'weak');
  });

  it('does not rest on cosines of another model, which have other sizes', () => {
    const other = { ...bundled, modelKey: 'Xenova/gte-small@1:int8' };
    assert.equal(matchOf({ ...nothing, cosine: 0.9, fileCosine: 0.9 }, other), 'weak');
    assert.equal(matchOf({ ...nothing, coverage: 1, cosine: 0, fileCosine: 0 }, other), 'strong');
  });

  it('is never lower for more of any evidence', () => {
    for (const part of ['coverage', 'defines', 'cosine', 'fileCosine'] as const) {
      const least = { coverage: 0.5, defines: 0, cosine: 0.2, fileCosine: 0.2 };
      const levels = [0, 0.25, 0.5, 0.75, 1].map((more) =>
        matchOf({ ...least, [part]: Math.max(least[part], more) }, bundled),
      );
      for (const [at, level] of levels.entries()) assert.ok(isAtLeast(level, levels[at - 1] ?? 'weak'), part);
    }
  });
});
