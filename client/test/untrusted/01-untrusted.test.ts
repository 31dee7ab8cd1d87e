import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { eventually, lantern, openSearch, showNotifications } from '../support/lantern.js';

describe('an untrusted workspace', () => {
  it('is neither read nor asked about', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const { client, index, search, statusBar } = await lantern();
    await openSearch('water levels');
    assert.equal(search.picker?.rows[0]?.label, 'This workspace is not trusted');
    await person.photograph('state-untrusted');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('lantern.findRelated');
    await assert.rejects(
      index.index({ name: 'x', path: vscode.workspace.workspaceFolders![0]!.uri.fsPath }, 'quiet'),
      /trusted workspaces only/,
    );
    assert.equal(client.state.kind, 'idle', 'no daemon was started');
    assert.match(statusBar.text, /shield/);
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  it('is asked about once it is trusted', async () => {
    await vscode.commands.executeCommand('workbench.trust.manage');
    await eventually(
      'the button is there',
      async () => (await person.sees('.workspace-trust-editor')).length > 0,
    );
    await person.click(
      '.workspace-trust-editor .workspace-trust-limitations .monaco-button:has-text("Trust")',
    );
    await eventually('it is trusted', () => vscode.workspace.isTrusted);
    await showNotifications();
    await eventually('Lantern asks', async () =>
      (await person.sees('.notification-list-item')).some((text) => text.includes('Index “python-pipeline”')),
    );
  });
});
