import * as vscode from 'vscode';
import { Owner } from '../owner.js';
import { places } from '../places.js';
import type { StatusModel } from './statusModel.js';
import { indicatorOf, tooltipOf } from './statusText.js';

/** The status bar item: the model's state and the memory in use, or the progress of indexing. */
export class StatusBar implements vscode.Disposable {
  readonly #model: StatusModel;
  readonly #owner = new Owner();
  readonly #item = this.#owner.own(
    vscode.window.createStatusBarItem('lantern.status', vscode.StatusBarAlignment.Right, 90),
  );

  constructor(model: StatusModel) {
    this.#model = model;
    this.#item.name = 'Lantern';
    this.#item.command = 'lantern.showMemory';
    this.#owner.own(model.onDidChange(() => this.#draw()));
    this.#owner.own(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#draw()));
    this.#draw();
    this.#item.show();
  }

  get text(): string {
    return this.#item.text;
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #draw(): void {
    const { daemon, status, memory } = this.#model;
    const open = places().map(({ path }) => path);
    const facts = { daemon, status, memory, trusted: vscode.workspace.isTrusted, open };
    const { text, label, problem } = indicatorOf(facts);
    const tooltip = new vscode.MarkdownString(tooltipOf(facts), true);
    tooltip.isTrusted = {
      enabledCommands: ['search', 'showMemory', 'pause', 'resume', 'clearCache', 'showLog'].map(
        (name) => `lantern.${name}`,
      ),
    };
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label, role: 'button' };
    this.#item.backgroundColor = problem
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
  }
}
