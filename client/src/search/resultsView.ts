import * as vscode from 'vscode';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { Owner } from '../owner.js';
import { rangeOf, uriOf } from './preview.js';
import { firstLine, keyOf } from './rows.js';

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

/** A tree of results that stays: files in the order of their best hit, each with its hits. */
export class ResultsView implements vscode.TreeDataProvider<ResultNode>, vscode.Disposable {
  readonly #owner = new Owner();
  readonly #changed = this.#owner.own(new vscode.EventEmitter<void>());
  readonly #view: vscode.TreeView<ResultNode>;
  #results: ResultSet | undefined;
  readonly #dismissed = new Set<string>();

  readonly onDidChangeTreeData = this.#changed.event;

  constructor() {
    this.#view = this.#owner.own(
      vscode.window.createTreeView('lantern.results', { treeDataProvider: this, showCollapseAll: true }),
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

  dismiss(node: ResultNode): void {
    for (const hit of node.kind === 'hit' ? [node.hit] : node.hits) this.#dismissed.add(keyOf(hit));
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
    const item = new vscode.TreeItem(hit.symbol ?? firstLine(hit.text).slice(0, 100));
    item.id = keyOf(hit);
    item.description = `${hit.startLine}–${hit.endLine}`;
    item.tooltip = new vscode.MarkdownString().appendCodeblock(hit.text.slice(0, 1500), hit.language);
    item.contextValue = 'lantern.hit';
    item.command = { command: 'lantern.results.open', title: 'Open', arguments: [node] };
    item.accessibilityInformation = {
      label: `${hit.symbol ?? firstLine(hit.text)}, ${hit.path}, lines ${hit.startLine} to ${hit.endLine}`,
    };
    return item;
  }

  async open({ hit }: HitNode): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uriOf(hit));
    const range = rangeOf(hit, document);
    await vscode.window.showTextDocument(document, {
      preview: true,
      selection: new vscode.Range(range.start, range.start),
    });
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
    return [...files.values()].map(({ uri, hits }) => ({ kind: 'file', uri, hits }));
  }

  #draw(): void {
    const files = this.#files();
    const count = files.reduce((sum, { hits }) => sum + hits.length, 0);
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip: `${count} results` };
    const left = count === 0 ? 'no results are left. Refresh to look again.' : `${count} results`;
    this.#view.message = this.#results === undefined ? '' : `${this.#results.title}: ${left}`;
    void vscode.commands.executeCommand('setContext', 'lantern.hasResults', this.#results !== undefined);
    this.#changed.fire();
  }
}
