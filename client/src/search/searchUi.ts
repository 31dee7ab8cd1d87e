import * as vscode from 'vscode';
import { contains } from '../../../shared/src/contains.js';
import type { FolderGroup, SearchHit, StatusResult } from '../../../shared/src/protocol/protocol.js';
import type { DaemonClient } from '../daemonClient.js';
import { Owner } from '../owner.js';
import { type Place, places } from '../places.js';
import type { Obstacle } from './pickerRows.js';
import type { RecentSearches } from './recentSearches.js';
import { SearchPicker } from './searchPicker.js';
import type { StatusModel } from '../status/statusModel.js';
import type { WorkspaceIndex } from '../workspaceIndex.js';

export interface SearchUiDependencies {
  readonly client: DaemonClient;
  readonly index: WorkspaceIndex;
  readonly status: StatusModel;
  readonly recent: RecentSearches;
  readonly openAll: (query: string, hits: readonly SearchHit[]) => void;
}

const showLog: vscode.Command = { command: 'lantern.showLog', title: 'Show Log' };
const contextKey = 'lantern.searchOpen';

/** Opens the search box, one at a time, and says what prevents searching. */
export class SearchUi implements vscode.Disposable {
  readonly #deps: SearchUiDependencies;
  readonly #owner = new Owner();
  #picker: SearchPicker | undefined;
  #indexState: string | undefined;
  #groups: readonly FolderGroup[] = [];

  constructor(deps: SearchUiDependencies) {
    this.#deps = deps;
    this.#owner.own(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#picker?.refresh()));
    this.#owner.own(deps.index.onDidChange(() => this.#picker?.refresh()));
    this.#owner.own(deps.status.onDidChange(() => this.#lookAgain()));
  }

  /** The open box, if there is one; for tests. */
  get picker(): SearchPicker | undefined {
    return this.#picker;
  }

  open(query: string): void {
    this.#picker?.dispose();
    const { client, recent, openAll } = this.#deps;
    const picker = new SearchPicker(
      {
        search: (params, token) => client.request('lantern/search', params, token),
        recent,
        obstacle: () => this.#obstacle(),
        notes: () => this.#notes(),
        remarks: () => (this.#folders().some(isPaused) ? ['paused'] : []),
        openAll,
        groups: () => this.#groups,
      },
      query,
    );
    this.#picker = picker;
    void vscode.commands.executeCommand('setContext', contextKey, true);
    void picker.ended.then(() => {
      if (this.#picker !== picker) return;
      this.#picker = undefined;
      void vscode.commands.executeCommand('setContext', contextKey, false);
    });
    picker.show();
    if (this.#obstacle() === undefined) this.#prepare().catch(() => undefined);
  }

  async acceptAside(): Promise<void> {
    await this.#picker?.acceptAside();
  }

  dispose(): void {
    this.#picker?.dispose();
    this.#owner.dispose();
  }

  /** Loads the model while the user types, unless the daemon says that there is nothing to search. */
  async #prepare(): Promise<void> {
    const { client, status } = this.#deps;
    await status.learn();
    // Only who types `group:` needs them.
    client.request('lantern/groups', {}).then(
      ({ groups }) => (this.#groups = groups),
      () => undefined,
    );
    if (this.#obstacle() === undefined) await client.request('lantern/preload', {});
  }

  /** Searches again when indexing begins or ends under an open box. Meanwhile the box repeats the search itself. */
  #lookAgain(): void {
    const { status } = this.#deps.status;
    const state = JSON.stringify(
      status?.folders.map((folder) => [folder.path, folder.files, folder.indexedAt, folder.status.kind]),
    );
    if (state === this.#indexState) return;
    this.#indexState = state;
    this.#picker?.refresh();
  }

  #obstacle(): Obstacle | undefined {
    const folders = vscode.workspace.workspaceFolders ?? [];
    if (folders.length === 0) {
      return {
        text: 'No folder is open',
        detail: 'Open a folder to search its code.',
        command: { command: 'vscode.openFolder', title: 'Open Folder' },
      };
    }
    if (!vscode.workspace.isTrusted) {
      return {
        text: 'This workspace is not trusted',
        detail: 'Nothing in it is read or indexed until you trust it.',
        command: { command: 'workbench.trust.manage', title: 'Manage Workspace Trust' },
      };
    }
    if (places().length === 0) {
      return {
        text: 'This workspace is not on a disk',
        detail: 'Lantern searches folders on a file system only.',
      };
    }
    const { index } = this.#deps;
    if (index.searched().length === 0) return indexNote(index.pending());
    return undefined;
  }

  /** The state of this window's folders by the daemon. */
  #folders(): StatusResult['folders'] {
    const own = places();
    const folders = this.#deps.status.status?.folders ?? [];
    return folders.filter((folder) => own.some(({ path }) => contains(folder.path, path)));
  }

  /** What makes the answer incomplete. */
  #notes(): Obstacle[] {
    const { index } = this.#deps;
    const folders = this.#folders();
    const notes: Obstacle[] = [];
    if (folders.some(isPaused)) {
      notes.push({
        text: 'Indexing is paused',
        detail: 'Until it goes on, what is new is found by its words only. Choose this to go on.',
        command: { command: 'lantern.resume', title: 'Resume' },
      });
    }
    for (const { path, status: one } of folders) {
      if (one.kind === 'failed')
        notes.push({ text: `Indexing ${path} failed`, detail: one.reason, command: showLog });
    }
    const pending = index.pending();
    if (pending.length > 0) notes.push(indexNote(pending));
    return notes;
  }
}

const isPaused = ({ status }: StatusResult['folders'][number]): boolean => status.kind === 'paused';

function indexNote(pending: readonly Place[]): Obstacle {
  const names = pending.map(({ name }) => `“${name}”`).join(', ');
  return {
    text: `Index ${names}`,
    detail: 'Not indexed yet. It is done on this machine, and nothing leaves it.',
    command: { command: 'lantern.index', title: 'Index', arguments: [pending.map(({ path }) => path)] },
  };
}
