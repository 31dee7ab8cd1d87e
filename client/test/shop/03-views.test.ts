import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { eventually, indexed, lantern, openSearch } from '../support/lantern.js';

const themes = { dark: 'Default Dark Modern', contrast: 'Default High Contrast' };

async function theme(name: string | undefined): Promise<void> {
  await vscode.workspace
    .getConfiguration('workbench')
    .update('colorTheme', name, vscode.ConfigurationTarget.Global);
}

function shopFile(path: string): vscode.Uri {
  return vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, path);
}

describe('what stays on the screen', () => {
  before(async () => {
    await indexed();
  });

  afterEach(async () => {
    await theme(undefined);
  });

  it('all results of a search stay in a tree, can be dismissed and looked for again', async () => {
    const { results, search } = await lantern();
    await openSearch('send a customer an email');
    await eventually('the results are final', () => search.picker?.settled);
    await person.click('.quick-input-widget [aria-label="Open All Results in a View"]');
    const files = await eventually('the tree has files', () => {
      const nodes = results.getChildren();
      return nodes.length > 1 ? nodes : undefined;
    });
    const row = '[id="workbench.view.extension.lantern"] .monaco-list-row';
    await eventually('the tree is shown', async () =>
      (await person.sees(row)).some((text) => text.includes('email.ts')),
    );
    const [best] = results.getChildren(files[0]);
    assert.ok(best?.kind === 'hit');
    const { label } = results.getTreeItem(best);
    assert.ok(typeof label === 'object' && label.label === best.hit.line.text);
    assert.ok((label.highlights ?? []).length > 0, 'words of the question are marked');
    await eventually('the line that answers is shown', async () =>
      (await person.sees(row)).some((text) => text.includes(best.hit.line.text.slice(0, 20))),
    );
    await person.photograph('results');
    const paths = (): string[] =>
      results.getChildren().flatMap((node) => (node.kind === 'file' ? node.uri.path : []));
    const ranked = paths();
    await person.click('.part.sidebar [aria-label="Sort Results by Path"]');
    await eventually('the paths are in order', () => paths().join() === [...ranked].sort().join());
    await person.click('.part.sidebar [aria-label="Sort Results by Rank"]');
    await eventually('the best is first again', () => paths().join() === ranked.join());
    const first = files[0]!;
    await vscode.commands.executeCommand('lantern.results.dismiss', first);
    assert.equal(results.getChildren().length, files.length - 1);
    await vscode.commands.executeCommand(
      'lantern.results.open',
      results.getChildren(results.getChildren()[0])[0],
    );
    await eventually('the hit is open', () => vscode.window.activeTextEditor);
    await vscode.commands.executeCommand('lantern.results.openAll');
    const left = results.getChildren().length;
    const tabs = vscode.window.tabGroups.activeTabGroup.tabs;
    assert.ok(tabs.length >= left, `${tabs.length} tabs for ${left} files`);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('lantern.results.clear');
    assert.deepEqual(results.getChildren(), []);
  });

  it('results are dismissed by the Delete key, and shown in high contrast', async () => {
    const { results, search } = await lantern();
    await openSearch('send a customer an email');
    await eventually('the results are final', () => search.picker?.settled);
    await person.click('.quick-input-widget [aria-label="Open All Results in a View"]');
    const before = await eventually('the tree has files', () => {
      const nodes = results.getChildren();
      return nodes.length > 1 ? nodes.length : undefined;
    });
    await theme(themes.contrast);
    const rows = '[id="workbench.view.extension.lantern"] .monaco-list-row';
    await eventually('the tree is shown', async () => (await person.sees(rows)).length > 1);
    await person.click(`${rows}[data-index="0"]`);
    await person.press('Delete');
    await eventually('its file is gone', () => results.getChildren().length === before - 1);
    await person.photograph('results-contrast');
    await vscode.commands.executeCommand('lantern.results.clear');
  });

  it('finds code related to that at the cursor', async () => {
    const { results } = await lantern();
    const editor = await vscode.window.showTextDocument(shopFile('src/payments/chargeWithRetry.ts'));
    editor.selection = new vscode.Selection(30, 0, 30, 0);
    await vscode.commands.executeCommand('lantern.findRelated');
    const files = results.getChildren().flatMap((node) => (node.kind === 'file' ? node.uri.path : []));
    assert.ok(files.length > 0);
    assert.ok(files.every((path) => !path.endsWith('chargeWithRetry.ts')));
    assert.ok(
      files.some((path) => path.includes('/payments/')),
      files.join(),
    );
  });

  it('says why code is related, and finds that of one relation', async () => {
    const { results } = await lantern();
    const putCursorAt = async (path: string, text: string): Promise<void> => {
      const editor = await vscode.window.showTextDocument(shopFile(path));
      const line = editor.document.positionAt(editor.document.getText().indexOf(text)).line;
      editor.selection = new vscode.Selection(line, 0, line, 0);
    };
    const reasons = (): string[] =>
      results
        .getChildren()
        .flatMap((node) => results.getChildren(node))
        .map((node) => String(results.getTreeItem(node).description));
    const has = (reason: string): boolean => reasons().some((text) => text.includes(reason));
    await putCursorAt('src/server.ts', 'function createApp');
    await vscode.commands.executeCommand('lantern.findRelated');
    for (const reason of ['called by it', 'defines its type', 'similar'])
      assert.ok(has(reason), reasons().join());
    const row = '[id="workbench.view.extension.lantern"] .monaco-list-row';
    await eventually('the reasons are shown', async () =>
      (await person.sees(row)).some((text) => text.includes('called by it')),
    );
    await person.photograph('related-reasons');

    await putCursorAt('src/payments/webhook.ts', 'function verifySignature');
    const asked = vscode.commands.executeCommand('lantern.findRelatedBy');
    const offered = '.quick-input-list .monaco-list-row';
    await eventually('the relations are offered', async () =>
      (await person.sees(offered)).some((text) => text.includes('Callers')),
    );
    await person.type('Callers');
    await person.press('Enter');
    await asked;
    assert.deepEqual(
      results.getChildren().map((node) => node.kind === 'file' && node.uri.path.endsWith('src/server.ts')),
      [true],
    );
    assert.ok(has('calls it'), reasons().join());
  });

  it('says in the status bar what the model and the memory are doing', async () => {
    const { client, statusBar } = await lantern();
    await client.request('lantern/preload', {});
    await eventually('the memory in use', () => /circle-filled\) \d+ MB/.test(statusBar.text));
    await person.hover(
      '#lantern\\.lantern\\.lantern\\.status, [id="lantern.lantern.lantern.status"], .statusbar-item[id*="lantern.status"]',
    );
    await eventually('the tooltip', async () =>
      (await person.sees('.monaco-hover')).some(
        (text) => text.includes('all-MiniLM-L6-v2') && text.includes('up to date'),
      ),
    );
    await person.photograph('status-bar');
  });

  for (const [name, id] of Object.entries({ light: undefined, ...themes })) {
    it(`draws the memory view in the ${name} theme`, async () => {
      await theme(id);
      await vscode.commands.executeCommand('lantern.showMemory');
      await eventually('the ledger is drawn', async () =>
        (await person.sees('#root')).some(
          (text) => text.includes('all-MiniLM-L6-v2') && text.includes('typescript-shop'),
        ),
      );
      const [label] = await person.attributes('svg.chart', 'aria-label');
      assert.match(
        label ?? '',
        /^Memory over the last \d+ seconds\. Now: Models [\d.]+ MB, Rest of the daemon/,
      );
      await person.photograph(`memory-${name}`);
    });
  }

  it('unloads the model from the memory view', async () => {
    const { client, statusBar } = await lantern();
    await client.request('lantern/preload', {});
    await vscode.commands.executeCommand('lantern.showMemory');
    await eventually('the button', async () => (await person.sees('#root button')).includes('Unload'));
    await person.click('#root button:text-is("Unload")');
    await eventually('the view says so', async () =>
      (await person.sees('#root')).some((text) => text.includes('No model is in memory')),
    );
    await eventually('the indicator too', () => statusBar.text.includes('circle-outline'));
  });
});
