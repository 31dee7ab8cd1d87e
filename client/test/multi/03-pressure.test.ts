import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as vscode from 'vscode';
import { person, report } from '../support/driver.js';
import {
  eventually,
  indexed,
  lantern,
  openSearch,
  previewed,
  showNotifications,
} from '../support/lantern.js';

/** Bytes that are in use after everything that can be freed was. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** What a listener, a timer or a box that nobody disposes of would make more of; without the objects that are garbage. */
function alive(): Record<string, number> {
  return {
    disposables: Number(queryObjects(vscode.Disposable)),
    emitters: Number(queryObjects(vscode.EventEmitter)),
    cancellations: Number(queryObjects(vscode.CancellationTokenSource)),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
}

describe('under pressure', () => {
  before(async () => {
    await indexed();
  });

  it('says how far it is while a folder is indexed, answers meanwhile, and can be cancelled', async () => {
    const { index, search, statusBar } = await lantern();
    const app = vscode.workspace.workspaceFolders![0]!;
    const folder = vscode.Uri.joinPath(app.uri, 'generated');
    await mkdir(folder.fsPath);
    const words = ['parcel', 'harbour', 'lighthouse', 'tide', 'anchor', 'compass', 'sail', 'rudder'];
    for (let at = 0; at < 400; at++) {
      const other = words[(at * 3 + 1) % 8]!;
      const name = `${words[at % 8]}${other[0]!.toUpperCase()}${other.slice(1)}${at}`;
      const text = `/** Counts the ${name} of day ${at}. */\nexport function ${name}(day: number) {\n  return day * ${at};\n}\n`;
      await writeFile(vscode.Uri.joinPath(folder, `${name}.ts`).fsPath, text);
    }
    await vscode.commands.executeCommand('notifications.clearAll');
    const indexing = index.index({ name: app.name, path: app.uri.fsPath }, 'shown');
    await eventually('the indicator shows a percentage', () => /sync~spin\) [1-9]\d? %/.test(statusBar.text));
    await showNotifications();
    await person.photograph('indexing');
    await openSearch('lighthouse');
    await eventually('there are hits', () => search.picker?.rows.some(({ hit }) => hit !== undefined));
    await eventually('the title says what is covered', async () =>
      (await person.sees('.quick-input-title')).some((text) =>
        /\d+ of \d+ files (read|with all vectors) so far/.test(text),
      ),
    );
    await person.photograph('state-indexing');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await showNotifications();
    await person.click('.notification-list-item .monaco-button:text-is("Cancel")');
    assert.equal(await indexing, undefined, 'indexing ends when it is cancelled');
    await rm(folder.fsPath, { recursive: true });
  });

  it('says that indexing is paused, and finds what has changed when it goes on', async () => {
    const { search, statusBar } = await lantern();
    await vscode.commands.executeCommand('lantern.pause');
    await eventually('the indicator says so', () => statusBar.text.includes('debug-pause'));
    const app = vscode.workspace.workspaceFolders![0]!.uri;
    await openSearch('foldUmbrella');
    await eventually('the box says so', () =>
      search.picker?.rows.some(({ label }) => label === 'Indexing is paused'),
    );
    await eventually('the box says that nothing matches well, and shows what is nearest', () => {
      const [first, second] = search.picker?.rows ?? [];
      return first?.label === 'Nothing here matches well' && search.picker?.active?.key === second?.key;
    });
    await writeFile(
      vscode.Uri.joinPath(app, 'umbrella.ts').fsPath,
      'export function foldUmbrella() { return 1; }\n',
    );
    await eventually('the new file is found by its words', () =>
      search.picker?.rows.some(({ hit }) => hit?.path === 'umbrella.ts'),
    );
    await eventually('the title says so too', async () =>
      (await person.sees('.quick-input-title')).some((text) => text.includes('paused')),
    );
    await previewed('umbrella.ts');
    await vscode.commands.executeCommand('notifications.clearAll');
    await person.photograph('state-paused');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('lantern.resume');
    await eventually('it goes on', () => !statusBar.text.includes('debug-pause'));
    await openSearch('foldUmbrella');
    await eventually('the new file is found', () =>
      search.picker?.rows.some(({ hit }) => hit?.path === 'umbrella.ts'),
    );
  });

  it('keeps its memory over 100 searches and 30 changes of folders, and leaves no listener behind', async function () {
    this.timeout(240_000);
    const { client, search } = await lantern();
    // The class only: a box that is held here would stay in memory.
    let ofBox: unknown;
    const words = ['ticket', 'coat', 'rack', 'forecast', 'api', 'lost', 'scan', 'finale'];
    const searchOnce = async (at: number): Promise<void> => {
      search.open(`${words[at % words.length]} ${at}`);
      await eventually('an answer', () => (search.picker?.rows.length ?? 0) > 0);
      ofBox = search.picker?.constructor;
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
    const boxes = (): number => Number(queryObjects(ofBox as Parameters<typeof queryObjects>[0]));
    const before = heapBytes();
    const aliveBefore = alive();
    for (let at = 0; at < 100; at++) await searchOnce(at);
    for (let at = 0; at < 30; at++) await change(at % 2 === 1);
    await client.request('lantern/status', {});
    const grown = (heapBytes() - before) / 1024 / 1024;
    await report(`      the extension host's heap grew by ${grown.toFixed(1)} MB`);
    assert.ok(grown < 5, `${grown.toFixed(1)} MB`);
    assert.ok(boxes() <= 1, `${boxes()} search boxes are still in memory`);
    for (const [name, count] of Object.entries(alive())) {
      const more = count - (aliveBefore[name] ?? 0);
      assert.ok(more < 25, `${more} more ${name} than before`);
    }
  });
});
