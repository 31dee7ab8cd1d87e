import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lantern } from '../support/lantern.js';

describe('activation', () => {
  it('registers every command that package.json names', async () => {
    await lantern();
    const known = new Set(await vscode.commands.getCommands(true));
    const extension = vscode.extensions.getExtension('lantern.lantern');
    const { contributes } = extension?.packageJSON as { contributes: { commands: { command: string }[] } };
    const missing = contributes.commands.map(({ command }) => command).filter((name) => !known.has(name));
    assert.deepEqual(missing, []);
  });

  it('takes less than 50 ms of the extension host', async () => {
    const { activatedInMs } = await lantern();
    assert.ok(activatedInMs > 0 && activatedInMs < 50, `${activatedInMs} ms`);
  });

  it('finds the right file for a question in other words', async () => {
    const { client, index } = await lantern();
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder);
    await index.index({ name: folder.name, path: folder.uri.fsPath }, 'quiet');
    const query = 'throttle clients that send too many requests';
    const { hits } = await client.request('lantern/search', { query, wait: true });
    assert.equal(hits[0]?.path, 'src/http/rateLimiter.ts');
  });
});
