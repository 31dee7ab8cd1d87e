import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { FolderStatus } from '../../../shared/src/protocol/protocol.js';
import { person } from '../support/driver.js';
import {
  commandLine,
  eventually,
  insertLine,
  isAsked,
  lantern,
  openSearch,
  previewed,
} from '../support/lantern.js';

const query = 'money back to the customer';
/** Longer than the window takes for what it does by itself. */
const quietMs = 1500;

function root(): vscode.Uri {
  return vscode.workspace.workspaceFolders![0]!.uri;
}

/** What this window last heard of its folder. */
async function known(): Promise<FolderStatus | undefined> {
  const { status } = await lantern();
  return status.status?.folders.find(({ path }) => path === root().fsPath);
}

/** Waits for hits; returns the labels of the rows that are none. */
async function notesBesideHits(): Promise<readonly string[]> {
  const { search } = await lantern();
  await openSearch(query);
  await eventually('the right file is found by meaning', () => {
    const { picker } = search;
    return picker?.settled === true && picker.rows[0]?.hit?.path === 'src/payments/refunds.ts';
  });
  return search
    .picker!.rows.filter(({ hit, kind }) => hit === undefined && kind !== vscode.QuickPickItemKind.Separator)
    .map(({ label }) => label);
}

/** Waits until the search box offers nothing but to index the folder. */
async function offersToIndex(): Promise<void> {
  const { search } = await lantern();
  await openSearch(query);
  await eventually(
    'the box offers to index',
    () => search.picker?.rows.length === 1 && search.picker.rows[0]?.command?.command === 'lantern.index',
  );
}

describe('a folder that the command line has indexed', () => {
  it('is up to date without a question, and without the model', async () => {
    const { client, index, statusBar } = await lantern();
    await eventually('the window asks the daemon', () => client.state.kind === 'connected');
    await eventually('the folder is known', known);
    await eventually('it is brought up to date', () => !index.isIndexing(root().fsPath));
    assert.deepEqual((await known())?.status, { kind: 'idle' });
    assert.equal(await isAsked(), false);
    assert.deepEqual(index.pending(), []);
    await eventually('the indicator is at rest', () => /circle-outline\) \d+ MB/.test(statusBar.text));
    assert.deepEqual((await client.request('lantern/memory', {})).models, []);
  });

  it('is searched, and nothing says that it is not indexed', async () => {
    const { statusBar } = await lantern();
    await vscode.commands.executeCommand('lantern.results.focus');
    await eventually('the view offers to search', async () =>
      (await person.sees('.welcome-view-content')).some((text) => text.includes('Find code by what it does')),
    );
    await vscode.commands.executeCommand('workbench.view.explorer');
    await vscode.commands.executeCommand('notifications.clearAll');
    assert.deepEqual(await notesBesideHits(), []);
    await eventually('the indicator says that the model is loaded', () =>
      statusBar.text.includes('circle-filled'),
    );
    await previewed('refunds.ts');
    await person.photograph('editor-indexed-elsewhere');
  });

  it('is kept fresh: what was saved is indexed before anybody searches', async () => {
    const { client } = await lantern();
    // What the searches before have begun ends first: it must not be taken for the work of this save.
    const before = await eventually('nothing is indexed', async () => {
      const one = await known();
      await sleep(quietMs);
      const other = await known();
      return other?.status.kind === 'idle' && other.indexedAt === one?.indexedAt ? other : undefined;
    });
    await insertLine(
      vscode.Uri.joinPath(root(), 'src/payments/refunds.ts'),
      'export function velvetOperaCape() {}',
    );
    await eventually('it is indexed', async () => {
      const now = await known();
      return now?.status.kind === 'idle' && now.indexedAt !== before.indexedAt;
    });
    const { hits } = await client.request('lantern/search', { query: 'velvetOperaCape', mode: 'lexical' });
    assert.ok(hits[0]?.text.includes('velvetOperaCape'));
  });

  it('stays removed when somebody removes its index, whatever this window knew', async () => {
    const { client } = await lantern();
    await commandLine('remove', root().fsPath);
    await offersToIndex();
    assert.ok(client.state.kind === 'connected');
    process.kill(client.state.pid, 'SIGKILL');
    await client.request('lantern/status', {});
    await insertLine(vscode.Uri.joinPath(root(), 'src/server.ts'), '// Saved after the removal.');
    await sleep(quietMs);
    assert.deepEqual((await client.request('lantern/status', {})).folders, []);
    assert.equal(await isAsked(), false);
    await offersToIndex();
  });

  it('is searched again as soon as somebody indexes it again', async () => {
    const { search } = await lantern();
    await offersToIndex();
    await commandLine('index', root().fsPath);
    await eventually('hits take the place of the offer', () => search.picker?.rows[0]?.hit !== undefined);
    assert.deepEqual(await notesBesideHits(), []);
    const before = await known();
    await insertLine(vscode.Uri.joinPath(root(), 'src/server.ts'), '// Saved after it was indexed again.');
    await eventually('it is kept fresh', async () => (await known())?.indexedAt !== before?.indexedAt);
  });

  it('stays removed when this window removes its index', async () => {
    const { client, index } = await lantern();
    // As after the user has confirmed the command.
    await client.request('lantern/remove', { path: root().fsPath });
    await index.refuse(root().fsPath);
    await index.consider();
    await sleep(quietMs);
    assert.deepEqual((await client.request('lantern/status', {})).folders, []);
    await offersToIndex();
  });
});
