import assert from 'node:assert/strict';
import type { SearchResult } from '../../../shared/src/protocol/protocol.js';
import { formatAnswer } from './hits.js';

describe('an answer on the terminal', () => {
  const shown = (coverage: Partial<SearchResult['coverage']>): string => {
    const all = { filesTotal: 18, filesIndexed: 18, filesPending: 0, semantic: true };
    const result: SearchResult = { hits: [], coverage: { ...all, ...coverage }, elapsedMs: 2000 };
    return formatAnswer(
      result,
      { color: false, columns: 80 },
      '/',
      'Nothing found. Try other words',
      () => undefined,
    );
  };

  it('asks for other words only when all files were searched', () => {
    assert.equal(shown({}), 'Nothing found. Try other words, in 18 files, 2000 ms');
    assert.equal(
      shown({ filesIndexed: 0, filesPending: 18, semantic: false, reason: 'the model is being loaded.' }),
      'Nothing found yet, with 18 files of 18 still to be indexed, 2000 ms, by words only: the model is being loaded. Indexing goes on by itself; --wait waits for it',
    );
  });
});
