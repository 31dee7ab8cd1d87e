import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { commandLine, eventually, insertLine, isAsked, lantern, openSearch } from '../support/lantern.js';

/** Longer than the daemon takes to index a saved file. */
const quietMs = 1500;

const root = (): vscode.Uri => vscode.workspace.workspaceFolders![0]!.uri;

describe('a folder for which the answer was no', () => {
  it('is not indexed by the window', async () => {
    const { client, index } = await lantern();
    await eventually('the question', isAsked);
    await person.click('.notification-list-item .monaco-button:text-is("Not Here")');
    await eventually('the folder is refused', () => !index.keepsFresh(root().fsPath));
    await index.consider();
    assert.deepEqual((await client.request('lantern/status', {})).folders, []);
    await eventually('it stays without an index', () => index.pending()[0]?.path === root().fsPath);
  });

  it('is searched once somebody else has indexed it', async () => {
    const { client, search } = await lantern();
    await commandLine('index', root().fsPath);
    await openSearch('wait longer after each failed attempt');
    await eventually('there are hits', () => search.picker?.rows[0]?.hit?.path.endsWith('.py'));
    assert.ok(search.picker!.rows.every(({ detail }) => !detail?.includes('Not indexed')));
    assert.ok(search.picker!.rows.some(({ hit }) => hit !== undefined));
    assert.equal(client.state.kind, 'connected');
    assert.equal(await isAsked(), false);
  });

  it('is compared with the disk by a search, and not by the window', async () => {
    const { client, status } = await lantern();
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    const [file] = await vscode.workspace.findFiles('**/*.py');
    assert.ok(file);
    await sleep(quietMs);
    const before = (await status.learn())?.folders;
    await insertLine(file, 'def velvet_opera_cape(): pass');
    await sleep(quietMs);
    const after = (await client.request('lantern/status', {})).folders;
    assert.deepEqual(after, before);
    const { hits } = await client.request('lantern/search', { query: 'velvet_opera_cape', mode: 'lexical' });
    assert.ok(hits[0]?.text.includes('velvet_opera_cape'));
  });

  it('is shown as partly indexed, here and in the terminal, after an index that was interrupted', async () => {
    const { client, statusBar } = await lantern();
    const { fsPath } = root();
    // The last search may still be embedding what it found changed; it would go on where the job below is cancelled.
    await commandLine('index', fsPath);
    for (let i = 0; i < 300; i++)
      await writeFile(join(fsPath, `note${i}.md`), `# Note ${i}\n\nAbout the number ${i}.\n`);
    const interrupt = new vscode.CancellationTokenSource();
    const job = client.request('lantern/index', { path: fsPath }, interrupt.token);
    const interrupted = assert.rejects(job, { code: 'cancelled' });
    await eventually('vectors are made', () => /sync~spin\) [1-9]\d? %/.test(statusBar.text));
    interrupt.cancel();
    interrupt.dispose();
    await interrupted;
    await eventually(
      () => `the indicator says so, not "${statusBar.text}"`,
      () => statusBar.text.includes('color-mode'),
    );
    await vscode.commands.executeCommand('notifications.hideList');
    await person.hover('[id="lantern.lantern.lantern.status"]');
    await eventually('its tooltip says what to do', async () =>
      (await person.sees('.monaco-hover')).some((text) => /partly indexed, \d+ files pending/.test(text)),
    );
    await person.photograph('state-partial');
    assert.match(
      await commandLine('status'),
      /chunks pending, partly indexed; lantern index ".*" completes it/,
    );
    await commandLine('index', fsPath);
    await eventually('it is complete', () => /circle-(filled|outline)\)/.test(statusBar.text));
  });
});
