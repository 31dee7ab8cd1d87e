import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as vscode from 'vscode';
import { person, report } from '../support/driver.js';
import { eventually, indexed, lantern, openSearch, showNotifications } from '../support/lantern.js';

/** Bytes that are in use after everything that can be freed was. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

describe('under pressure', () => {
  before(async () => {
    await indexed();
  });

  it('says how far it is while a folder is indexed, and answers meanwhile', async () => {
    const { index, search, statusBar } = await lantern();
    const app = vscode.workspace.workspaceFolders![0]!;
    const folder = vscode.Uri.joinPath(app.uri, 'generated');
    await mkdir(folder.fsPath);
    const words = ['parcel', 'harbour', 'lighthouse', 'tide', 'anchor', 'compass', 'sail', 'rudder'];
    for (let at = 0; at < 400; at++) {
      const name = `${words[at % 8]}${words[(at * 3 + 1) % 8]}${at}`;
      const text = `/** Counts the ${name} of day ${at}. */\nexport function ${name}(day: number) {\n  return day * ${at};\n}\n`;
      await writeFile(vscode.Uri.joinPath(folder, `${name}.ts`).fsPath, text);
    }
    const indexing = index.index({ name: app.name, path: app.uri.fsPath }, 'shown');
    await eventually('the indicator shows a percentage', () => /sync~spin\) [1-9]\d? %/.test(statusBar.text));
    await showNotifications();
    await person.photograph('indexing');
    await openSearch('lighthouse');
    await eventually('there are hits', () => search.picker?.rows.some(({ hit }) => hit !== undefined));
    await eventually('the title says what is covered', async () =>
      (await person.sees('.quick-input-title')).some((text) => /\d+ of \d+ files covered so far/.test(text)),
    );
    await person.photograph('state-indexing');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await indexing;
    await rm(folder.fsPath, { recursive: true });
  });

  it('says that indexing is paused, and finds what has changed when it goes on', async () => {
    const { search, statusBar } = await lantern();
    await vscode.commands.executeCommand('lantern.pause');
    await eventually('the indicator says so', () => statusBar.text.includes('debug-pause'));
    const app = vscode.workspace.workspaceFolders![0]!.uri;
    await writeFile(
      vscode.Uri.joinPath(app, 'umbrella.ts').fsPath,
      'export function foldUmbrella() { return 1; }\n',
    );
    await openSearch('foldUmbrella');
    await eventually('the box says so', () =>
      search.picker?.rows.some(({ label }) => label === 'Indexing is paused'),
    );
    await eventually('the new file is found by its words', () =>
      search.picker?.rows.some(({ hit }) => hit?.path === 'umbrella.ts'),
    );
    await vscode.commands.executeCommand('notifications.clearAll');
    await person.photograph('state-paused');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('lantern.resume');
    await eventually('it goes on', () => !statusBar.text.includes('debug-pause'));
    await openSearch('foldUmbrella');
    await eventually('the new file is found', () =>
      search.picker?.rows.some(({ hit }) => hit?.path === 'umbrella.ts'),
    );
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  });

  it('keeps its memory over 200 searches and 50 changes of folders', async function () {
    this.timeout(180_000);
    const { client, search } = await lantern();
    const words = ['ticket', 'coat', 'rack', 'forecast', 'api', 'lost', 'scan', 'finale'];
    const searchOnce = async (at: number): Promise<void> => {
      search.open(`${words[at % words.length]} ${at}`);
      await eventually('an answer', () => (search.picker?.rows.length ?? 0) > 0);
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await eventually('it is gone', () => search.picker === undefined);
    };
    const last = vscode.workspace.workspaceFolders!.at(-1)!;
    const count = vscode.workspace.workspaceFolders!.length;
    const change = async (present: boolean): Promise<void> => {
      const changed = new Promise<void>((resolve) => {
        const listening = vscode.workspace.onDidChangeWorkspaceFolders(() => {
          listening.dispose();
          resolve();
        });
      });
      if (present) vscode.workspace.updateWorkspaceFolders(count - 1, 0, { uri: last.uri, name: last.name });
      else vscode.workspace.updateWorkspaceFolders(count - 1, 1);
      await changed;
    };
    for (let at = 0; at < 30; at++) await searchOnce(at);
    for (let at = 0; at < 4; at++) await change(at % 2 === 1);
    const before = heapBytes();
    for (let at = 0; at < 200; at++) await searchOnce(at);
    for (let at = 0; at < 50; at++) await change(at % 2 === 1);
    await client.request('lantern/status', {});
    const grown = (heapBytes() - before) / 1024 / 1024;
    await report(`      the extension host's heap grew by ${grown.toFixed(1)} MB`);
    assert.ok(grown < 5, `${grown.toFixed(1)} MB`);
  });
});
