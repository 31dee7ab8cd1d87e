import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { catalogFile, dataDir } from '../../shared/src/connection/dataDir.js';
import { contains } from '../../shared/src/contains.js';
import { LanternError, errorMessage } from '../../shared/src/errors.js';
import type { IndexReport } from '../../shared/src/protocol/protocol.js';
import type { DaemonClient } from './daemonClient.js';
import { type Shown, indexWithProgress } from './indexJob.js';
import { Owner } from './owner.js';
import { type Place, placeOf, places } from './places.js';
import type { StatusModel } from './status/statusModel.js';

/** Whether this window's folders are indexed without asking. */
export type AutoIndex = 'ask' | 'always' | 'never';

export interface WorkspaceIndexDependencies {
  readonly client: DaemonClient;
  readonly status: StatusModel;
  readonly log: vscode.LogOutputChannel;
  /** Stores which folders the user does not want to be indexed. */
  readonly answers: vscode.Memento;
  readonly autoIndex: () => AutoIndex;
}

const key = (path: string): string => `lantern.consent:${path}`;

/**
 * Keeps the indexed folders of this window up to date, and asks whether to index the others, while the workspace is
 * trusted. What is indexed the daemon knows, because others index too; the window remembers only what its user refused.
 */
export class WorkspaceIndex implements vscode.Disposable {
  readonly #deps: WorkspaceIndexDependencies;
  readonly #owner = new Owner();
  readonly #changed = this.#owner.own(new vscode.EventEmitter<void>());
  /** Folders that are being indexed for this window, and how to cancel that. */
  readonly #running = new Map<string, vscode.CancellationTokenSource>();
  /** Folders that this window has asked about, so that it asks only once. */
  readonly #asked = new Set<string>();
  /** Folders that this window was told to index, until that is done. */
  readonly #told = new Set<string>();
  /** Folders whose index was removed while this window was open. It does not index them again by itself. */
  readonly #removed = new Set<string>();
  /** Folders that need no further request to be up to date while the session with the daemon lasts. */
  readonly #followed = new Set<string>();
  /** What the views were told last. */
  readonly #toldViews = new Map<string, boolean>();
  /** The indexed folders by the last status, and the daemon that it came from. */
  #last: { readonly pid: number; readonly folders: readonly string[] } | undefined;

  /** Fires when it has changed what is indexed, refused or running. */
  readonly onDidChange = this.#changed.event;

  constructor(deps: WorkspaceIndexDependencies) {
    this.#deps = deps;
    const consider = (): void => void this.consider();
    this.#owner.own(this.onDidChange(() => this.#tellViews()));
    this.#owner.own(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#tellViews()));
    this.#tellViews();
    this.#owner.own(vscode.workspace.onDidGrantWorkspaceTrust(consider));
    this.#owner.own(vscode.workspace.onDidChangeWorkspaceFolders(consider));
    this.#owner.own(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lantern.autoIndex')) consider();
      }),
    );
    // While it had no session, somebody may have made the first index on this machine.
    this.#owner.own(vscode.window.onDidChangeWindowState(({ focused }) => focused && consider()));
    this.#owner.own(deps.status.onDidChange(() => this.#follow()));
    this.#owner.own(
      deps.client.onDidChangeState(({ kind }) => {
        if (kind !== 'connected') return;
        // Every time: a daemon that replaced another one does not know what changed in between.
        this.#followed.clear();
        // What was refused while no daemon could be reached, or before this version.
        for (const place of places()) if (this.#isRefused(place)) void this.#tellRefusal(place.path);
        consider();
      }),
    );
  }

  /** Folders that are searched. Until the daemon has been asked, that is all that may be indexed. */
  searched(): Place[] {
    return this.#allowed() ? places().filter((place) => !this.#isPending(place)) : [];
  }

  /** Folders that nobody has indexed, and that this window does not index by itself. */
  pending(): Place[] {
    return places().filter((place) => this.#isPending(place));
  }

  isIndexing(path: string): boolean {
    return this.#running.has(path);
  }

  /** Whether the daemon is to bring a folder up to date when this file of it is saved. */
  keepsFresh(file: string): boolean {
    if (this.#deps.autoIndex() === 'never') return false;
    const place = placeOf(file);
    return place === undefined || !this.#isRefused(place);
  }

  /**
   * Brings what is indexed up to date, and asks about the rest if the settings say so. Where something may be indexed, it
   * connects to the daemon, and goes on when that tells what.
   */
  async consider(): Promise<void> {
    const { autoIndex, client, status } = this.#deps;
    if (!this.#allowed() || autoIndex() === 'never') return;
    if (places().every((place) => this.#isRefused(place))) return;
    if (client.state.kind === 'connected') {
      if ((await status.learn().catch(() => undefined)) === undefined) return;
    } else if (mayBeIndexed() || autoIndex() === 'always') {
      void client.connect().catch(() => undefined);
      return;
    }
    void this.#bringUpToDate();
    if (autoIndex() === 'ask') await this.#ask();
  }

  /** Indexes one folder. With `shown` the progress is shown to the user, who may cancel it. */
  async index(place: Place, how: Shown): Promise<IndexReport | undefined> {
    if (!this.#allowed()) throw new LanternError('bad-request', 'Lantern indexes trusted workspaces only.');
    if (this.#running.has(place.path)) return undefined;
    this.#told.add(place.path);
    this.#removed.delete(place.path);
    return this.#run(place, how);
  }

  /** Remembers that the folder is not to be indexed by itself, neither by this window nor for an agent. */
  async refuse(path: string): Promise<void> {
    this.#running.get(path)?.cancel();
    this.#told.delete(path);
    await this.#deps.answers.update(key(path), 'no');
    this.#changed.fire();
    await this.#tellRefusal(path);
  }

  dispose(): void {
    for (const running of this.#running.values()) running.cancel();
    this.#owner.dispose();
  }

  /** The daemon starts for it if need be: an agent that starts one later must not index the folder. */
  async #tellRefusal(path: string): Promise<void> {
    const { client, log } = this.#deps;
    await client
      .request('lantern/refuse', { path })
      .catch((error: unknown) => log.error(`Refusing ${path}: ${errorMessage(error)}`));
  }

  /** With `existing` only a folder that is in the daemon's index. */
  async #run(place: Place, how: Shown, existing = false): Promise<IndexReport | undefined> {
    const { path } = place;
    const { answers, client, log, status } = this.#deps;
    const cancelling = new vscode.CancellationTokenSource();
    this.#running.set(path, cancelling);
    this.#followed.add(path);
    try {
      if (!existing && this.#isRefused(place)) await answers.update(key(path), undefined);
      this.#changed.fire();
      const report = await indexWithProgress(client, place, how, { existing }, cancelling);
      log.info(
        `Indexed ${path}: ${report.filesTotal} files, ${report.chunksTotal} chunks, ` +
          `${report.chunksEmbedded} of them new to the model, in ${(report.elapsedMs / 1000).toFixed(1)} s.`,
      );
      this.#told.delete(path);
      return report;
    } catch (error) {
      if (error instanceof LanternError) {
        if (error.code === 'cancelled') this.#told.delete(path);
        if (error.code === 'cancelled' || (existing && error.code === 'not-found')) return undefined;
      }
      log.error(`Indexing ${path}: ${errorMessage(error)}`);
      throw error;
    } finally {
      // Before it no longer counts as running, so that nobody takes it for a folder that is not indexed.
      await status.refresh();
      cancelling.dispose();
      this.#running.delete(path);
      this.#changed.fire();
    }
  }

  async #bringUpToDate(): Promise<void> {
    for (const place of places()) {
      const { path } = place;
      // Asked anew for each, because the one before may have taken long.
      const known = this.#known(path);
      if (this.#isRefused(place) || this.#running.has(path) || this.#followed.has(path)) continue;
      if (known === 'indexed' || (known === 'not indexed' && this.#wants(place)))
        await this.#run(place, 'quiet', known === 'indexed').catch(() => undefined);
    }
  }

  /** One question for all folders that nobody has indexed and nobody was asked about. */
  async #ask(): Promise<void> {
    const asking = this.pending().filter(
      (place) => !this.#asked.has(place.path) && !this.#removed.has(place.path) && !this.#isRefused(place),
    );
    if (asking.length === 0) return;
    for (const { path } of asking) this.#asked.add(path);
    const names = asking.map(({ name }) => `“${name}”`).join(', ');
    const yes = 'Index';
    const always = 'Always Index';
    const no = 'Not Here';
    const chosen = await vscode.window.showInformationMessage(
      `Index ${names} for search by meaning? It is done on this machine, and nothing leaves it.`,
      yes,
      always,
      no,
    );
    if (chosen === undefined) return;
    if (chosen === no) {
      for (const { path } of asking) await this.refuse(path);
      return;
    }
    if (chosen === always) {
      await vscode.workspace.getConfiguration('lantern').update('autoIndex', 'always', true);
    }
    for (const place of asking) {
      if (this.isIndexing(place.path)) continue;
      await this.index(place, 'shown').catch((error: unknown) => {
        void vscode.window.showErrorMessage(`Lantern: ${errorMessage(error)}`);
      });
    }
  }

  /** Takes note of what others have indexed or removed. */
  #follow(): void {
    const { status } = this.#deps.status;
    if (status !== undefined) {
      const folders = status.folders.map(({ path }) => path);
      const before = this.#last?.pid === status.pid ? this.#last.folders : undefined;
      this.#last = { pid: status.pid, folders };
      for (const { path } of places()) {
        const was = before?.some((folder) => contains(folder, path));
        if (folders.some((folder) => contains(folder, path))) {
          this.#asked.delete(path);
          this.#removed.delete(path);
          // Whoever has begun the index completes it.
          if (was === false) this.#followed.add(path);
        } else if (was === true && !this.#running.has(path)) {
          this.#told.delete(path);
          this.#removed.add(path);
        }
      }
    }
    this.#tellViews();
  }

  /** Welcome views and the walkthrough use these. */
  #tellViews(): void {
    const all = places();
    const indexed = all.some(({ path }) => this.#known(path) === 'indexed');
    const needsIndex = all.length > 0 && this.searched().length === 0;
    for (const [name, value] of Object.entries({ indexed, needsIndex })) {
      if (this.#toldViews.get(name) === value) continue;
      this.#toldViews.set(name, value);
      void vscode.commands.executeCommand('setContext', `lantern.${name}`, value);
    }
  }

  #allowed(): boolean {
    return vscode.workspace.isTrusted;
  }

  /** Whether the folder is in the daemon's index, by itself or as a part of one around it. */
  #known(path: string): 'indexed' | 'not indexed' | 'unknown' {
    const { status } = this.#deps.status;
    if (status === undefined) return mayBeIndexed() ? 'unknown' : 'not indexed';
    return status.folders.some((folder) => contains(folder.path, path)) ? 'indexed' : 'not indexed';
  }

  #isPending(place: Place): boolean {
    const { path } = place;
    return this.#known(path) === 'not indexed' && !this.#running.has(path) && !this.#wants(place);
  }

  /** Whether this window indexes the folder by itself when nobody else has. */
  #wants(place: Place): boolean {
    if (this.#isRefused(place) || this.#removed.has(place.path)) return false;
    return this.#told.has(place.path) || this.#deps.autoIndex() === 'always';
  }

  #isRefused({ path }: Place): boolean {
    return this.#deps.answers.get(key(path)) === 'no';
  }
}

/** Whether the daemon may have an index. That there is none can be told without a daemon. */
function mayBeIndexed(): boolean {
  return existsSync(catalogFile(dataDir()));
}
