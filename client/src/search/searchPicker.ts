import { basename } from 'node:path';
import * as vscode from 'vscode';
import { Owner } from '../owner.js';
import { folderNamed, places } from '../places.js';
import { coversAll } from '../../../shared/src/coverage.js';
import type { Coverage, FolderGroup, SearchHit } from '../../../shared/src/protocol/protocol.js';
import { groupParams, hintFor, parseFilters } from './filters.js';
import { type LiveState, LiveSearch, type Search } from './liveSearch.js';
import { type Obstacle, type Row, failureRows, hintRows, hitRows, noteRow, recentRow } from './pickerRows.js';
import { Preview } from './preview.js';
import type { RecentSearches } from './recentSearches.js';
import { coverageText } from './rows.js';

export interface SearchPickerDependencies {
  readonly search: Search;
  readonly recent: RecentSearches;
  /** Why nothing can be found now; undefined when searching works. */
  readonly obstacle: () => Obstacle | undefined;
  /** Notes below the results, such as folders that are not indexed. */
  readonly notes: () => readonly Obstacle[];
  /** Further text in the title. */
  readonly remarks: () => readonly string[];
  readonly openAll: (query: string, hits: readonly SearchHit[]) => void;
  /** The groups of folders that the user has named. */
  readonly groups: () => readonly FolderGroup[];
}

const title = 'Search Code by Meaning';
const limit = 30;
const openAllButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('list-tree'),
  tooltip: 'Open All Results in a View',
};

/** The search box with its results. It is shown once, and ends when it is hidden. */
export class SearchPicker implements vscode.Disposable {
  readonly #deps: SearchPickerDependencies;
  readonly #owner = new Owner();
  readonly #pick = this.#owner.own(vscode.window.createQuickPick<Row>());
  readonly #preview = this.#owner.own(new Preview());
  readonly #live: LiveSearch;
  #hits: readonly SearchHit[] = [];
  /** Whether folders are searched that may not be open. */
  #isWide = false;
  /** Whether the user chose the active row. Otherwise the best row is active. */
  #moved = false;
  /** Key of the row that is to become active. The editor makes the first row active before it. */
  #awaited: string | undefined;
  #leaving = false;
  readonly ended: Promise<void>;

  constructor(deps: SearchPickerDependencies, query: string) {
    this.#deps = deps;
    this.#live = this.#owner.own(new LiveSearch(deps.search, (state) => this.#show(state)));
    const pick = this.#pick;
    pick.title = title;
    pick.placeholder =
      'What does the code do? Narrow with lang:ts  path:src/**  in:folder, widen with group:name';
    pick.matchOnDescription = false;
    pick.matchOnDetail = false;
    pick.keepScrollPosition = true;
    pick.buttons = [openAllButton];
    // Keeps the order of the daemon's ranking. Not every version of the typings has this switch.
    (pick as { sortByLabel?: boolean }).sortByLabel = false;
    pick.value = query;
    this.#owner.own(pick.onDidChangeValue((value) => this.#typed(value)));
    this.#owner.own(pick.onDidChangeActive(([row]) => this.#activated(row)));
    this.#owner.own(pick.onDidAccept(() => void this.#accept()));
    this.#owner.own(pick.onDidTriggerItemButton(({ item, button }) => void this.#pressed(item, button)));
    this.#owner.own(pick.onDidTriggerButton(() => this.#openAll()));
    this.ended = new Promise((resolve) => {
      this.#owner.own(
        pick.onDidHide(() => {
          const leaving = this.#leaving ? Promise.resolve() : this.#preview.restore();
          void leaving.finally(() => {
            this.dispose();
            resolve();
          });
        }),
      );
    });
  }

  show(): void {
    this.#typed(this.#pick.value);
    this.#pick.show();
  }

  /** Searches again after something that the rows depend on has changed. */
  refresh(): void {
    const moved = this.#moved;
    this.#typed(this.#pick.value);
    this.#moved = moved;
  }

  /** Opens the active row to the side. */
  async acceptAside(): Promise<void> {
    await this.#accept(true);
  }

  dispose(): void {
    this.#owner.dispose();
  }

  /** Whether the rows are final for the typed query. */
  get settled(): boolean {
    return !this.#pick.busy;
  }

  /** The row that Enter opens. */
  get active(): Row | undefined {
    return this.#pick.activeItems[0];
  }

  /** The texts of the rows, for tests. */
  get rows(): readonly Row[] {
    return this.#pick.items;
  }

  #typed(value: string): void {
    this.#moved = false;
    const obstacle = this.#deps.obstacle();
    if (obstacle !== undefined) {
      this.#rest([noteRow(obstacle)]);
      return;
    }
    const hint = hintFor(value);
    if (hint !== undefined) {
      const rows = hintRows(hint, places(), this.#deps.groups());
      if (rows.length > 0) {
        this.#rest(rows);
        return;
      }
    }
    const { text, folder, group, glob, language } = parseFilters(value);
    if (text === '') {
      this.#rest([...this.#deps.recent.list().map(recentRow), ...this.#deps.notes().map(noteRow)]);
      return;
    }
    const path = folder === undefined ? undefined : folderNamed(folder);
    if (folder !== undefined && path === undefined) {
      const known = places().map(({ name }) => name);
      this.#rest([
        noteRow({ text: `No folder is called “${folder}”`, detail: `There is: ${known.join(', ')}` }),
      ]);
      return;
    }
    this.#isWide = group !== undefined;
    this.#pick.busy = true;
    this.#live.ask({
      query: text,
      limit,
      ...groupParams(group),
      ...(path !== undefined && { path }),
      ...(glob !== undefined && { glob }),
      ...(language !== undefined && { language }),
    });
  }

  /** Shows the rows that need no search. */
  #rest(rows: readonly Row[]): void {
    this.#live.cancel();
    this.#hits = [];
    this.#pick.busy = false;
    this.#pick.title = title;
    this.#setItems(rows);
  }

  #show(state: LiveState): void {
    if (state.kind === 'failed') {
      this.#pick.busy = false;
      this.#setItems(failureRows('The search failed', state.reason, showLog));
      return;
    }
    const { hits, coverage } = state.result;
    this.#hits = hits;
    this.#pick.busy = !state.final;
    // A complete answer needs no note.
    const isWhole = coverage.semantic && coversAll(coverage) && coverage.reason === undefined;
    const remarks = [...(isWhole ? [] : [coverageText(coverage)]), ...this.#deps.remarks()];
    this.#pick.title = [title, remarks.join(', ')].filter(Boolean).join(': ');
    const several = places().length > 1 || this.#isWide;
    const rows = hitRows(hits, ({ folder }) => (several ? nameOf(folder) : undefined));
    const notes = this.#deps.notes().map(noteRow);
    // A lexical search often finds nothing where a hybrid one does.
    if (rows.length === 0 && !state.final && !coverage.semantic) {
      if (this.#pick.items.some(({ hit }) => hit !== undefined)) return;
      this.#setItems([noteRow({ text: 'Looking …', detail: coverageText(coverage) }), ...notes]);
    } else if (rows.length === 0) this.#setItems([noteRow(nothing(coverage)), ...notes]);
    else this.#setItems([...rows, ...notes]);
  }

  /** Replaces the rows. The user's row stays active, wherever it moves to. */
  #setItems(rows: readonly Row[]): void {
    const pick = this.#pick;
    const same =
      rows.length === pick.items.length && rows.every((row, at) => row.key === pick.items[at]?.key);
    if (same) return;
    const active = this.#moved ? pick.activeItems[0]?.key : undefined;
    // A note above the hits is read, not chosen.
    const stays = active === undefined ? bestOf(rows) : rows.find(({ key }) => key === active);
    this.#awaited = stays?.key;
    pick.items = rows;
    if (stays !== undefined) pick.activeItems = [stays];
  }

  #activated(row: Row | undefined): void {
    if (row === undefined) return;
    if (this.#awaited !== undefined) {
      if (row.key !== this.#awaited) return;
      this.#awaited = undefined;
    } else this.#moved = row.key !== bestOf(this.#pick.items)?.key;
    if (row.hit !== undefined) void this.#preview.show(row.hit).catch(() => undefined);
  }

  async #accept(aside = false): Promise<void> {
    const [row] = this.#pick.activeItems;
    if (row?.value !== undefined) {
      this.#pick.value = row.value;
      this.#typed(row.value);
      return;
    }
    if (row?.hit !== undefined) {
      const { hit } = row;
      this.#leave();
      await this.#deps.recent.add(this.#query);
      await this.#preview.open(hit, aside);
      return;
    }
    if (row?.command !== undefined) {
      const { command } = row;
      this.#pick.hide();
      await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
    }
  }

  async #pressed(row: Row, button: vscode.QuickInputButton): Promise<void> {
    const action = row.actions?.find((one) => one.button === button);
    if (action === undefined) return;
    switch (action.kind) {
      case 'aside':
        this.#pick.activeItems = [row];
        await this.#accept(true);
        return;
      case 'related':
        this.#leave();
        await this.#preview.restore();
        this.#pick.hide();
        await vscode.commands.executeCommand('lantern.findRelated', row.hit);
        return;
      case 'copy':
        await vscode.env.clipboard.writeText(action.text);
        vscode.window.setStatusBarMessage(`Copied ${action.text}`, 3000);
        return;
      case 'forget':
        await this.#deps.recent.remove(action.text);
        this.#typed(this.#pick.value);
    }
  }

  #openAll(): void {
    if (this.#hits.length === 0) return;
    const query = this.#query;
    const hits = this.#hits;
    this.#pick.hide();
    void this.#deps.recent.add(query);
    this.#deps.openAll(query, hits);
  }

  get #query(): string {
    return this.#pick.value;
  }

  /** Hides the list without restoring the editor. */
  #leave(): void {
    this.#leaving = true;
    this.#live.cancel();
    this.#pick.hide();
  }
}

const showLog: vscode.Command = { command: 'lantern.showLog', title: 'Show Log' };

/** The row that is active unless the user chose another: a note above the hits is read, not chosen. */
const bestOf = (rows: readonly Row[]): Row | undefined =>
  rows.find(({ hit }) => hit !== undefined) ?? rows[0];

function nothing(coverage: Coverage): Obstacle {
  if (coverage.emptyBecause !== undefined) {
    return { text: 'There are no files to search', detail: coverage.emptyBecause };
  }
  if (coverage.filesTotal === 0) {
    return {
      text: 'Nothing is indexed yet',
      detail: 'The answer comes as soon as the first files have been read.',
    };
  }
  return {
    text: 'Nothing found',
    detail: `Searched ${coverageText(coverage)}. Try other words for what the code does, or fewer filters.`,
  };
}

function nameOf(folder: string): string {
  return (
    places().find(({ path }) => folder === path || folder.startsWith(`${path}/`))?.name ?? basename(folder)
  );
}
