import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { person, personAt } from '../support/driver.js';
import { comesAbout, eventually, indexed, lantern } from '../support/lantern.js';

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
    await client.request('lantern/preload', {});
    const before = await client.request('lantern/memory', {});
    const window = await person.openWindow(vscode.workspace.workspaceFile!.fsPath);
    const other = personAt(window);
    await eventually('its search box has the keyboard', async () => {
      await other.press('Control+Alt+j');
      const box = '.quick-input-widget:focus-within .quick-input-header';
      return comesAbout(async () => (await other.sees(box)).length > 0, 5000);
    });
    await other.type('where do things end up that nobody came back for');
    await eventually('it finds the same as this one', async () =>
      (await other.sees('.quick-input-list .monaco-list-row')).some((text) =>
        text.includes('lost_property.py'),
      ),
    );
    const after = await client.request('lantern/memory', {});
    const editors = after.clients.filter(({ name }) => name === 'editor');
    assert.equal(new Set(editors.map(({ pid }) => pid)).size, 2, 'two windows, each a process of its own');
    assert.equal(after.daemon.pid, before.daemon.pid);
    assert.deepEqual(client.state, { kind: 'connected', pid: before.daemon.pid });
    assert.equal(after.models.length, 1);
    assert.equal(after.totals.loads, before.totals.loads, 'the model was not loaded again');
    await person.closeWindow(window);
    await eventually('its session ends with it', async () => {
      const { clients } = await client.request('lantern/memory', {});
      return clients.filter(({ name }) => name === 'editor').length === 1;
    });
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

  it('goes on with an index when the daemon ends and another takes its place', async () => {
    const { client } = await lantern();
    assert.ok(client.state.kind === 'connected');
    const { pid } = client.state;
    const parcels = await mkdtemp(join(tmpdir(), 'lantern-parcels-'));
    for (let at = 0; at < 200; at++)
      await writeFile(join(parcels, `parcel${at}.ts`), `export const parcel${at} = () => weigh(${at});\n`);
    const indexing = client.request('lantern/index', { path: parcels });
    await eventually('some are embedded', async () => {
      const { folders } = await client.request('lantern/status', {});
      const status = folders.find(({ path }) => path.endsWith(basename(parcels)))?.status;
      return status?.kind === 'indexing' && status.done > 0;
    });
    process.kill(pid, 'SIGTERM');
    const report = await indexing;
    // The other one read nothing again.
    assert.equal(report.filesUnchanged, 200, JSON.stringify(report));
    assert.notEqual((client.state as { pid?: number }).pid, pid);
    await client.request('lantern/remove', { path: parcels });
    await rm(parcels, { recursive: true });
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
