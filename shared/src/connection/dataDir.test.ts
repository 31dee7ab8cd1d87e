import assert from 'node:assert/strict';
import { dataDir } from './dataDir.js';

describe('the data folder', () => {
  it('is LANTERN_HOME, or in the usual place of the platform', () => {
    const home = '/home/u';
    const on = (platform: NodeJS.Platform, env: Record<string, string>): string =>
      dataDir({ platform, env, home });
    assert.equal(on('linux', { LANTERN_HOME: '/x/y', XDG_DATA_HOME: '/d' }), '/x/y');
    assert.equal(on('linux', { XDG_DATA_HOME: '/d' }), '/d/lantern');
    assert.equal(on('linux', { XDG_DATA_HOME: 'relative' }), '/home/u/.local/share/lantern');
    assert.equal(on('linux', {}), '/home/u/.local/share/lantern');
    assert.equal(on('darwin', {}), '/home/u/Library/Application Support/lantern');
    assert.equal(on('win32', { LOCALAPPDATA: '/local' }), '/local/lantern');
  });
});
