import * as vscode from 'vscode';
import type { DaemonClient } from './daemonClient.js';
import { Owner } from './owner.js';

/** Most files that are told of. */
const mostFiles = 50;
/** A window that opens shows one editor after the other. */
const settleMs = 300;

/** Tells the daemon which files are open in this window, so that they get their vectors first. */
export class OpenFiles implements vscode.Disposable {
  readonly #client: DaemonClient;
  readonly #owner = new Owner();
  #timer: NodeJS.Timeout | undefined;
  #told = '';

  constructor(client: DaemonClient) {
    this.#client = client;
    const later = (): void => this.#later();
    this.#owner.own(vscode.window.onDidChangeVisibleTextEditors(later));
    this.#owner.own(vscode.window.tabGroups.onDidChangeTabs(later));
    this.#owner.own(
      client.onDidChangeState(({ kind }) => {
        if (kind !== 'connected') return;
        this.#told = '';
        this.#later();
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#owner.dispose();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const paths = openPaths();
      const key = paths.join('\0');
      if (paths.length === 0 || key === this.#told) return;
      this.#told = key;
      // A session that has just ended is told again by the next.
      this.#client.tellOpened(paths).catch(() => undefined);
    }, settleMs);
  }
}

/** Paths of files in tabs, those that are seen at the end: they are wanted most. */
function openPaths(): string[] {
  const tabs = vscode.window.tabGroups.all.flatMap(({ tabs: all }) => all.map(({ input }) => input));
  const uris = [
    ...tabs.flatMap((input) => (input instanceof vscode.TabInputText ? input.uri : [])),
    ...vscode.window.visibleTextEditors.map(({ document }) => document.uri),
  ];
  const paths = uris.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
  return [...new Set(paths.reverse())].reverse().slice(-mostFiles);
}
