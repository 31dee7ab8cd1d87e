import { isAbsolute, relative } from 'node:path';
import * as vscode from 'vscode';
import { contains } from '../../shared/src/contains.js';
import { LanternError, errorMessage } from '../../shared/src/errors.js';
import type { Disposable } from '../../shared/src/disposable.js';
import type { SearchHit } from '../../shared/src/protocol/protocol.js';
import { chooseModel } from './status/chooseModel.js';
import type { DaemonClient } from './daemonClient.js';
import type { MemoryView } from './status/memoryView.js';
import { Owner } from './owner.js';
import { type Place, placeOf, places } from './places.js';
import { type RelatedChoice, everyRelation, relatedChoices } from './search/relations.js';
import type { ResultNode, ResultsView } from './search/resultsView.js';
import type { SearchUi } from './search/searchUi.js';
import type { SettingsSync } from './settingsSync.js';
import type { StatusModel } from './status/statusModel.js';
import { bytes } from './status/statusText.js';
import type { WorkspaceIndex } from './workspaceIndex.js';

export interface CommandDependencies {
  readonly client: DaemonClient;
  readonly index: WorkspaceIndex;
  readonly search: SearchUi;
  readonly results: ResultsView;
  readonly memoryView: MemoryView;
  readonly status: StatusModel;
  readonly settings: SettingsSync;
  readonly log: vscode.LogOutputChannel;
  /** The command line's program, by absolute path. */
  readonly commandLine: string;
}

const relatedLimit = 30;

/** Registers every command. Each only calls the part that does the work. */
export function registerCommands(deps: CommandDependencies): Disposable {
  const { client, index, log, memoryView, results, search, settings, status } = deps;
  const owner = new Owner();
  const on = (name: string, run: (...args: unknown[]) => unknown): void => {
    owner.own(
      vscode.commands.registerCommand(`lantern.${name}`, async (...args: unknown[]) => {
        try {
          return await run(...args);
        } catch (error) {
          if (error instanceof LanternError && error.code === 'cancelled') return undefined;
          log.error(`${name}: ${errorMessage(error)}`);
          void offerLog(`Lantern: ${errorMessage(error)}`);
          return undefined;
        }
      }),
    );
  };
  const say = (text: string): void => void vscode.window.setStatusBarMessage(`Lantern: ${text}`, 5000);
  const trusted = (): void => {
    if (!vscode.workspace.isTrusted)
      throw new LanternError('bad-request', 'This workspace is not trusted. Trust it first.');
  };

  on('search', (query) => search.open(typeof query === 'string' ? query : ''));
  on('openAside', () => search.acceptAside());
  on('findRelated', (target) => (trusted(), findRelated(deps, target, everyRelation)));
  on('findRelatedBy', async (target) => {
    trusted();
    const from = await placeAsked(deps, target);
    const choice = await vscode.window.showQuickPick(relatedChoices, {
      placeHolder: `What is related to ${titleOf(from)}, and how?`,
    });
    if (choice !== undefined) await findRelated(deps, from, choice);
  });

  on('index', async (paths) => {
    for (const place of await chosenPlaces(paths, 'Index which folder?')) {
      const report = await index.index(place, 'shown');
      if (report !== undefined) say(`indexed ${report.filesTotal} files of ${place.name}`);
    }
  });
  on('rebuild', async (paths) => {
    trusted();
    for (const place of await chosenPlaces(paths, 'Rebuild the index of which folder?')) {
      await client.request('lantern/remove', { path: place.path }).catch(ignoreNotFound);
      const report = await index.index(place, 'shown');
      if (report !== undefined) say(`rebuilt the index of ${place.name}: ${report.filesTotal} files`);
    }
  });
  on('remove', async (paths) => {
    for (const place of await chosenPlaces(paths, 'Remove the index of which folder?')) {
      const remove = 'Remove Index';
      const answer = await vscode.window.showWarningMessage(
        `Remove the index of “${place.name}”?`,
        {
          modal: true,
          detail: 'The files stay as they are. Searching the folder by meaning needs indexing it again.',
        },
        remove,
      );
      if (answer !== remove) continue;
      const removed = await client.request('lantern/remove', { path: place.path });
      await index.refuse(place.path);
      say(`removed the index of ${place.name}, ${removed.files} files`);
    }
  });
  on('pause', async () => {
    await client.request('lantern/pause', {});
    say('indexing is paused');
  });
  on('resume', async () => {
    await client.request('lantern/resume', {});
    say('indexing goes on');
  });
  on('clearCache', async () => {
    const freed = await client.request('lantern/clearCache', {});
    await status.refresh();
    say(
      freed.models === 0
        ? 'no model was in memory'
        : `freed ${bytes(freed.bytes)}; the next search loads the model again`,
    );
  });
  on('selectModel', () => (trusted(), chooseModel(client)));
  on('setChromaApiKey', () => settings.askForApiKey());
  on('connectAgent', async () => {
    // Evaluated only here: activation does not need to know how agents are configured.
    const { connectAgent } = await import('./agents/connectAgent.js');
    await connectAgent(deps.commandLine);
  });
  on('showStatus', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'json',
      content: JSON.stringify(await client.request('lantern/status', {}), null, 2),
    });
    await vscode.window.showTextDocument(document);
  });
  on('showMemory', () => {
    memoryView.show();
    if (vscode.workspace.isTrusted && places().length > 0) void client.connect().catch(() => undefined);
  });
  on('showLog', () => log.show(true));

  on('results.open', (node) => isNode(node) && node.kind === 'hit' && results.open(node));
  on('results.refresh', () => results.refresh());
  on('results.openAll', () => results.openAll());
  on('results.sortByPath', () => results.sortBy('path'));
  on('results.sortByRank', () => results.sortBy('rank'));
  on('results.clear', () => results.clear());
  on('results.dismiss', (node) => results.dismiss(isNode(node) ? node : undefined));
  return owner;
}

type CodePlace = Pick<SearchHit, 'folder' | 'path' | 'startLine'>;

/** The place that a command is about: a hit, or where the cursor is. Its folder must be indexed. */
async function placeAsked({ index, status }: CommandDependencies, target: unknown): Promise<CodePlace> {
  const from = isHit(target) ? target : atCursor();
  if (from === undefined)
    throw new LanternError('bad-request', 'Open a file of the workspace and put the cursor in it.');
  await status.learn();
  if (!index.searched().some(({ path }) => contains(path, from.folder))) {
    throw new LanternError(
      'bad-request',
      `${from.folder} is not indexed yet. Run “Lantern: Index Folder” first.`,
    );
  }
  return from;
}

/** Shows code related to the cursor's position, or to a hit. */
async function findRelated(deps: CommandDependencies, target: unknown, choice: RelatedChoice): Promise<void> {
  const { client, results } = deps;
  const from = await placeAsked(deps, target);
  const place = { path: from.folder, file: from.path, line: from.startLine };
  const params = { ...place, limit: relatedLimit, ...choice.params };
  const again = async (): Promise<readonly SearchHit[]> =>
    (await client.request('lantern/findRelated', params)).hits;
  const hits = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Lantern: looking for related code' },
    again,
  );
  await results.show({ title: `${choice.title} ${titleOf(from)}`, hits, again });
}

/** The place as the user knows it, relative to its folder. */
function titleOf({ folder, path, startLine }: CodePlace): string {
  return `${isAbsolute(path) ? relative(folder, path) : path}:${startLine}`;
}

function atCursor(): CodePlace | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== 'file') return undefined;
  const place = placeOf(editor.document.uri.fsPath);
  if (place === undefined) return undefined;
  return { folder: place.path, path: editor.document.uri.fsPath, startLine: editor.selection.start.line + 1 };
}

/** The named folders, otherwise the only one, otherwise the one that the user picks. */
async function chosenPlaces(paths: unknown, placeHolder: string): Promise<Place[]> {
  const all = places();
  if (all.length === 0) throw new LanternError('bad-request', 'No folder is open.');
  if (Array.isArray(paths)) return all.filter(({ path }) => (paths as unknown[]).includes(path));
  if (all.length === 1) return all;
  const rows = all.map((place) => ({ label: place.name, description: place.path, place }));
  const chosen = await vscode.window.showQuickPick(rows, { placeHolder, canPickMany: false });
  return chosen === undefined ? [] : [chosen.place];
}

async function offerLog(message: string): Promise<void> {
  const show = 'Show Log';
  if ((await vscode.window.showErrorMessage(message, show)) === show) {
    await vscode.commands.executeCommand('lantern.showLog');
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof LanternError && error.code === 'not-found')) throw error;
}

function isHit(value: unknown): value is SearchHit {
  return (
    typeof value === 'object' &&
    value !== null &&
    'folder' in value &&
    'startLine' in value &&
    'path' in value
  );
}

function isNode(value: unknown): value is ResultNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
