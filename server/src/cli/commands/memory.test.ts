import assert from 'node:assert/strict';
import type { MemoryResult } from '../../../../shared/src/protocol/protocol.js';
import { formatMemory } from './memory.js';

describe('lantern memory', () => {
  const shown = (chroma: MemoryResult['chroma'], remoteChroma?: string): string => {
    const memory: MemoryResult = {
      daemon: { pid: 5, rssBytes: 100 * 1024 * 1024 },
      chroma,
      ...(remoteChroma !== undefined && { remoteChroma }),
      models: [],
      folders: [],
      clients: [],
      totals: { loads: 0, hits: 0, releases: 0 },
      disk: { catalogBytes: 0, chromaBytes: 0 },
    };
    return formatMemory(memory, { color: false, columns: 80 });
  };

  it('tells a Chroma whose memory is unknown from one that does not run', () => {
    assert.match(shown({ pid: 7, rssBytes: 50 * 1024 * 1024 }), /chroma +50\.0 MiB \(process 7\)/);
    assert.match(shown({ pid: 7, rssBytes: null }), /chroma +memory unknown \(process 7\)/);
    assert.match(shown(null), /chroma +not running/);
  });

  it('does not say of a server that the settings name that it does not run', () => {
    assert.match(shown(null, 'http://db:8000'), /chroma +memory unknown, at http:\/\/db:8000$/m);
  });
});
