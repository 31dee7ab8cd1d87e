import * as vscode from 'vscode';
import type { MemoryResult, StatusResult } from '../../../shared/src/protocol/protocol.js';
import type { DaemonClient, DaemonState } from '../daemonClient.js';
import { Owner } from '../owner.js';

/** Interval of asking for memory while the window has the focus: memory changes without an event. */
const pollMs = 10_000;

/** The daemon's state as this window knows it, for all views. */
export class StatusModel implements vscode.Disposable {
  readonly #client: DaemonClient;
  readonly #owner = new Owner();
  readonly #changed = this.#owner.own(new vscode.EventEmitter<void>());
  #status: StatusResult | undefined;
  #memory: MemoryResult | undefined;

  readonly onDidChange = this.#changed.event;

  constructor(client: DaemonClient) {
    this.#client = client;
    this.#owner.own(
      client.onDidChangeState(({ kind }) => {
        if (kind !== 'connected') this.#status = this.#memory = undefined;
        this.#changed.fire();
        if (kind === 'connected') void this.refresh();
      }),
    );
    this.#owner.own(
      client.onDidChangeStatus((status) => {
        this.#status = status;
        this.#changed.fire();
      }),
    );
    this.#owner.own(
      client.onDidChangeMemory((memory) => {
        this.#memory = memory;
        this.#changed.fire();
      }),
    );
    const poll = setInterval(() => {
      if (vscode.window.state.focused) void this.refresh();
    }, pollMs);
    this.#owner.own({ dispose: () => clearInterval(poll) });
  }

  get daemon(): DaemonState {
    return this.#client.state;
  }

  get status(): StatusResult | undefined {
    return this.#status;
  }

  get memory(): MemoryResult | undefined {
    return this.#memory;
  }

  /** Connects to the daemon, and asks it for its status unless that is known. Undefined when it has just been lost. */
  async learn(): Promise<StatusResult | undefined> {
    await this.#client.connect();
    if (this.#status === undefined) await this.refresh();
    return this.#status;
  }

  /** Asks again, if there is a daemon. */
  async refresh(): Promise<void> {
    if (this.#client.state.kind !== 'connected') return;
    try {
      const [status, memory] = await Promise.all([
        this.#client.request('lantern/status', {}),
        this.#client.request('lantern/memory', {}),
      ]);
      this.#status = status;
      this.#memory = memory;
      this.#changed.fire();
    } catch {
      // The connection's state reports the fault.
    }
  }

  dispose(): void {
    this.#owner.dispose();
  }
}
