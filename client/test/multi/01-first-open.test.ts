import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import {
  boxHasFocus,
  commandLine,
  eventually,
  lantern,
  openSearch,
  previewed,
  showNotifications,
} from '../support/lantern.js';

describe('a workspace with several folders, opened for the first time', () => {
  it('asks before it indexes, and starts nothing until then', async () => {
    const { client } = await lantern();
    await showNotifications();
    await eventually('the question', async () =>
      (await person.sees('.notification-list-item')).some((text) =>
        text.includes('Index “app (TypeScript)”, “service (Python)” for search by meaning?'),
      ),
    );
    assert.equal(client.state.kind, 'idle');
    await person.photograph('consent');
  });

  it('offers the same in the search box', async () => {
    const { search } = await lantern();
    await openSearch('coat');
    assert.equal(search.picker?.rows[0]?.label, 'Index “app (TypeScript)”, “service (Python)”');
    await person.photograph('state-not-indexed');
  });

  it('offers the same in the results view', async () => {
    await vscode.commands.executeCommand('lantern.results.focus');
    await eventually('the welcome is there', async () =>
      (await person.sees('.welcome-view-content')).some((text) =>
        text.includes('This folder is not indexed yet'),
      ),
    );
    await vscode.commands.executeCommand('workbench.view.explorer');
  });

  it('indexes with progress after “Index”, and keeps that in mind', async () => {
    const { index, status } = await lantern();
    await showNotifications();
    await person.click('.notification-list-item .monaco-button:text-is("Index")');
    await showNotifications();
    await eventually('progress is shown', async () =>
      (await person.sees('.notification-list-item')).some((text) => text.includes('Lantern: indexing')),
    );
    const folders = vscode.workspace.workspaceFolders!.map(({ uri }) => uri.fsPath);
    await eventually(
      'both folders are up to date',
      () => {
        const known = status.status?.folders ?? [];
        return folders.every((path) => known.some((one) => one.path === path && one.indexedAt !== null));
      },
      60_000,
    );
    await eventually('nothing runs any more', () => !folders.some((path) => index.isIndexing(path)));
    assert.deepEqual(
      index.searched().map(({ path }) => path),
      folders,
    );
  });

  it('finds the right file first for a search typed through the palette, in whichever folder it is', async () => {
    const { search } = await lantern();
    await person.press('F1');
    await boxHasFocus();
    await person.type('Lantern: Search Code by');
    await eventually('the command is offered', async () =>
      (await person.sees('.quick-input-list .focused')).some((text) =>
        text.includes('Search Code by Meaning'),
      ),
    );
    await person.press('Enter');
    await eventually('the search box', () => search.picker);
    await boxHasFocus();
    await person.type('where do things end up that nobody came back for');
    // The question has no word of the code in it: a note that nothing matches well may come first.
    const row = await eventually('an answer by meaning', () =>
      search.picker?.settled === true
        ? search.picker.rows.find(({ hit: found }) => found !== undefined)
        : undefined,
    );
    const hit = row.hit!;
    assert.equal(hit.path, 'cloakroom/lost_property.py');
    assert.match(row.description ?? '', /^service \(Python\) • /);
    await previewed('lost_property.py');
    await person.photograph('search-multi-root');
    await person.press('Enter');
    await eventually('the box is gone', () => search.picker === undefined);
    const editor = await eventually('the file stays open', () =>
      vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview === false
        ? vscode.window.activeTextEditor
        : undefined,
    );
    assert.ok(editor.document.fileName.endsWith(hit.path));
    assert.equal(editor.selection.active.line + 1, hit.startLine);
    await eventually('the range is on the screen', () =>
      editor.visibleRanges.some((range) => range.contains(editor.selection.active)),
    );
  });

  it('tells the daemon which files are open', async () => {
    const { client } = await lantern();
    const told: (readonly string[])[] = [];
    const tell = client.tellOpened.bind(client);
    client.tellOpened = (paths) => {
      told.push(paths);
      return tell(paths);
    };
    const [file] = await vscode.workspace.findFiles('**/rushHour.ts');
    await vscode.window.showTextDocument(file!);
    await eventually('it is told', () => told.at(-1)?.at(-1)?.endsWith('rushHour.ts'));
    client.tellOpened = tell;
  });

  it('searches one folder with in:', async () => {
    const { search } = await lantern();
    await openSearch('in:app ticket');
    const hits = await eventually('answers', () =>
      search.picker?.settled === true ? search.picker.rows.flatMap(({ hit }) => hit ?? []) : undefined,
    );
    assert.ok(hits.length > 0);
    assert.ok(hits.every(({ folder }) => folder.endsWith('/app')));
  });

  it('searches a group of folders with group:, which it completes', async () => {
    const { search } = await lantern();
    const app = vscode.workspace.workspaceFolders!.find(({ uri }) => uri.path.endsWith('/app'))!;
    await commandLine('group', 'add', 'front', app.uri.fsPath);
    await openSearch('group:');
    await eventually('it is offered', () =>
      search.picker?.rows.find(({ label }) => label === 'group:front')?.description?.endsWith('/app'),
    );
    assert.ok(search.picker!.rows.some(({ label }) => label === 'group:*'));
    await person.photograph('search-group');
    for (const [group, folders] of [
      ['front', 1],
      ['*', 2],
    ] as const) {
      await openSearch(`group:${group} ticket`);
      const hits = await eventually('answers', () =>
        search.picker?.settled === true && search.picker.rows.some(({ hit }) => hit !== undefined)
          ? search.picker.rows.flatMap(({ hit }) => hit ?? [])
          : undefined,
      );
      assert.equal(new Set(hits.map(({ folder }) => folder)).size, folders, group);
    }
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  });
});
