import assert from 'node:assert/strict';
import type {
  FolderStatus,
  IndexStatus,
  MemoryResult,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import { folderLine, indicatorOf, tooltipOf } from './statusText.js';

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

describe('The tooltip of the status bar', () => {
  const mebibyte = 1024 * 1024;
  const status: StatusResult = {
    version: '1.2.3',
    pid: 5,
    dataDir: '/data',
    startedAt: 0,
    model: { name: 'm', dtype: 'int8', status: { kind: 'ready', provider: 'cpu' } },
    vectors: { kind: 'running' },
    folders: [],
    clients: [],
    agentSearches: [],
  };
  const shown = (chroma: MemoryResult['chroma'], remoteChroma?: string): string => {
    const memory: MemoryResult = {
      daemon: { pid: 5, rssBytes: 100 * mebibyte },
      chroma,
      ...(remoteChroma !== undefined && { remoteChroma }),
      models: [],
      folders: [],
      clients: [],
      totals: { loads: 0, hits: 0, releases: 0 },
      disk: { catalogBytes: 0, chromaBytes: 0 },
    };
    return tooltipOf({ daemon: { kind: 'connected', pid: 5 }, status, memory, trusted: true, open: [] });
  };

  it('tells a Chroma whose memory is unknown from one that does not run', () => {
    assert.match(shown({ pid: 7, rssBytes: 50 * mebibyte }), /Memory \| 150 MB: daemon 100 MB, Chroma 50 MB/);
    assert.match(shown({ pid: 7, rssBytes: null }), /Memory \| 100 MB: daemon 100 MB, Chroma unknown/);
    assert.match(shown(null), /Memory \| 100 MB: daemon 100 MB \|/);
    assert.match(
      shown(null, 'http://db'),
      /Memory \| 100 MB: daemon 100 MB, Chroma unknown \(http:\/\/db\) \|/,
    );
  });
});
