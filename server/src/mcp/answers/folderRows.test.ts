import assert from 'node:assert/strict';
import type { FolderStatus } from '../../../../shared/src/protocol/protocol.js';
import { describe as lineOf, rowOf } from './folderRows.js';

describe('the row of a folder', () => {
  const folder: FolderStatus = {
    path: '/work',
    collection: 'c',
    files: 3,
    filesPending: 2,
    chunks: 5,
    chunksPending: 4,
    indexedAt: null,
    status: { kind: 'partial' },
  };

  it('says that it is partly indexed, and what completes it', () => {
    const row = rowOf(folder);
    assert.equal(row.state, 'partial');
    assert.match(lineOf(row), /2 of 3 files pending, and nothing works on it now; index_directory completes/);
  });

  it('says what goes on by itself', () => {
    const row = rowOf({ ...folder, status: { kind: 'indexing', done: 1, total: 5 } });
    assert.equal(lineOf(row), '/work: indexing, 4 of 5 chunks to go; what is done is searchable');
  });
});
