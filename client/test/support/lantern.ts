import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { runQuietly } from '../harness/npm.js';
import { person } from './driver.js';
import type { Lantern } from '../../src/lantern.js';

/** The running extension, from its activation. */
export async function lantern(): Promise<Lantern> {
  const extension = vscode.extensions.getExtension<Lantern>('lantern.lantern');
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

/** Waits until `look` gives something true; fails with `what`, asked at the end where it is a function. */
export async function eventually<T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  limitMs = 25_000,
): Promise<NonNullable<T>> {
  const until = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && (seen as unknown) !== false) return seen;
    if (Date.now() > until) {
      const missed = typeof what === 'string' ? what : what();
      throw new Error(`It did not come about within ${limitMs / 1000} s: ${missed}.`);
    }
    await sleep(20);
  }
}

/** Whether `look` gives something true before the time is over. */
export async function comesAbout(look: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  return eventually('', look, limitMs).then(
    () => true,
    () => false,
  );
}

/** Opens the search box and waits until it has the keyboard. */
export async function openSearch(query: string): Promise<void> {
  await vscode.commands.executeCommand('lantern.search', query);
  await boxHasFocus();
}

export async function boxHasFocus(): Promise<void> {
  await eventually('the search box has the keyboard', async () => {
    return (await person.sees('.quick-input-widget:focus-within .quick-input-header')).length > 0;
  });
}

/** Waits until a file is in the editor with the lines of the hit highlighted. */
export async function previewed(file: string): Promise<void> {
  await eventually(`${file} is previewed`, () =>
    vscode.window.activeTextEditor?.document.fileName.endsWith(file),
  );
  await eventually(
    'the lines are highlighted',
    async () => (await person.attributes('.view-overlays [class*="ced-"]', 'class')).length > 0,
  );
}

/** Indexes every folder of the window, as after the user's consent. */
export async function indexed(): Promise<Lantern> {
  const own = await lantern();
  for (const place of places()) await own.index.index(place, 'quiet');
  return own;
}

function places(): { name: string; path: string }[] {
  return (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({ name, path: uri.fsPath }));
}

/** Runs the command line, as a person does in a terminal; returns its output. */
export async function commandLine(...args: string[]): Promise<string> {
  const { extensionPath } = vscode.extensions.getExtension('lantern.lantern')!;
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return runQuietly(process.execPath, [join(extensionPath, 'dist', 'lantern.js'), ...args], tmpdir(), env);
}

/** Inserts a line at the beginning of a file and saves it, as a person does. */
export async function insertLine(uri: vscode.Uri, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.insert(uri, new vscode.Position(0, 0), `${text}\n`);
  assert.ok(await vscode.workspace.applyEdit(edit));
  const document = await vscode.workspace.openTextDocument(uri);
  assert.ok(await document.save());
}

/** Whether a notification asks to index a folder. */
export async function isAsked(): Promise<boolean> {
  await showNotifications();
  const texts = await person.sees('.notification-list-item');
  return texts.some((text) => text.includes('for search by meaning?'));
}

/** The test host shows no toasts. Notifications are in the list. */
export async function showNotifications(): Promise<void> {
  await vscode.commands.executeCommand('notifications.showList');
}
