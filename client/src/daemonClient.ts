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

/** `idle` until something needs the daemon; `failed` says why, and a later attempt is on its way. */
export type DaemonState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected'; readonly pid: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface DaemonClientDependencies {
  /** The daemon's program. */
  readonly script: string;
  readonly log: vscode.LogOutputChannel;
  /** Done before the first session, such as passing settings on; its failure is logged and does no more harm. */
  readonly prepare?: () => Promise<void>;
  /** Waiting times between attempts, in milliseconds; the last one repeats. */
  readonly backOffMs?: readonly number[];
}

const usualBackOffMs = [500, 1000, 2000, 5000, 10_000, 30_000];

/** A running language client, and its end. */
interface Link {
  readonly client: LanguageClient;
  readonly pid: number;
  lost: boolean;
}

/**
 * This window's session with the daemon. It is begun by the first request, and begun again when the daemon goes away:
 * at once when something is asked of it, else after a while that grows with each failure.
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

  /** Asks the daemon, starting it where none runs. A request that its end cut short is asked once more. */
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
        // A token that is undefined would be sent as a parameter.
        if (token === undefined) return await client.sendRequest<Requests[M]['result']>(method, params);
        return await client.sendRequest<Requests[M]['result']>(method, params, token);
      } catch (error) {
        // The close of the connection may be told after the failure of what was under way.
        const broken = link.lost || !(error instanceof ResponseError) || isConnectionLoss(error);
        if (broken && attempt === 0 && !this.#stopping.signal.aborted) {
          this.#drop(link);
          continue;
        }
        throw toLanternError(error);
      }
    }
  }

  /** Begins the session if there is none. */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Ends the session; the daemon goes on for others. */
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

  async #begin(): Promise<Link> {
    const { log, script } = this.#deps;
    // A failure stands until an attempt succeeds: an indicator that flickers tells nobody anything.
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
      // Listening begins here: a start that fails is told by the line above.
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

  /** Forgets a session that has ended, and begins another one after a while. */
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

/** What vscode-jsonrpc answers for requests that its own end cut short. */
function isConnectionLoss({ code }: ResponseError<unknown>): boolean {
  return code === -32097 || code === -32099;
}

function toLanternError(error: unknown): unknown {
  if (error instanceof vscode.CancellationError) return cancelled('The request');
  if (!(error instanceof ResponseError)) return error;
  if (error.code === LSPErrorCodes.RequestCancelled) return cancelled('The request');
  const code = (error.data as Partial<ErrorData> | undefined)?.code ?? 'internal';
  return new LanternError(code, error.message, { cause: error });
}
