import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { boxHasFocus, eventually, lantern, openSearch } from '../support/lantern.js';

describe('a window with nothing open', () => {
  it('says so in the search box, and offers to open a folder', async () => {
    const { search, client } = await lantern();
    await openSearch('anything');
    await boxHasFocus();
    assert.equal(search.picker?.rows[0]?.label, 'No folder is open');
    assert.equal(search.picker.rows[0].command?.command, 'vscode.openFolder');
    await person.photograph('state-no-folder');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    assert.equal(client.state.kind, 'idle', 'no daemon was needed to say so');
  });

  it('welcomes in the results view', async () => {
    await vscode.commands.executeCommand('lantern.results.focus');
    await eventually('the welcome is there', async () =>
      (await person.sees('.welcome-view-content')).some((text) =>
        text.includes('Open a folder to search its code'),
      ),
    );
  });
});
