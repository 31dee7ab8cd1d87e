import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { person } from './driver.js';
import type { Lantern } from '../../src/lantern.js';

/** The running extension, from its activation. */
export async function lantern(): Promise<Lantern> {
  const extension = vscode.extensions.getExtension<Lantern>('lantern.lantern');
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

/** Waits until `look` gives something true; fails with `what` and what it last gave. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = 25_000,
): Promise<NonNullable<T>> {
  const until = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && (seen as unknown) !== false) return seen;
    if (Date.now() > until) throw new Error(`It did not come about within ${limitMs / 1000} s: ${what}.`);
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

/** The test host shows no toasts. Notifications are in the list. */
export async function showNotifications(): Promise<void> {
  await vscode.commands.executeCommand('notifications.showList');
}
