import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { errorMessage } from '../../../shared/src/errors.js';
import type { MemoryResult, StatusResult } from '../../../shared/src/protocol/protocol.js';
import { Owner } from '../owner.js';
import { memoryPage } from './memoryPage.js';
import type { StatusModel } from './statusModel.js';

/** The view asks for memory this often while it is visible, and keeps this many samples: five minutes. */
const pollMs = 2000;
const keptSamples = 150;

/** The message to the view's script. */
interface MemoryViewState {
  /** The user's home folder, which paths are shown relative to. */
  readonly home: string;
  readonly daemon: string;
  readonly status: StatusResult | undefined;
  readonly memory: MemoryResult | undefined;
  readonly samples: readonly Sample[];
}

/** Resident bytes at one moment. Those of `models` are included in `daemon`. */
interface Sample {
  readonly at: number;
  readonly daemon: number;
  /** Null when it runs and does not say how much it holds. */
  readonly chroma: number | null;
  readonly models: number;
}

/** The only commands that the view's buttons may run. */
const commands = new Set(
  ['search', 'clearCache', 'pause', 'resume', 'showLog', 'index', 'remove'].map((name) => `lantern.${name}`),
);

/** The memory view: what uses how much memory, now and over the last minutes. There is at most one. */
export class MemoryView implements vscode.Disposable {
  readonly #media: vscode.Uri;
  readonly #model: StatusModel;
  readonly #owner = new Owner();
  readonly #samples: Sample[] = [];
  #panel: vscode.WebviewPanel | undefined;
  #panelOwner: Owner | undefined;

  constructor(media: vscode.Uri, model: StatusModel) {
    this.#media = media;
    this.#model = model;
    this.#owner.own(model.onDidChange(() => this.#sample()));
  }

  show(): void {
    if (this.#panel !== undefined) {
      this.#panel.reveal();
      return;
    }
    const owner = new Owner();
    const panel = owner.own(
      vscode.window.createWebviewPanel('lantern.memory', 'Lantern Memory', vscode.ViewColumn.Active, {
        enableScripts: true,
        localResourceRoots: [this.#media],
      }),
    );
    this.#panel = panel;
    this.#panelOwner = owner;
    owner.own(panel.webview.onDidReceiveMessage((message: unknown) => this.#received(message)));
    owner.own(panel.onDidChangeViewState(() => this.#draw()));
    owner.own(
      panel.onDidDispose(() => {
        this.#panel = this.#panelOwner = undefined;
        owner.dispose();
      }),
    );
    const poll = setInterval(() => {
      if (panel.visible) void this.#model.refresh();
    }, pollMs);
    owner.own({ dispose: () => clearInterval(poll) });
    panel.webview.html = memoryPage(panel.webview.cspSource, (name) =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(this.#media, name)).toString(),
    );
    void this.#model.refresh();
  }

  dispose(): void {
    this.#panelOwner?.dispose();
    this.#owner.dispose();
  }

  #sample(): void {
    const { memory } = this.#model;
    if (memory !== undefined) {
      this.#samples.push({
        at: Date.now(),
        daemon: memory.daemon.rssBytes,
        chroma: memory.chroma === null ? 0 : memory.chroma.rssBytes,
        models: memory.models.reduce((sum, { bytes }) => sum + bytes, 0),
      });
      this.#samples.splice(0, Math.max(0, this.#samples.length - keptSamples));
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#panel?.visible !== true) return;
    const { daemon, status, memory } = this.#model;
    const state: MemoryViewState = {
      home: homedir(),
      daemon: daemon.kind === 'failed' ? daemon.reason : daemon.kind,
      status,
      memory,
      samples: this.#samples,
    };
    void this.#panel.webview.postMessage(state);
  }

  #received(message: unknown): void {
    const { kind, command, argument } = (message ?? {}) as Record<string, unknown>;
    if (kind === 'ready') this.#draw();
    if (kind !== 'command' || typeof command !== 'string' || !commands.has(command)) return;
    const argumentsOf = typeof argument === 'string' ? [[argument]] : [];
    vscode.commands.executeCommand(command, ...argumentsOf).then(
      () => this.#model.refresh(),
      (error: unknown) => void vscode.window.showErrorMessage(`Lantern: ${errorMessage(error)}`),
    );
  }
}
