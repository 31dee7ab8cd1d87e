import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { bridgeCommand } from './bridgeCommand.js';

describe('how agents start the bridge', () => {
  const on = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) => ({ platform, env });

  it('is the running program', () => {
    for (const script of [
      '/usr/lib/node_modules/lantern-code-search/dist/lantern.js',
      '/home/me/npx/dlx/dist/lantern.js',
      'C:\\Users\\me\\AppData\\Roaming\\npm\\node_modules\\lantern-code-search\\dist\\lantern.js',
    ]) {
      const { command, args } = bridgeCommand(script, on('linux'));
      assert.deepEqual([command, args], [process.execPath, [script, 'mcp']]);
    }
  });

  it('is npx when the running program is in a folder that is cleaned up', () => {
    const npx = { command: 'npx', args: ['-y', '--ignore-scripts', 'lantern-code-search', 'mcp'], env: {} };
    const tail = 'node_modules/lantern-code-search/dist/lantern.js';
    for (const folder of [
      '/home/me/.npm/_npx/9f3e62a01b7c44d5',
      '/home/me/.cache/pnpm/dlx/5f0c/1936-abc/node_modules/.pnpm/lantern-code-search@0.1.0',
      '/tmp/xfs-3f2a/dlx-4711/.yarn/unplugged/lantern-code-search-npm-0.1.0',
      '/tmp/bunx-1000-lantern-code-search@latest',
    ])
      assert.deepEqual(bridgeCommand(join(folder, tail), on('darwin')), npx, folder);
    const cached =
      'C:\\Users\\me\\AppData\\Local\\npm-cache\\_npx\\9f3e62a01b7c44d5\\node_modules\\x\\lantern.js';
    assert.deepEqual(bridgeCommand(cached, on('win32')), {
      command: 'cmd',
      args: ['/c', 'npx', '-y', '--ignore-scripts', 'lantern-code-search', 'mcp'],
      env: {},
    });
  });

  it('has the data folder that was chosen', () => {
    const chosen = on('linux', { LANTERN_HOME: 'data' });
    for (const script of ['/opt/lantern.js', '/home/me/.npm/_npx/9f3e/lantern.js'])
      assert.deepEqual(bridgeCommand(script, chosen).env, { LANTERN_HOME: resolve('data') });
  });
});
