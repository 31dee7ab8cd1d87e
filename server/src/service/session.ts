import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type CancellationToken,
  DidChangeWatchedFilesNotification,
  type InitializeResult,
  type Logger,
  ProposedFeatures,
  type ResponseMessage,
  TextDocumentSyncKind,
  WorkDoneProgress,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
  createConnection,
} from 'vscode-languageserver';
import { createProtocolConnection } from 'vscode-languageserver-protocol/node';
import type { Disposable } from '../../../shared/src/disposable.js';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  ClientInfo,
  IndexProgress,
  MemoryResult,
  Notifications,
  Requests,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import type { ActivityCounter } from './activity.js';
import { MalformedMessage } from './clientMessages.js';
import {
  changeGroupParams,
  exportParams,
  findRelatedParams,
  folderParams,
  importParams,
  indexParams,
  memoryParams,
  openedParams,
  pathParams,
  searchParams,
} from './params.js';
import { errorCode, toResponseError } from './responseError.js';
import type { Service } from './service.js';
import { boundedStreams } from './sessionStream.js';
import type { Caller } from './folderAccess.js';

export interface SessionDependencies {
  readonly service: Service;
  readonly activity: ActivityCounter;
  readonly clients: () => readonly ClientInfo[];
  /** Checks every part. It is not a method of the service, because it reaches below the service. */
  readonly doctor: () => Promise<Requests['lantern/doctor']['result']>;
  readonly log: Log;
}

export interface ClientIdentity {
  readonly client: string;
  readonly pid: number;
}

type Result<M extends keyof Requests> = Requests[M]['result'];

/** Most requests of one client that run at a time. More would make all others wait. */
const mostRunning = 100;

/** Milliseconds in which a client must take the last answer before its session ends. */
const answerMs = 1000;
const daemonEnds =
  'The daemon was stopped, or another version took its place, before this was done. What was finished is kept: the same again goes on from there.';
/** Milliseconds between two notifications of a changed status. */
const notifyEveryMs = 250;

/**
 * One connected client: a language server over its socket. `shutdown` and `exit` end the session, not the daemon. When
 * the socket closes, the client's running requests are cancelled.
 */
export class Session implements Disposable {
  /** Resolves when the client asks to end, or its stream has ended. */
  readonly closed: Promise<void>;
  readonly #deps: SessionDependencies;
  readonly #identity: ClientIdentity;
  readonly #since = Date.now();
  readonly #folders = new Set<string>();
  readonly #running = new Set<AbortController>();
  readonly #owned: Disposable[] = [];
  #notifyTimer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(stream: Duplex, identity: ClientIdentity, deps: SessionDependencies) {
    this.#deps = deps;
    this.#identity = identity;
    let close: () => void = () => undefined;
    this.closed = new Promise((settle) => (close = settle));
    const { reader, writer } = boundedStreams(stream);
    const connection = createConnection(
      // The library's own logger sends to the client, and throws when the client is gone.
      () => createProtocolConnection(reader, writer, protocolLogger(deps.log)),
      { shutdownReceived: false, initialize: () => undefined, exit: () => close() },
      ProposedFeatures.all,
    );
    this.#owned.push(connection);
    stream.once('close', close);
    const malformed = reader.onError((error) => {
      const { code, message } =
        error instanceof MalformedMessage ? error : new MalformedMessage(errorMessage(error));
      deps.log.write('warn', 'session.malformed', { client: identity.client, cause: message });
      const answer: ResponseMessage = { jsonrpc: '2.0', id: null, error: { code, message } };
      // A client that does not read is closed all the same.
      setTimeout(close, answerMs).unref();
      void writer.write(answer).then(close, close);
    });
    this.#owned.push(malformed);
    stream.on('error', (error) => deps.log.write('warn', 'session.stream', { cause: errorMessage(error) }));

    connection.onInitialize((params): InitializeResult => {
      for (const { uri } of params.workspaceFolders ?? []) this.#addFolder(uri);
      // Registered here, because during `initialize` the library replaces an earlier handler by its own.
      connection.onNotification('workspace/didChangeWorkspaceFolders', (change: FolderChange) => {
        for (const { uri } of change.event?.added ?? []) this.#addFolder(uri);
        for (const { uri } of change.event?.removed ?? []) this.#folders.delete(pathOf(uri) ?? '');
      });
      return {
        serverInfo: { name: 'lantern' },
        capabilities: {
          textDocumentSync: { openClose: false, change: TextDocumentSyncKind.None, save: true },
          workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
        },
      };
    });
    connection.onNotification(DidChangeWatchedFilesNotification.type, ({ changes }) =>
      deps.service.changed(changes.map(({ uri }) => pathOf(uri)).filter((path) => path !== undefined)),
    );
    connection.onDidSaveTextDocument(({ textDocument }) => {
      const path = pathOf(textDocument.uri);
      if (path !== undefined) deps.service.changed([path]);
    });

    connection.onNotification('lantern/opened', (params: unknown) => {
      try {
        deps.service.opened(openedParams(params).paths);
      } catch (error) {
        deps.log.write('warn', 'opened.malformed', { cause: errorMessage(error) });
      }
    });

    const notify: Notify = (method, params) => {
      quietly(() => connection.sendNotification(method, params));
    };
    this.#serve(connection, { folders: () => [...this.#folders] }, notify);
    if (identity.client === 'editor') this.#notifyOfChanges(notify);
    connection.listen();
  }

  info(): ClientInfo {
    const { client, pid } = this.#identity;
    return { name: client, pid, since: this.#since, folders: [...this.#folders] };
  }

  dispose(): void {
    this.#ended = true;
    for (const controller of this.#running) controller.abort();
    clearTimeout(this.#notifyTimer);
    for (const owned of this.#owned.splice(0)) owned.dispose();
  }

  #serve(connection: Connection, caller: Caller, notify: Notify): void {
    const { service, clients, doctor } = this.#deps;
    const on = <M extends keyof Requests>(
      method: M,
      answer: (params: unknown, signal: AbortSignal) => Result<M> | Promise<Result<M>>,
    ): void => {
      // The library spreads a list of parameters over the handler's own, and passes no parameters as none.
      connection.onRequest(method, (...passed: unknown[]) => {
        const token = passed.at(-1) as CancellationToken;
        const params = passed.length > 2 ? passed.slice(0, -1) : passed.at(-2);
        return this.#answer(method, token, (signal) => answer(params, signal));
      });
    };
    const nothing = {};
    on('lantern/search', (params, signal) => service.search(searchParams(params), caller, signal));
    on('lantern/findRelated', (params, signal) =>
      service.findRelated(findRelatedParams(params), caller, signal),
    );
    const reported = async <T>(
      params: unknown,
      token: string | undefined,
      work: (onProgress: (progress: IndexProgress) => void) => Promise<T>,
    ): Promise<T> => {
      const reporting = reportWork(connection, params);
      try {
        return await work((progress) => {
          reporting?.update(progress);
          if (token !== undefined) notify('lantern/progress', { token, progress });
        });
      } finally {
        reporting?.end();
      }
    };
    on('lantern/index', (params, signal) => {
      const asked = indexParams(params);
      return reported(params, asked.token, (onProgress) => service.index(asked, onProgress, signal));
    });
    on('lantern/import', (params, signal) => {
      const asked = importParams(params);
      return reported(params, asked.token, (onProgress) => service.import(asked, onProgress, signal));
    });
    on('lantern/export', (params, signal) => {
      const asked = exportParams(params);
      return reported(params, asked.token, (onProgress) => service.export(asked, onProgress, signal));
    });
    on('lantern/status', () => service.status(clients()));
    on('lantern/memory', (params) => service.memory(clients(), memoryParams(params)));
    on('lantern/models', () => service.models());
    on('lantern/preload', async () => (await service.preload(), nothing));
    on('lantern/pause', async (params) => (await service.pause(folderParams(params).path), nothing));
    on('lantern/resume', async (params) => (await service.resume(folderParams(params).path), nothing));
    on(
      'lantern/refuse',
      async (params) => (await service.refuse(pathParams('refuse', params).path), nothing),
    );
    on('lantern/groups', () => service.groups());
    on('lantern/changeGroup', (params) => service.changeGroup(changeGroupParams(params)));
    on('lantern/remove', (params) => service.remove(pathParams('remove', params).path));
    on('lantern/clearCache', () => service.clearCache());
    on('lantern/doctor', () => doctor());
  }

  /** Runs one request. It counts as activity, and is cancelled by its token or by the end of the session. */
  async #answer<T>(
    method: string,
    token: CancellationToken,
    run: (signal: AbortSignal) => T | Promise<T>,
  ): Promise<T> {
    const { activity, log } = this.#deps;
    if (this.#running.size >= mostRunning)
      throw toResponseError(
        new LanternError('unavailable', `${mostRunning} requests of this client are running. Wait for some.`),
      );
    const controller = new AbortController();
    const counted = activity.begin('request', method);
    const cancelling = token.onCancellationRequested(() => controller.abort());
    this.#running.add(controller);
    const began = performance.now();
    try {
      return await run(controller.signal);
    } catch (error) {
      const { client } = this.#identity;
      log.write('warn', 'request.failed', {
        method,
        client,
        code: errorCode(error),
        cause: errorMessage(error),
      });
      // Who did not cancel must not read that it did.
      const isEnd = this.#ended && !token.isCancellationRequested && errorCode(error) === 'cancelled';
      throw toResponseError(isEnd ? new LanternError('ended', daemonEnds) : error);
    } finally {
      cancelling.dispose();
      counted.dispose();
      this.#running.delete(controller);
      log.write('debug', 'request', { method, ms: Math.round(performance.now() - began) });
    }
  }

  #notifyOfChanges(notify: Notify): void {
    const { service, clients } = this.#deps;
    const send = async (): Promise<void> => {
      const [status, memory]: [StatusResult, MemoryResult] = [
        service.status(clients()),
        await service.memory(clients()),
      ];
      notify('lantern/statusChanged', status);
      notify('lantern/memoryChanged', memory);
    };
    const listening = service.onDidChange(() => {
      this.#notifyTimer ??= setTimeout(() => {
        this.#notifyTimer = undefined;
        void send().catch(() => undefined);
      }, notifyEveryMs);
    });
    this.#owned.push(listening);
  }

  #addFolder(uri: string): void {
    const path = pathOf(uri);
    if (path !== undefined) this.#folders.add(path);
  }
}

type Connection = ReturnType<typeof createConnection>;
type Notify = <N extends keyof Notifications>(method: N, params: Notifications[N]) => void;

/** Logs the first line of the protocol's own errors. The lines below it may quote a message with source text. */
function protocolLogger(log: Log): Logger {
  const write = (message: string): void =>
    log.write('warn', 'session.protocol', { cause: message.split('\n', 1)[0] ?? '' });
  return { error: write, warn: write, info: () => undefined, log: () => undefined };
}

interface FolderChange {
  readonly event?: {
    readonly added?: readonly { uri: string }[];
    readonly removed?: readonly { uri: string }[];
  };
}

/** Sends a message that may be lost. Sending on a closed connection throws at once. */
function quietly(send: () => Promise<void>): void {
  try {
    send().catch(() => undefined);
  } catch {
    // The job has outlived its client.
  }
}

interface WorkReport {
  update(progress: IndexProgress): void;
  end(): void;
}

/** Work-done progress of the language server protocol, for a request that carries a `workDoneToken`. */
function reportWork(connection: Connection, params: unknown): WorkReport | undefined {
  const token = (params as { workDoneToken?: string | number } | null)?.workDoneToken;
  if (token === undefined) return undefined;
  const send = (value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd): void => {
    quietly(() => connection.sendProgress(WorkDoneProgress.type, token, value));
  };
  send({ kind: 'begin', title: 'Lantern: indexing', percentage: 0, cancellable: true });
  return {
    update: (progress) => {
      if (progress.kind === 'scanning') send({ kind: 'report', message: `${progress.files} files` });
      else {
        const percentage = progress.total === 0 ? 100 : Math.floor((100 * progress.done) / progress.total);
        send({ kind: 'report', percentage, message: `${progress.done} of ${progress.total} chunks` });
      }
    },
    end: () => send({ kind: 'end' }),
  };
}

/** The path of a `file:` URI; undefined for any other scheme. */
function pathOf(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
