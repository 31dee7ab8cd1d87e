import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import {
  boxHasFocus,
  comesAbout,
  eventually,
  indexed,
  lantern,
  openSearch,
  previewed,
} from '../support/lantern.js';

const question = 'bill a credit card again after a network failure without charging twice';

/** The file that the first row is in, once there are rows with hits. */
async function firstPath(): Promise<string | undefined> {
  const { search } = await lantern();
  return search.picker?.rows[0]?.hit?.path;
}

describe('the search box', () => {
  before(async () => {
    await indexed();
  });

  it('is opened by its key, answers while one types, and opens the hit at its range with Enter', async () => {
    const { search } = await lantern();
    await person.press('Control+Alt+j');
    await boxHasFocus();
    await person.type(question);
    await eventually(
      'the right file is first',
      async () => (await firstPath()) === 'src/payments/chargeWithRetry.ts',
    );
    await previewed('chargeWithRetry.ts');
    await person.photograph('search');
    const hit = search.picker?.rows[0]?.hit;
    await person.press('Enter');
    await eventually('the box is gone', () => search.picker === undefined);
    const editor = await eventually('the file is open to stay', () => {
      const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
      return tab?.isPreview === false && tab.label === 'chargeWithRetry.ts'
        ? vscode.window.activeTextEditor
        : undefined;
    });
    assert.equal(editor.selection.active.line + 1, hit?.startLine);
  });

  it('previews the row that one moves to, and puts the editor back with Escape', async () => {
    const { search } = await lantern();
    const folder = vscode.workspace.workspaceFolders![0]!.uri;
    const before = await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, 'src/server.ts'), {
      preview: false,
    });
    before.selection = new vscode.Selection(3, 2, 3, 5);
    await openSearch(question);
    await eventually('the rows are final', () => search.picker?.settled);
    const first = search.picker?.rows[0]?.hit?.path;
    // The window may still be putting up the rows: then it moves back to the first one, and the key is pressed again.
    await eventually('a row of another file is previewed', async () => {
      await person.press('ArrowDown');
      return comesAbout(() => {
        const path = search.picker?.active?.hit?.path;
        const shown = vscode.window.activeTextEditor?.document.fileName;
        return path !== undefined && path !== first && shown?.endsWith(path) === true;
      }, 1000);
    });
    await person.press('Escape');
    const editor = await eventually('the first editor is back', () => {
      const active = vscode.window.activeTextEditor;
      return active?.document.fileName.endsWith('server.ts') === true ? active : undefined;
    });
    await eventually('the selection is back', () =>
      editor.selection.isEqual(new vscode.Selection(3, 2, 3, 5)),
    );
    await eventually(
      'nothing else stays open',
      () => vscode.window.tabGroups.activeTabGroup.tabs.length === 1,
    );
  });

  it('opens to the side with Ctrl+Enter', async () => {
    const folder = vscode.workspace.workspaceFolders![0]!.uri;
    await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, 'src/server.ts'), { preview: false });
    await openSearch(question);
    await eventually(
      'the right file is first',
      async () => (await firstPath()) === 'src/payments/chargeWithRetry.ts',
    );
    await person.press('Control+Enter');
    await eventually('two groups', () => vscode.window.tabGroups.all.length === 2);
    await eventually('the hit is in the second', () => {
      const editor = vscode.window.activeTextEditor;
      return (
        editor?.viewColumn === vscode.ViewColumn.Two &&
        editor.document.fileName.endsWith('chargeWithRetry.ts')
      );
    });
  });

  it('copies a hit as a reference, and finds code related to it, with the buttons of its row', async () => {
    const { results, search } = await lantern();
    await openSearch(question);
    await eventually('the rows are final', () => search.picker?.settled);
    const hit = search.picker!.rows[0]!.hit!;
    const row = '.quick-input-list .monaco-list-row[data-index="0"]';
    await person.hover(row);
    await person.click(`${row} [aria-label="Copy as Reference"]`);
    const reference = `${hit.path}:${hit.startLine}-${hit.endLine}`;
    await eventually('it is copied', async () => (await vscode.env.clipboard.readText()) === reference);
    await person.hover(row);
    await person.click(`${row} [aria-label="Find Related Code"]`);
    const files = await eventually('the tree has files', () => {
      const nodes = results.getChildren();
      return nodes.length > 0
        ? nodes.flatMap((node) => (node.kind === 'file' ? node.uri.path : []))
        : undefined;
    });
    assert.ok(
      files.every((path) => !path.endsWith(hit.path)),
      files.join(),
    );
    await vscode.commands.executeCommand('lantern.results.clear');
  });

  it('says first when nothing matches well, and never makes that note the choice', async () => {
    const { search } = await lantern();
    await openSearch('banana smoothie recipe with yoghurt');
    await eventually('the rows are final', () => search.picker?.settled);
    const rows = search.picker!.rows;
    assert.equal(rows[0]?.label, 'Nothing here matches well');
    assert.match(rows[0].detail ?? '', /words that the code itself would use/);
    const hits = rows.flatMap(({ hit }) => hit ?? []);
    assert.ok(hits.length > 0 && hits.every(({ match }) => match === 'weak'));
    await eventually('the best hit is active', () => search.picker?.active?.hit === hits[0]);
    await person.photograph('search-weak');
    await person.press('Escape');
  });

  it('shows of each hit the line that answers, and a line before the weak ones', async () => {
    const { search } = await lantern();
    await openSearch(question);
    await eventually('the rows are final', () => search.picker?.settled);
    const rows = search.picker!.rows;
    const first = rows[0]!.hit!;
    assert.equal(first.match, 'strong');
    assert.equal(rows[0]!.detail, first.line.text);
    const weak = rows.findIndex(({ label }) => label === 'weaker matches');
    assert.ok(weak > 0, 'such a line');
    assert.ok(rows.slice(weak + 1).every(({ hit }) => hit === undefined || hit.match === 'weak'));
    await person.press('Escape');
  });

  it('narrows by filters, and completes them', async () => {
    const { search } = await lantern();
    await openSearch('');
    await person.type('name of the package lang:jso');
    const hint = await eventually('a completion', () =>
      search.picker?.rows.find(({ label }) => label === 'lang:json'),
    );
    assert.equal(hint.value, 'name of the package lang:json ');
    await eventually('the hint for JSON is the active one', async () =>
      (await person.sees('.quick-input-list .monaco-list-row.focused')).some((text) =>
        text.includes('lang:json'),
      ),
    );
    await person.press('Enter');
    await eventually('only JSON is found', () => {
      const hits = (search.picker?.rows ?? []).flatMap(({ hit }) => hit ?? []);
      return hits.length > 0 && hits.every(({ language }) => language === 'json');
    });
  });

  it('remembers what led somewhere', async () => {
    const { search } = await lantern();
    await openSearch('');
    await eventually('the recent search is there', () =>
      search.picker?.rows.some(({ label, value }) => label === question && value === question),
    );
    await person.photograph('recent');
  });

  it('says what to try when nothing is found, and when there is no such folder', async () => {
    const { search } = await lantern();
    await openSearch('in:nowhere refunds');
    await eventually(
      'it names the folder',
      () => search.picker?.rows[0]?.label === 'No folder is called “nowhere”',
    );
    await openSearch('path:none/** refunds');
    const note = await eventually('it says so', () =>
      search.picker?.rows.find(({ label }) => label === 'Nothing found'),
    );
    assert.match(note.detail ?? '', /fewer filters/);
    await person.photograph('state-nothing-found');
  });

  it('keeps the order of the ranking when the query is a name that several rows carry', async () => {
    const { search } = await lantern();
    await openSearch('reservation');
    await eventually('the rows are final', () => search.picker?.settled);
    const rows = (search.picker?.rows ?? []).map(({ label }) => label);
    assert.ok(rows.length > 3);
    await eventually('they are shown in that order', async () => {
      const row = '.quick-input-list .monaco-list-row';
      const places = (await person.attributes(row, 'data-index')).map(Number);
      const labels = await person.attributes(row, 'aria-label');
      // Every row that is on the screen stands where the ranking put it.
      return places.length > 3 && places.every((at, index) => labels[index]?.includes(rows[at] ?? '?'));
    });
  });
});
