import assert from 'node:assert/strict';
import type { SearchResult } from '../../../shared/src/protocol/protocol.js';
import { formatAnswer } from './hits.js';

describe('an answer on the terminal', () => {
  const shown = (coverage: Partial<SearchResult['coverage']>): string => {
    const all = { filesTotal: 18, filesIndexed: 18, filesPending: 0, filesUnread: 0, semantic: true };
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
      shown({
        filesIndexed: 0,
        filesPending: 18,
        filesUnread: 6,
        semantic: false,
        reason: 'the model is being loaded.',
      }),
      'Nothing found yet, with 6 files of 18 still to be read, 2000 ms, by words only: the model is being loaded. Indexing goes on by itself; --wait waits for it',
    );
  });

  it('tells files whose vectors are missing from those that no search finds', () => {
    assert.equal(
      shown({ filesIndexed: 5, filesPending: 13 }),
      'Nothing found yet, in 18 files, 13 of them without all their vectors yet, 2000 ms. Indexing goes on by itself; --wait waits for it',
    );
    assert.equal(
      shown({ filesTotal: 7, filesIndexed: 7, isCounting: true }),
      'Nothing found yet, in 7 files so far, and more are being counted, 2000 ms. Indexing goes on by itself; --wait waits for it',
    );
  });
});
