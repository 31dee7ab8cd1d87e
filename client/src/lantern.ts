import * as vscode from 'vscode';
import { errorMessage } from '../../shared/src/errors.js';
import type { SearchHit } from '../../shared/src/protocol/protocol.js';
import { registerCommands } from './commands.js';
import { refreshAgents } from './agents/agentLauncher.js';
import { DaemonClient } from './daemonClient.js';
import { McpProvider } from './agents/mcpProvider.js';
import { MemoryView } from './status/memoryView.js';
import { OpenFiles } from './openFiles.js';
import { Owner } from './owner.js';
import { ResultsView } from './search/resultsView.js';
import { folderNamed } from './places.js';
import { groupParams, parseFilters } from './search/filters.js';
import { RecentSearches } from './search/recentSearches.js';
import { SearchUi } from './search/searchUi.js';
import { SettingsSync } from './settingsSync.js';
import { StatusBar } from './status/statusBar.js';
import { StatusModel } from './status/statusModel.js';
import { type AutoIndex, WorkspaceIndex } from './workspaceIndex.js';

/** The built programs that the extension starts, by absolute path. */
export interface Programs {
  readonly daemon: string;
  readonly commandLine: string;
}

/** The composition root of the extension: makes every part and joins them. */
export class Lantern implements vscode.Disposable {
  readonly #owner = new Owner();
  /** Milliseconds that activation took in the extension host. */
  activatedInMs = 0;
  readonly settings: SettingsSync;
  readonly client: DaemonClient;
  readonly index: WorkspaceIndex;
  readonly search: SearchUi;
  readonly results: ResultsView;
  readonly status: StatusModel;
  readonly statusBar: StatusBar;

  constructor(context: vscode.ExtensionContext, { daemon, commandLine }: Programs) {
    const own = this.#owner.own.bind(this.#owner);
    const log = own(vscode.window.createOutputChannel('Lantern', { log: true }));
    this.settings = own(new SettingsSync({ secrets: context.secrets, log }));
    this.client = own(
      new DaemonClient({
        script: daemon,
        log,
        prepare: () => this.settings.prepare(),
        reportsSave: (path) => this.index.keepsFresh(path),
      }),
    );
    this.status = own(new StatusModel(this.client));
    this.statusBar = own(new StatusBar(this.status));
    this.results = own(new ResultsView());
    const memoryView = own(
      new MemoryView(vscode.Uri.joinPath(context.extensionUri, 'client', 'media'), this.status),
    );
    const autoIndex = (): AutoIndex =>
      vscode.workspace.getConfiguration('lantern').get<AutoIndex>('autoIndex', 'ask');
    this.index = own(
      new WorkspaceIndex({
        client: this.client,
        status: this.status,
        log,
        answers: context.globalState,
        autoIndex,
      }),
    );
    const openAll = (query: string, hits: readonly SearchHit[]): void => this.#showAll(query, hits);
    const recent = new RecentSearches(context.workspaceState);
    this.search = own(
      new SearchUi({ client: this.client, index: this.index, status: this.status, recent, openAll }),
    );
    const { client, index, results, search, settings, status } = this;
    own(new OpenFiles(this.client));
    own(registerCommands({ client, index, results, search, settings, status, memoryView, log, commandLine }));
    own(new McpProvider(commandLine));
    // Activation has ended when this runs.
    const later = setImmediate(() => {
      const logged = (error: unknown): void => log.error(errorMessage(error));
      index.consider().catch(logged);
      refreshAgents(commandLine).catch(logged);
    });
    own({ dispose: () => clearImmediate(later) });
  }

  /** Ends the session with the daemon. */
  async stop(): Promise<void> {
    await this.client.stop();
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #showAll(query: string, hits: readonly SearchHit[]): void {
    const { text, folder, group, glob, language } = parseFilters(query);
    const path = folder === undefined ? undefined : folderNamed(folder);
    const again = async (): Promise<readonly SearchHit[]> => {
      const found = await this.client.request('lantern/search', {
        query: text,
        limit: 100,
        ...groupParams(group),
        ...(path !== undefined && { path }),
        ...(glob !== undefined && { glob }),
        ...(language !== undefined && { language }),
      });
      return found.hits;
    };
    void this.results.show({ title: query, hits, again });
  }
}
