import * as vscode from 'vscode';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { safeLine, safeLines } from '../../../shared/src/safeText.js';
import { Owner } from '../owner.js';
import { answerIn, uriOf } from './preview.js';
import { hitLabel, hitNote, keyOf } from './rows.js';

/** The hits of the view, and how to find them again. */
export interface ResultSet {
  readonly title: string;
  readonly hits: readonly SearchHit[];
  readonly again: () => Promise<readonly SearchHit[]>;
}

interface FileNode {
  readonly kind: 'file';
  readonly uri: vscode.Uri;
  readonly hits: readonly SearchHit[];
}

interface HitNode {
  readonly kind: 'hit';
  readonly hit: SearchHit;
}

export type ResultNode = FileNode | HitNode;

/** Files in the order of their best hit, each with its hits in theirs; or by path and line. */
export type ResultOrder = 'rank' | 'path';

/** More files are opened only when the user agrees. */
const openedUnasked = 20;

/** A tree of results that stays: files, each with its hits. */
export class ResultsView implements vscode.TreeDataProvider<ResultNode>, vscode.Disposable {
  readonly #owner = new Owner();
  readonly #changed = this.#owner.own(new vscode.EventEmitter<void>());
  readonly #view: vscode.TreeView<ResultNode>;
  #results: ResultSet | undefined;
  #order: ResultOrder = 'rank';
  readonly #dismissed = new Set<string>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor() {
    this.#view = this.#owner.own(
      vscode.window.createTreeView('lantern.results', {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.#draw();
  }

  /** Replaces the shown results. */
  async show(results: ResultSet): Promise<void> {
    this.#results = results;
    this.#dismissed.clear();
    this.#draw();
    await vscode.commands.executeCommand('lantern.results.focus');
  }

  async refresh(): Promise<void> {
    const results = this.#results;
    if (results === undefined) return;
    const hits = await vscode.window.withProgress({ location: { viewId: 'lantern.results' } }, results.again);
    if (this.#results !== results) return;
    this.#results = { ...results, hits };
    this.#draw();
  }

  clear(): void {
    this.#results = undefined;
    this.#dismissed.clear();
    this.#draw();
  }

  /** Leaves out a node until the next results, with the others that are selected; by the keyboard, those alone. */
  dismiss(node?: ResultNode): void {
    const { selection } = this.#view;
    for (const one of node === undefined || selection.includes(node) ? selection : [node])
      for (const hit of one.kind === 'hit' ? [one.hit] : one.hits) this.#dismissed.add(keyOf(hit));
    this.#draw();
  }

  sortBy(order: ResultOrder): void {
    this.#order = order;
    this.#draw();
  }

  getChildren(node?: ResultNode): ResultNode[] {
    if (node === undefined) return this.#files();
    return node.kind === 'file' ? node.hits.map((hit): HitNode => ({ kind: 'hit', hit })) : [];
  }

  getTreeItem(node: ResultNode): vscode.TreeItem {
    if (node.kind === 'file') {
      const item = new vscode.TreeItem(node.uri, vscode.TreeItemCollapsibleState.Expanded);
      item.id = node.uri.toString();
      item.description = vscode.workspace.asRelativePath(vscode.Uri.joinPath(node.uri, '..'));
      item.contextValue = 'lantern.file';
      item.iconPath = vscode.ThemeIcon.File;
      return item;
    }
    const { hit } = node;
    const item = new vscode.TreeItem(hitLabel(hit));
    item.id = keyOf(hit);
    item.description = hitNote(hit);
    item.tooltip = new vscode.MarkdownString().appendCodeblock(
      safeLines(hit.text.slice(0, 1500)),
      hit.language,
    );
    item.contextValue = 'lantern.hit';
    item.command = { command: 'lantern.results.open', title: 'Open', arguments: [node] };
    item.accessibilityInformation = {
      label: `${safeLine(hit.line.text)}, ${hitNote(hit)}, ${safeLine(hit.path)}, lines ${hit.startLine} to ${hit.endLine}`,
    };
    return item;
  }

  async open({ hit }: HitNode): Promise<void> {
    await showAnswer(hit, { preview: true });
  }

  /** Opens every file that is left, each at its best hit. Asks before it opens many. */
  async openAll(): Promise<void> {
    const files = this.#files();
    if (files.length > openedUnasked) {
      const agreed = await vscode.window.showWarningMessage(
        `Open ${files.length} files?`,
        { modal: true },
        'Open',
      );
      if (agreed === undefined) return;
    }
    for (const { hits } of files) {
      const [hit] = hits;
      if (hit !== undefined) await showAnswer(hit, { preview: false, preserveFocus: true });
    }
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #files(): FileNode[] {
    const files = new Map<string, { uri: vscode.Uri; hits: SearchHit[] }>();
    for (const hit of this.#results?.hits ?? []) {
      if (this.#dismissed.has(keyOf(hit))) continue;
      const uri = uriOf(hit);
      const file = files.get(uri.toString()) ?? { uri, hits: [] };
      file.hits.push(hit);
      files.set(uri.toString(), file);
    }
    const found = [...files.values()].map(({ uri, hits }): FileNode => ({ kind: 'file', uri, hits }));
    if (this.#order === 'rank') return found;
    return found
      .map((file) => ({ ...file, hits: file.hits.toSorted((a, b) => a.startLine - b.startLine) }))
      .sort((a, b) => (a.uri.path < b.uri.path ? -1 : 1));
  }

  #draw(): void {
    const files = this.#files();
    const count = files.reduce((sum, { hits }) => sum + hits.length, 0);
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip: `${count} results` };
    const left = count === 0 ? 'no results are left. Refresh to look again.' : `${count} results`;
    this.#view.message = this.#results === undefined ? '' : `${this.#results.title}: ${left}`;
    void vscode.commands.executeCommand('setContext', 'lantern.hasResults', this.#results !== undefined);
    void vscode.commands.executeCommand('setContext', 'lantern.resultOrder', this.#order);
    this.#changed.fire();
  }
}

/** Opens the file of a hit with the cursor at the line that answers. */
async function showAnswer(hit: SearchHit, options: vscode.TextDocumentShowOptions): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uriOf(hit));
  const answer = answerIn(hit, document);
  await vscode.window.showTextDocument(document, { ...options, selection: new vscode.Range(answer, answer) });
}
