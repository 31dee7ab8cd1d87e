import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  LSPErrorCodes,
  ResponseError,
  RevealOutputChannelOn,
  State,
} from 'vscode-languageclient/node';
import { LanternError, cancelled, errorMessage } from '../../shared/src/errors.js';
import type { ErrorData, Notifications, Requests } from '../../shared/src/protocol/protocol.js';
import { reachDaemon } from '../../shared/src/connection/reachDaemon.js';
import { Owner } from './owner.js';

/** `idle` until something needs the daemon. `failed` has the reason; a further attempt follows. */
export type DaemonState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly pid: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface DaemonClientDependencies {
  /** The daemon's program. */
  readonly script: string;
  readonly log: vscode.LogOutputChannel;
  /** Called before the first session, for example to pass on settings. A failure is only logged. */
  readonly prepare?: () => Promise<void>;
  /** Whether the daemon is told that this file was saved. It then brings the file's folder up to date. */
  readonly reportsSave: (path: string) => boolean;
  /** Pauses between attempts, in milliseconds. The last one repeats. */
  readonly backOffMs?: readonly number[];
}

const usualBackOffMs = [500, 1000, 2000, 5000, 10_000, 30_000];

/** A running language client, and a promise of its end. */
interface Link {
  readonly client: LanguageClient;
  readonly pid: number;
  lost: boolean;
}

/**
 * This window's session with the daemon. The first request begins it. When the daemon ends it is begun again: at once
 * for a request, otherwise after a pause that grows with each failure.
 */
export class DaemonClient implements vscode.Disposable {
  readonly #deps: DaemonClientDependencies;
  readonly #owner = new Owner();
  readonly #stateChanged = this.#owner.own(new vscode.EventEmitter<DaemonState>());
  readonly #statusChanged = this.#owner.own(
    new vscode.EventEmitter<Notifications['lantern/statusChanged']>(),
  );
  readonly #memoryChanged = this.#owner.own(
    new vscode.EventEmitter<Notifications['lantern/memoryChanged']>(),
  );
  readonly #progressed = this.#owner.own(new vscode.EventEmitter<Notifications['lantern/progress']>());
  readonly #stopping = new AbortController();
  #state: DaemonState = { kind: 'idle' };
  #link: Promise<Link> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #prepared: Promise<void> | undefined;

  readonly onDidChangeState = this.#stateChanged.event;
  readonly onDidChangeStatus = this.#statusChanged.event;
  readonly onDidChangeMemory = this.#memoryChanged.event;
  readonly onDidProgress = this.#progressed.event;

  constructor(deps: DaemonClientDependencies) {
    this.#deps = deps;
  }

  get state(): DaemonState {
    return this.#state;
  }

  /**
   * Sends a request to the daemon, and starts it when none runs. A request that the daemon's end interrupted is sent
   * once more.
   */
  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M]['result']> {
    for (let attempt = 0; ; attempt++) {
      const link = await this.#connected();
      if (token?.isCancellationRequested === true) throw cancelled(method);
      try {
        const { client } = link;
        // An undefined token would be sent as a parameter.
        if (token === undefined) return await client.sendRequest<Requests[M]['result']>(method, params);
        return await client.sendRequest<Requests[M]['result']>(method, params, token);
      } catch (error) {
        // The connection's close may be reported after the failure of its requests.
        const broken = link.lost || !(error instanceof ResponseError) || isEnd(error);
        if (broken && attempt === 0 && !this.#stopping.signal.aborted) {
          this.#drop(link);
          continue;
        }
        throw toLanternError(error);
      }
    }
  }

  /** Begins the session when there is none. */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Ends the session. The daemon continues for other clients. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#retry);
    const link = await this.#link?.catch(() => undefined);
    this.#link = undefined;
    await link?.client.stop(2000).catch(() => undefined);
  }

  dispose(): void {
    void this.stop();
    this.#owner.dispose();
  }

  #connected(): Promise<Link> {
    clearTimeout(this.#retry);
    this.#link ??= this.#begin();
    return this.#link;
  }

  /** Tells the daemon of files that are open, if there is a session. */
  async tellOpened(paths: readonly string[]): Promise<void> {
    if (this.#state.kind !== 'connected') return;
    const { client } = await this.#connected();
    await client.sendNotification('lantern/opened', { paths });
  }

  async #begin(): Promise<Link> {
    const { log, script, reportsSave } = this.#deps;
    // A failure is shown until an attempt succeeds, so that the indicator does not flicker.
    if (this.#state.kind !== 'failed') this.#become({ kind: 'connecting' });
    try {
      this.#prepared ??= this.#deps.prepare?.().catch((error: unknown) => log.error(errorMessage(error)));
      await this.#prepared;
      const { socket, daemon } = await reachDaemon({
        client: 'editor',
        script,
        signal: this.#stopping.signal,
      });
      const client = new LanguageClient(
        'lantern',
        'Lantern',
        () => Promise.resolve({ reader: socket, writer: socket, detached: true }),
        {
          documentSelector: [{ scheme: 'file' }],
          middleware: {
            didSave: async (document, report) => {
              if (reportsSave(document.uri.fsPath)) await report(document);
            },
          },
          outputChannel: log,
          revealOutputChannelOn: RevealOutputChannelOn.Never,
          errorHandler: {
            error: () => ({ action: ErrorAction.Continue, handled: true }),
            closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
          },
          initializationFailedHandler: () => false,
        },
      );
      const link: Link = { client, pid: daemon.pid, lost: false };
      client.onNotification('lantern/statusChanged', (status: Notifications['lantern/statusChanged']) =>
        this.#statusChanged.fire(status),
      );
      client.onNotification('lantern/memoryChanged', (memory: Notifications['lantern/memoryChanged']) =>
        this.#memoryChanged.fire(memory),
      );
      client.onNotification('lantern/progress', (progress: Notifications['lantern/progress']) =>
        this.#progressed.fire(progress),
      );
      try {
        await client.start();
      } catch (error) {
        socket.destroy();
        throw error;
      }
      // Begins to listen here: the line above reports a start that fails.
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Stopped) this.#drop(link);
      });
      if (socket.destroyed)
        throw new LanternError('unavailable', 'The daemon ended while it was being reached.');
      this.#failures = 0;
      log.info(`Connected to the daemon, pid ${daemon.pid}.`);
      this.#become({ kind: 'connected', pid: daemon.pid });
      return link;
    } catch (error) {
      this.#link = undefined;
      if (!this.#stopping.signal.aborted) {
        log.error(errorMessage(error));
        this.#become({ kind: 'failed', reason: errorMessage(error) });
        this.#retryLater();
      }
      throw error;
    }
  }

  /** Drops a session that has ended, and begins another one after a pause. */
  #drop(link: Link): void {
    if (link.lost) return;
    link.lost = true;
    if (this.#stopping.signal.aborted) return;
    this.#link = undefined;
    void link.client.dispose(1000).catch(() => undefined);
    this.#deps.log.warn(`The daemon, pid ${link.pid}, has gone.`);
    this.#become({ kind: 'connecting' });
    this.#retryLater();
  }

  #retryLater(): void {
    const times = this.#deps.backOffMs ?? usualBackOffMs;
    const ms = times[Math.min(this.#failures++, times.length - 1)] ?? 30_000;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connected().catch(() => undefined), ms);
  }

  #become(state: DaemonState): void {
    this.#state = state;
    if (!this.#stopping.signal.aborted) this.#stateChanged.fire(state);
  }
}

/** Whether a request was interrupted by the end of the daemon, as it says itself, or of the connection, as vscode-jsonrpc does. */
function isEnd({ code, data }: ResponseError<unknown>): boolean {
  return code === -32097 || code === -32099 || codeOf(data) === 'ended';
}

const codeOf = (data: unknown): ErrorData['code'] | undefined =>
  (data as Partial<ErrorData> | undefined)?.code;

function toLanternError(error: unknown): unknown {
  if (error instanceof vscode.CancellationError) return cancelled('The request');
  if (!(error instanceof ResponseError)) return error;
  if (error.code === LSPErrorCodes.RequestCancelled) return cancelled('The request');
  const code = codeOf(error.data) ?? 'internal';
  return new LanternError(code, error.message, { cause: error });
}
