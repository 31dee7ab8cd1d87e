import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SearchHit } from '../../../shared/src/protocol.js';
import { person } from '../support/driver.js';
import { eventually, indexed, lantern } from '../support/lantern.js';

async function search(query: string): Promise<readonly SearchHit[]> {
  const { client } = await lantern();
  return (await client.request('lantern/search', { query })).hits;
}

function folder(name: string): vscode.Uri {
  const found = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.path.endsWith(`/${name}`));
  assert.ok(found, `${name} is not open`);
  return found.uri;
}

/** Edits and saves, as a person does. */
async function write(uri: vscode.Uri, text: string, range: vscode.Range): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, range, text);
  assert.ok(await vscode.workspace.applyEdit(edit));
  const document = await vscode.workspace.openTextDocument(uri);
  assert.ok(await document.save());
}

describe('while one works', () => {
  before(async () => {
    await indexed();
  });

  it('finds new text and no longer the old within two seconds of saving', async () => {
    const uri = vscode.Uri.joinPath(folder('app'), 'src/rushHour.ts');
    const found = (name: string) => async (): Promise<boolean> =>
      (await search(name)).some(({ text }) => text.includes(name));
    await write(uri, 'export function velvetOperaCape() {}\n\n', new vscode.Range(0, 0, 0, 0));
    await eventually('the new text is found', found('velvetOperaCape'), 2000);
    await write(uri, 'export function tweedRainHat() {}\n', new vscode.Range(0, 0, 1, 0));
    await eventually('the newer text is found', found('tweedRainHat'), 2000);
    assert.equal(await found('velvetOperaCape')(), false);
  });

  it('leaves a folder out when it is removed from the window, and takes it in again', async () => {
    const service = vscode.workspace.workspaceFolders!.at(-1)!;
    assert.ok((await search('unclaimed items')).some(({ folder: path }) => path === service.uri.fsPath));
    vscode.workspace.updateWorkspaceFolders(vscode.workspace.workspaceFolders!.length - 1, 1);
    await eventually('it is left out', async () =>
      (await search('unclaimed items')).every(({ folder: path }) => path !== service.uri.fsPath),
    );
    vscode.workspace.updateWorkspaceFolders(1, 0, { uri: service.uri, name: service.name });
    await eventually('it is back', async () =>
      (await search('unclaimed items')).some(({ folder: path }) => path === service.uri.fsPath),
    );
  });

  it('shares one daemon and one model with a second window', async () => {
    const { client } = await lantern();
    const window = await person.openWindow(vscode.workspace.workspaceFile!.fsPath);
    const memory = await eventually(
      'a second editor is a client',
      async () => {
        const now = await client.request('lantern/memory', {});
        return now.clients.filter(({ name }) => name === 'editor').length === 2 ? now : undefined;
      },
      30_000,
    );
    assert.equal(new Set(memory.clients.map(({ pid }) => pid)).size, 2);
    await search('unclaimed items');
    const { models, daemon } = await client.request('lantern/memory', {});
    assert.ok(models.length <= 1);
    assert.deepEqual(client.state, { kind: 'connected', pid: daemon.pid });
    await person.closeWindow(window);
  });

  it('searches again after the daemon was killed', async () => {
    const { client, search: ui } = await lantern();
    assert.ok(client.state.kind === 'connected');
    const { pid } = client.state;
    process.kill(pid, 'SIGKILL');
    assert.ok((await search('unclaimed items')).length > 0);
    assert.ok((client.state as { kind: string }).kind === 'connected');
    assert.notEqual(client.state.pid, pid);
    assert.equal(ui.picker, undefined);
  });

  it('shows a cleared cache in the indicator, and loads the model again for the next search', async () => {
    const { client, statusBar } = await lantern();
    await client.request('lantern/preload', {});
    await eventually('the indicator says that the model is loaded', () =>
      statusBar.text.includes('circle-filled'),
    );
    const before = (await client.request('lantern/memory', {})).totals.loads;
    await vscode.commands.executeCommand('lantern.clearCache');
    await eventually('the indicator says that it is not', () => statusBar.text.includes('circle-outline'));
    await client.request('lantern/search', { query: 'unclaimed items', wait: true });
    const after = await client.request('lantern/memory', {});
    assert.equal(after.totals.loads, before + 1);
    await eventually('the indicator says so', () => statusBar.text.includes('circle-filled'));
  });
});
