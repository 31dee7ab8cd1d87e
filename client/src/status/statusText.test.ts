import assert from 'node:assert/strict';
import type { FolderStatus, IndexStatus, StatusResult } from '../../../shared/src/protocol/protocol.js';
import { folderLine, indicatorOf } from './statusText.js';

function folder(path: string, status: IndexStatus): FolderStatus {
  const counts = { files: 3, filesPending: 2, chunks: 5, chunksPending: 4 };
  return { path, collection: 'c', ...counts, indexedAt: 1, status };
}

function textFor(open: string, ...folders: readonly FolderStatus[]): string {
  const status: StatusResult = {
    version: '1',
    pid: 1,
    dataDir: '/data',
    startedAt: 1,
    model: { name: 'm', dtype: 'int8', status: { kind: 'unloaded' } },
    vectors: { kind: 'running' },
    folders,
    clients: [],
    agentSearches: [],
  };
  const daemon = { kind: 'connected', pid: 1 } as const;
  return indicatorOf({ daemon, status, memory: undefined, trusted: true, open: [open] }).text;
}

describe('the indicator', () => {
  it('shows that a folder of the window is partly indexed', () => {
    const partial = folder('/work', { kind: 'partial' });
    assert.equal(textFor('/work', partial), '$(color-mode) Lantern');
    assert.equal(textFor('/work/inside', partial), '$(color-mode) Lantern');
    assert.equal(textFor('/elsewhere', partial), '$(circle-outline) Lantern');
    assert.equal(textFor('/work', folder('/work', { kind: 'idle' })), '$(circle-outline) Lantern');
  });

  it('shows work before what is left of other work', () => {
    const indexing = folder('/other', { kind: 'indexing', done: 1, total: 4 });
    assert.equal(textFor('/work', folder('/work', { kind: 'partial' }), indexing), '$(sync~spin) 25 %');
  });
});

describe('the line of a folder', () => {
  it('says what to do with a folder that is partly indexed', () => {
    assert.match(
      folderLine(folder('/work', { kind: 'partial' })),
      /partly indexed, 2 files pending.*Index Folder/,
    );
    assert.equal(folderLine(folder('/work', { kind: 'idle' })), 'up to date');
  });
});
