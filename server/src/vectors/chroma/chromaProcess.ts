import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disposable } from '../../../../shared/src/disposable.js';
import { Emitter } from '../../../../shared/src/disposable.js';
import { errorMessage, LanternError } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { ChromaChild } from './chromaChild.js';
import { ChromaDirectory } from './chromaDirectory.js';
import type { ChromaLauncher } from './chromaLauncher.js';
import { findLaunchers, installAdvice } from './chromaLauncher.js';
import type { ChromaEndpoint, ChromaServer, ChromaServerStatus, ServerProblem } from './chromaServer.js';
import { explainExit } from './chromaErrors.js';

export interface ChromaProcessOptions {
  /**
   * Folder of everything that belongs to the server: `data`, `chroma.yaml`, `chroma.pid.json`. Created with mode
   * 0700.
   */
  readonly directory: string;
  readonly log: Log;
  /** Ways to run a server, in the order to try. By default those found on this machine. */
  readonly launchers?: readonly ChromaLauncher[];
  /** Picks a port that is free now, `last` if it is. Tests give one that is not. */
  readonly pickPort?: (last: number) => Promise<number>;
  readonly startTimeoutMs?: number;
  /** Pauses before the first, second, … restart within `crashWindowMs`; the last one repeats. */
  readonly restartDelaysMs?: readonly number[];
  /** After this many crashes within the window there is no restart until `coolOffMs` are over and a call comes. */
  readonly crashLimit?: number;
  readonly crashWindowMs?: number;
  readonly coolOffMs?: number;
  readonly stopGraceMs?: number;
  /** A server that does not say within this time how much memory it holds counts as unknown. */
  readonly memoryTimeoutMs?: number;
}

/** Process id, resident memory in bytes (null when it is not known) and address of the running server. */
export interface ChromaProcessInfo {
  readonly pid: number;
  readonly rssBytes: number | null;
  readonly url: string;
}

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly done: Promise<ChromaEndpoint> }
  | { readonly kind: 'running'; readonly server: RunningServer }
  | { readonly kind: 'stopping'; readonly done: Promise<void> }
  | { readonly kind: 'failed'; readonly error: LanternError; readonly retryAt: number }
  | { readonly kind: 'disposed' };

interface RunningServer {
  readonly child: ChromaChild;
  readonly endpoint: ChromaEndpoint;
  /** Device and inode of the database when the server opened it. */
  readonly database: string | undefined;
}

const portAttempts = 6;

/** Starts the Chroma server of a data directory, restarts it when it crashes, and stops it. */
export class ChromaProcess implements ChromaServer {
  readonly own = true;
  readonly #options: Required<Omit<ChromaProcessOptions, 'launchers'>>;
  readonly #launchers: readonly ChromaLauncher[] | undefined;
  readonly #directory: ChromaDirectory;
  readonly #statusEvent = new Emitter<ChromaServerStatus>();
  readonly #restartEvent = new Emitter<ChromaEndpoint>();
  readonly #disposing = new AbortController();
  #state: State = { kind: 'stopped' };
  #crashes: number[] = [];
  #startedBefore = false;
  #usedAt = 0;
  /** Tried first at a restart: Node's `fetch` keeps a queue of 16 KB for each address that it has ever called. */
  #lastPort = 0;

  constructor(options: ChromaProcessOptions) {
    const { launchers, ...rest } = options;
    this.#launchers = launchers;
    this.#directory = new ChromaDirectory(rest.directory, rest.log);
    this.#options = {
      pickPort: pickFreePort,
      startTimeoutMs: 20_000,
      restartDelaysMs: [50, 500, 2000],
      crashLimit: 5,
      crashWindowMs: 60_000,
      coolOffMs: 30_000,
      stopGraceMs: 3000,
      memoryTimeoutMs: 1000,
      ...rest,
    };
  }

  status(): ChromaServerStatus {
    const state = this.#state;
    switch (state.kind) {
      case 'running':
        return { kind: 'running', ...state.server.endpoint };
      case 'failed':
        return { kind: 'failed', error: state.error };
      case 'starting':
        return { kind: 'starting' };
      case 'stopped':
      case 'stopping':
      case 'disposed':
        return { kind: 'stopped' };
    }
  }

  ready(): Promise<ChromaEndpoint> {
    const state = this.#state;
    this.#usedAt = performance.now();
    switch (state.kind) {
      case 'running':
        return Promise.resolve(state.server.endpoint);
      case 'starting':
        return state.done;
      case 'disposed':
        return Promise.reject(stoppedError());
      case 'failed':
        if (Date.now() < state.retryAt) return Promise.reject(state.error);
        this.#crashes = [];
        return this.#start(() => Promise.resolve());
      case 'stopped':
        return this.#start(() => Promise.resolve());
      case 'stopping':
        return this.#start(() => state.done);
    }
  }

  /** Stops a server that has had no call for `idleMs`, to free its memory. The next call starts it again. */
  async stopIdle(idleMs: number): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'running' || performance.now() - this.#usedAt < idleMs) return;
    this.#options.log.write('info', 'chroma.idle-stop', {});
    const done = state.server.child.stop(this.#options.stopGraceMs).then(() => {
      if (this.#state.kind === 'stopping') this.#setState({ kind: 'stopped' });
    });
    this.#setState({ kind: 'stopping', done });
    await done;
  }

  onDidChangeStatus(listener: (status: ChromaServerStatus) => void): Disposable {
    return this.#statusEvent.on(listener);
  }

  onDidRestart(listener: (endpoint: ChromaEndpoint) => void): Disposable {
    return this.#restartEvent.on(listener);
  }

  /** For the memory report; `undefined` while no server runs. */
  async info(): Promise<ChromaProcessInfo | undefined> {
    const state = this.#state;
    if (state.kind !== 'running') return undefined;
    const { child, endpoint } = state.server;
    const rssBytes = (await child.residentBytes(this.#options.memoryTimeoutMs)) ?? null;
    if (this.#state !== state || !child.running || endpoint.pid === undefined) return undefined;
    return { pid: endpoint.pid, rssBytes, url: endpoint.url };
  }

  async restart(reason: string): Promise<ChromaEndpoint> {
    const state = this.#state;
    if (state.kind !== 'running') return this.ready();
    return this.#replace(state.server, 'info', reason, false);
  }

  async report(trouble: ServerProblem): Promise<void> {
    const state = this.#state;
    // The report is about an earlier server. The running one has done nothing wrong.
    if (state.kind !== 'running' || state.server.endpoint !== trouble.endpoint) return;
    if (trouble.kind === 'damaged') {
      await this.#replace(state.server, 'error', trouble.reason, true);
    } else if (!(trouble.kind === 'unreachable' && (await state.server.child.isHealthy(2000)))) {
      if (this.#state !== state) return;
      // A child that has ended is restarted by its own listener. One that hangs has to be ended.
      if (state.server.child.running) await this.#replace(state.server, 'warn', 'it does not answer', false);
      else await state.server.child.exited;
    }
  }

  async checkData(): Promise<boolean> {
    const state = this.#state;
    if (state.kind !== 'running' || state.server.database === undefined) return false;
    if ((await this.#directory.databaseIdentity()) === state.server.database) return false;
    if (this.#state === state) await this.#replace(state.server, 'warn', 'its database file is gone', false);
    return true;
  }

  async dispose(): Promise<void> {
    const state = this.#state;
    if (state.kind === 'disposed') return;
    this.#state = { kind: 'disposed' };
    this.#disposing.abort();
    if (state.kind === 'running') await state.server.child.stop(this.#options.stopGraceMs);
    if (state.kind === 'starting') await state.done.catch(() => undefined);
    if (state.kind === 'stopping') await state.done;
    await this.#directory.forgetProcesses();
    this.#statusEvent.emit({ kind: 'stopped' });
  }

  #setState(state: State): void {
    if (this.#state.kind === 'disposed') return;
    this.#state = state;
    this.#statusEvent.emit(this.status());
  }

  #replace(
    server: RunningServer,
    level: 'info' | 'warn' | 'error',
    reason: string,
    aside: boolean,
  ): Promise<ChromaEndpoint> {
    this.#options.log.write(level, 'chroma.replace', { reason, emptied: aside });
    return this.#start(async () => {
      await server.child.stop(this.#options.stopGraceMs);
      if (aside) await this.#directory.setDataAside(reason);
    });
  }

  /** Starts the server after `before`. All callers share one start. */
  #start(before: () => Promise<void>): Promise<ChromaEndpoint> {
    const done = before()
      .then(() => this.#launch())
      .then(
        (server) => {
          if (this.#disposing.signal.aborted)
            return server.child.stop(this.#options.stopGraceMs).then(refuse);
          this.#setState({ kind: 'running', server });
          void server.child.exited.then(() => this.#ended(server));
          if (this.#startedBefore) this.#restartEvent.emit(server.endpoint);
          this.#startedBefore = true;
          return server.endpoint;
        },
        (error: unknown) => {
          if (this.#disposing.signal.aborted) return refuse();
          const failure =
            error instanceof LanternError
              ? error
              : new LanternError('store-failed', `Chroma did not start: ${errorMessage(error)}`, {
                  cause: error,
                });
          this.#options.log.write('error', 'chroma.start-failed', { reason: failure.message });
          this.#setState({ kind: 'failed', error: failure, retryAt: Date.now() + this.#options.coolOffMs });
          throw failure;
        },
      );
    // Callers that wait handle the failure. The state keeps it in any case.
    done.catch(() => undefined);
    this.#setState({ kind: 'starting', done });
    return done;
  }

  #ended(server: RunningServer): void {
    if (server.child.stopping || this.#state.kind !== 'running' || this.#state.server !== server) return;
    const { crashWindowMs, crashLimit, restartDelaysMs, coolOffMs, log } = this.#options;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < crashWindowMs), now];
    const count = this.#crashes.length;
    log.write('warn', 'chroma.crash', { count, output: lastLine(server.child.output) });
    if (count >= crashLimit) {
      const seconds = Math.round(crashWindowMs / 1000);
      const message =
        `Chroma ended by itself ${count} times within ${seconds} s and is left alone for ${Math.round(coolOffMs / 1000)} s. ` +
        `Its log says why; if it goes on, delete ${this.#directory.data}: it is rebuilt from the catalog.`;
      this.#setState({
        kind: 'failed',
        error: new LanternError('store-failed', message),
        retryAt: now + coolOffMs,
      });
      return;
    }
    const pause = restartDelaysMs[Math.min(count, restartDelaysMs.length) - 1] ?? 0;
    void this.#start(() => sleep(pause, undefined, { signal: this.#disposing.signal })).catch(
      () => undefined,
    );
  }

  async #launch(): Promise<RunningServer> {
    const { log, startTimeoutMs } = this.#options;
    const started = Date.now();
    await this.#directory.prepare();
    const launchers = [...(this.#launchers ?? findLaunchers())];
    let loadFailure = '';
    let setAside = false;
    for (let attempt = 0; attempt < portAttempts;) {
      const launcher = launchers[0];
      if (launcher === undefined) {
        const cause = loadFailure === '' ? 'there is none for this system' : loadFailure;
        throw new LanternError(
          'unavailable',
          `No Chroma server can be started here: ${cause}. ${installAdvice()}`,
        );
      }
      const child = await this.#spawn(launcher);
      const onDispose = (): void => void child.stop(0);
      this.#disposing.signal.addEventListener('abort', onDispose);
      if (this.#disposing.signal.aborted) onDispose();
      const result = await child.waitUntilHealthy(startTimeoutMs);
      this.#disposing.signal.removeEventListener('abort', onDispose);
      if (this.#disposing.signal.aborted) await child.stop(0).then(refuse);
      if (result.kind === 'healthy') {
        await this.#record(child);
        const endpoint = {
          url: `http://127.0.0.1:${child.port}`,
          ...(child.pid === undefined ? {} : { pid: child.pid }),
        };
        log.write('info', 'chroma.start', { ...endpoint, launcher: launcher.kind, ms: Date.now() - started });
        return { child, endpoint, database: await this.#directory.databaseIdentity() };
      }
      await child.stop(0);
      if (result.kind === 'load-failed') {
        log.write('warn', 'chroma.load-failed', { launcher: launcher.kind, reason: result.message });
        loadFailure ||= result.message.split('\n')[0] ?? '';
        launchers.shift();
        continue;
      }
      if (result.kind === 'timeout') {
        const seconds = Math.round(startTimeoutMs / 1000);
        throw new LanternError(
          'store-failed',
          `Chroma did not answer within ${seconds} s. See the log, or try again.`,
        );
      }
      const reason = explainExit(child.output, result.exit, this.#directory.data);
      log.write('warn', 'chroma.exit-at-start', { kind: reason.kind, reason: reason.message });
      if (reason.kind === 'damaged' && !setAside) {
        setAside = true;
        await this.#directory.setDataAside(reason.message);
      } else if (reason.kind === 'port-taken' || result.exit.signal !== null) {
        // The server was stopped meanwhile, or another start was faster.
        this.#lastPort = 0;
        attempt++;
      } else {
        throw new LanternError(reason.kind === 'disk-full' ? 'disk-full' : 'store-failed', reason.message);
      }
    }
    throw new LanternError(
      'store-failed',
      `Chroma found no free port in ${portAttempts} attempts. Try again.`,
    );
  }

  async #spawn(launcher: ChromaLauncher): Promise<ChromaChild> {
    const { directory, log, pickPort } = this.#options;
    const port = await pickPort(this.#lastPort);
    this.#lastPort = port;
    const origin = `http://${randomUUID()}.invalid`;
    const file = await this.#directory.writeConfiguration(port, origin);
    const config = { file, directory, port, origin };
    const child = new ChromaChild(launcher, config, (line) => log.write('debug', 'chroma.output', { line }));
    await this.#record(child);
    return child;
  }

  /** A server that could not be recorded is ended: after a crash nobody would know of it. */
  async #record(child: ChromaChild): Promise<void> {
    try {
      await this.#directory.recordProcesses(child.pids, child.port);
    } catch (error) {
      await child.stop(0);
      throw error;
    }
  }
}

function stoppedError(): LanternError {
  return new LanternError('store-failed', 'Chroma was stopped because Lantern is closing.');
}

function refuse(): never {
  throw stoppedError();
}

function lastLine(output: string): string {
  return output.slice(output.lastIndexOf('\n') + 1);
}

/** A port on 127.0.0.1 that is free at this moment: `last` if it is. */
function pickFreePort(last: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error) => {
      if (last === 0) reject(error);
      else pickFreePort(0).then(resolve, reject);
    });
    server.listen(last, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
