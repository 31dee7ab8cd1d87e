import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { LanternError, errorMessage } from '../../shared/src/errors.js';
import type { IndexProgress, IndexReport } from '../../shared/src/protocol/protocol.js';
import type { DaemonClient } from './daemonClient.js';
import { Owner } from './owner.js';
import { type Place, places } from './places.js';
import { filesOf } from './status/statusText.js';

/** Whether this window's folders are indexed without asking. */
export type AutoIndex = 'ask' | 'always' | 'never';

export interface WorkspaceIndexDependencies {
  readonly client: DaemonClient;
  readonly log: vscode.LogOutputChannel;
  /** Stores the user's answers by folder. */
  readonly answers: vscode.Memento;
  readonly autoIndex: () => AutoIndex;
}

type Answer = 'yes' | 'no';

const key = (path: string): string => `lantern.consent:${path}`;

/** Keeps the folders of this window indexed: those that the user agreed to, while the workspace is trusted. */
export class WorkspaceIndex implements vscode.Disposable {
  readonly #deps: WorkspaceIndexDependencies;
  readonly #owner = new Owner();
  readonly #changed = this.#owner.own(new vscode.EventEmitter<void>());
  /** Folders that are being indexed for this window, and how to cancel that. */
  readonly #running = new Map<string, vscode.CancellationTokenSource>();
  /** Folders that this window has asked about, so that it asks only once. */
  readonly #asked = new Set<string>();

  /** Fires when the answers or the running work have changed. */
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
    this.#owner.own(
      deps.client.onDidChangeState(({ kind }) => {
        // Every time: a daemon that replaced another one does not know what changed in between.
        if (kind === 'connected') void this.#catchUp();
      }),
    );
  }

  /** Folders that the user, or the settings, agreed to index. */
  accepted(): Place[] {
    return this.#allowed() ? places().filter(({ path }) => this.#answer(path) === 'yes') : [];
  }

  /** Folders that are not indexed, because there is no answer or it was no. */
  pending(): Place[] {
    return places().filter(({ path }) => this.#answer(path) !== 'yes');
  }

  isIndexing(path: string): boolean {
    return this.#running.has(path);
  }

  /** Indexes the accepted folders, and asks about the others if the settings say so. */
  async consider(): Promise<void> {
    if (!this.#allowed()) return;
    const { autoIndex } = this.#deps;
    if (autoIndex() === 'never') return;
    for (const place of this.accepted()) void this.index(place, 'quiet').catch(() => undefined);
    if (autoIndex() === 'ask')
      await this.#ask(places().filter(({ path }) => this.#answer(path) === undefined));
  }

  /** Brings one folder up to date. With `shown` the progress is shown to the user, who may cancel it. */
  async index(place: Place, how: 'shown' | 'quiet'): Promise<IndexReport | undefined> {
    if (!this.#allowed()) throw new LanternError('bad-request', 'Lantern indexes trusted workspaces only.');
    if (this.#running.has(place.path)) return undefined;
    const cancelling = new vscode.CancellationTokenSource();
    this.#running.set(place.path, cancelling);
    await this.#remember(place.path, 'yes');
    try {
      const location =
        how === 'shown' ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;
      return await vscode.window.withProgress(
        { location, title: `Lantern: indexing ${place.name}`, cancellable: how === 'shown' },
        async (progress, token) => {
          const listening = token.onCancellationRequested(() => cancelling.cancel());
          try {
            return await this.#run(place, progress, cancelling.token);
          } finally {
            listening.dispose();
          }
        },
      );
    } catch (error) {
      if (error instanceof LanternError && error.code === 'cancelled') return undefined;
      this.#deps.log.error(`Indexing ${place.path}: ${errorMessage(error)}`);
      throw error;
    } finally {
      cancelling.dispose();
      this.#running.delete(place.path);
      this.#changed.fire();
    }
  }

  /** Deletes the answer, so that the folder is not indexed again by itself. */
  async forget(path: string): Promise<void> {
    this.#running.get(path)?.cancel();
    await this.#remember(path, 'no');
  }

  dispose(): void {
    for (const running of this.#running.values()) running.cancel();
    this.#owner.dispose();
  }

  async #run(
    place: Place,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    token: vscode.CancellationToken,
  ): Promise<IndexReport> {
    const { client, log } = this.#deps;
    const job = randomUUID();
    let shown = 0;
    const listening = client.onDidProgress((event) => {
      if (event.token !== job) return;
      // A search in between would compare with the disk again, which would take its time.
      if (event.progress.kind === 'scanning' && shown > 0) return;
      const percent = percentOf(event.progress);
      progress.report({ message: describe(event.progress), increment: Math.max(0, percent - shown) });
      shown = Math.max(shown, percent);
    });
    try {
      const report = await client.request('lantern/index', { path: place.path, token: job }, token);
      log.info(
        `Indexed ${place.path}: ${report.filesTotal} files, ${report.chunksTotal} chunks, ` +
          `${report.chunksEmbedded} of them new to the model, in ${(report.elapsedMs / 1000).toFixed(1)} s.`,
      );
      return report;
    } finally {
      listening.dispose();
    }
  }

  async #catchUp(): Promise<void> {
    if (this.#deps.autoIndex() === 'never') return;
    for (const place of this.accepted()) await this.index(place, 'quiet').catch(() => undefined);
  }

  /** One question for all folders without an answer. */
  async #ask(open: readonly Place[]): Promise<void> {
    const asking = open.filter(({ path }) => !this.#asked.has(path));
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
      for (const { path } of asking) await this.#remember(path, 'no');
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

  /** Welcome views and the walkthrough use these. */
  #tellViews(): void {
    const some = this.accepted().length > 0;
    void vscode.commands.executeCommand('setContext', 'lantern.indexed', some);
    void vscode.commands.executeCommand('setContext', 'lantern.needsIndex', !some && places().length > 0);
  }

  #allowed(): boolean {
    return vscode.workspace.isTrusted;
  }

  #answer(path: string): Answer | undefined {
    const given = this.#deps.answers.get<Answer>(key(path));
    return given ?? (this.#deps.autoIndex() === 'always' ? 'yes' : undefined);
  }

  async #remember(path: string, answer: Answer): Promise<void> {
    if (this.#deps.answers.get<Answer>(key(path)) !== answer)
      await this.#deps.answers.update(key(path), answer);
    this.#changed.fire();
  }
}

function percentOf(progress: IndexProgress): number {
  return progress.kind === 'scanning' || progress.total === 0 ? 0 : (100 * progress.done) / progress.total;
}

function describe(progress: IndexProgress): string {
  const { secondsLeft } = progress;
  const left = secondsLeft < 0 ? '' : `, ${duration(secondsLeft)} left`;
  if (progress.kind === 'scanning') return `reading ${filesOf(progress)}${left}`;
  const { done, total } = progress;
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} % (${done} of ${total} chunks${left})`;
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
