import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disposable } from '../../../shared/src/disposable.js';
import { Emitter } from '../../../shared/src/disposable.js';
import { errorMessage, LanternError, systemCode } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { ChromaChild } from './chromaChild.js';
import type { ChromaLauncher } from './chromaLauncher.js';
import { findLaunchers, installAdvice, serverConfiguration } from './chromaLauncher.js';
import type { ChromaEndpoint, ChromaServer, ChromaServerStatus, ServerTrouble } from './chromaServer.js';
import { explainExit } from './chromaExit.js';
import { cutIndexes } from './chromaIndexFiles.js';
import { commandLine, endProcess, isAlive, residentBytes, waitUntilGone } from './processes.js';

export interface ChromaProcessOptions {
  /** Everything of the server lies here: `data`, `chroma.yaml`, `chroma.pid.json`. Made with mode 0700. */
  readonly directory: string;
  readonly log: Log;
  /** Ways to run a server, in the order to try; looked for on this machine when left out. */
  readonly launchers?: readonly ChromaLauncher[];
  /** Picks a port that is free now; tests hand in one that is not. */
  readonly pickPort?: () => Promise<number>;
  readonly startTimeoutMs?: number;
  /** Pauses before the first, second, … restart within `crashWindowMs`; the last one repeats. */
  readonly restartDelaysMs?: readonly number[];
  /** This many crashes within the window are a loop: no restart until `coolOffMs` are over and somebody asks. */
  readonly crashLimit?: number;
  readonly crashWindowMs?: number;
  readonly coolOffMs?: number;
  readonly stopGraceMs?: number;
}

/** Process id, resident memory in bytes and address of the running server. */
export interface ChromaProcessInfo {
  readonly pid: number;
  readonly rssBytes: number;
  readonly url: string;
}

type State =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly done: Promise<ChromaEndpoint> }
  | { readonly kind: 'running'; readonly server: RunningServer }
  | { readonly kind: 'failed'; readonly error: LanternError; readonly retryAt: number }
  | { readonly kind: 'disposed' };

interface RunningServer {
  readonly child: ChromaChild;
  readonly endpoint: ChromaEndpoint;
  /** Device and inode of the database when the server opened it. */
  readonly database: string | undefined;
}

interface PidFile {
  readonly pids: readonly number[];
  readonly port: number;
  readonly startTime: string;
}

const portAttempts = 6;

/** Starts the Chroma server that belongs to this data directory, restarts it when it ends, and ends it at last. */
export class ChromaProcess implements ChromaServer {
  readonly own = true;
  readonly #options: Required<Omit<ChromaProcessOptions, 'launchers'>>;
  readonly #launchers: readonly ChromaLauncher[] | undefined;
  readonly #statusEvent = new Emitter<ChromaServerStatus>();
  readonly #restartEvent = new Emitter<ChromaEndpoint>();
  readonly #disposing = new AbortController();
  #state: State = { kind: 'stopped' };
  #crashes: number[] = [];
  #startedBefore = false;

  constructor(options: ChromaProcessOptions) {
    const { launchers, ...rest } = options;
    this.#launchers = launchers;
    this.#options = {
      pickPort: pickFreePort,
      startTimeoutMs: 20_000,
      restartDelaysMs: [50, 500, 2000],
      crashLimit: 5,
      crashWindowMs: 60_000,
      coolOffMs: 30_000,
      stopGraceMs: 3000,
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
      case 'disposed':
        return { kind: 'stopped' };
    }
  }

  ready(): Promise<ChromaEndpoint> {
    const state = this.#state;
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
    }
  }

  onDidChangeStatus(listener: (status: ChromaServerStatus) => void): Disposable {
    return this.#statusEvent.on(listener);
  }

  onDidRestart(listener: (endpoint: ChromaEndpoint) => void): Disposable {
    return this.#restartEvent.on(listener);
  }

  /** What the ledger of memory shows; `undefined` while no server runs. */
  async info(): Promise<ChromaProcessInfo | undefined> {
    if (this.#state.kind !== 'running') return undefined;
    const { url, pid } = this.#state.server.endpoint;
    const rssBytes = pid === undefined ? undefined : await residentBytes(pid);
    return pid === undefined || rssBytes === undefined ? undefined : { pid, rssBytes, url };
  }

  /** Ends the server and starts it anew: the one way to make it give back the memory of the indexes it has loaded. */
  async restart(reason: string): Promise<ChromaEndpoint> {
    const state = this.#state;
    if (state.kind !== 'running') return this.ready();
    return this.#replace(state.server, 'info', reason, false);
  }

  async report(trouble: ServerTrouble): Promise<void> {
    const state = this.#state;
    // Somebody saw an earlier server's end; the present one has done nothing.
    if (state.kind !== 'running' || state.server.endpoint.url !== trouble.url) return;
    if (trouble.kind === 'damaged') {
      await this.#replace(state.server, 'error', trouble.reason, true);
    } else if (!(trouble.kind === 'unreachable' && (await state.server.child.isHealthy(2000)))) {
      if (this.#state !== state) return;
      // A child that has ended is restarted by its own listener; one that hangs has to be ended.
      if (state.server.child.running) await this.#replace(state.server, 'warn', 'it does not answer', false);
      else await state.server.child.exited;
    }
  }

  async checkData(): Promise<boolean> {
    const state = this.#state;
    if (state.kind !== 'running' || state.server.database === undefined) return false;
    if ((await identity(this.#database)) === state.server.database) return false;
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
    await rm(this.#pidFile, { force: true });
    this.#statusEvent.emit({ kind: 'stopped' });
  }

  get #pidFile(): string {
    return join(this.#options.directory, 'chroma.pid.json');
  }

  get #data(): string {
    return join(this.#options.directory, 'data');
  }

  get #database(): string {
    return join(this.#data, 'chroma.sqlite3');
  }

  get #configuration(): string {
    return join(this.#options.directory, 'chroma.yaml');
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
      if (aside) await this.#setDataAside(reason);
    });
  }

  /** Starts after `before`, as the one start that all callers share. */
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
    // Whoever waits for it handles the failure; with nobody waiting, the state keeps it.
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
        `Its log says why; if it goes on, delete ${this.#data}: it is rebuilt from the catalog.`;
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
    const { log, directory, startTimeoutMs } = this.#options;
    const started = Date.now();
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mkdir(this.#data, { recursive: true, mode: 0o700 });
    await this.#endStaleServer();
    for (const folder of await cutIndexes(this.#data)) {
      // Its collection then answers short, and is made anew when it is opened.
      log.write('error', 'chroma.index-damaged', { folder });
      await rm(folder, { recursive: true, force: true });
    }
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
        await this.#writePidFile(child);
        const endpoint = {
          url: `http://127.0.0.1:${child.port}`,
          ...(child.pid === undefined ? {} : { pid: child.pid }),
        };
        log.write('info', 'chroma.start', { ...endpoint, launcher: launcher.kind, ms: Date.now() - started });
        return { child, endpoint, database: await identity(this.#database) };
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
      const reason = explainExit(child.output, result.exit, this.#data);
      log.write('warn', 'chroma.exit-at-start', { kind: reason.kind, reason: reason.message });
      if (reason.kind === 'damaged' && !setAside) {
        setAside = true;
        await this.#setDataAside(reason.message);
      } else if (reason.kind === 'port-taken') {
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
    const port = await pickPort();
    const origin = `http://${randomUUID()}.invalid`;
    await writeFile(this.#configuration, serverConfiguration(this.#data, port, origin), { mode: 0o600 });
    await chmod(this.#configuration, 0o600);
    const config = { file: this.#configuration, directory, port, origin };
    const child = new ChromaChild(launcher, config, (line) => log.write('debug', 'chroma.output', { line }));
    await this.#writePidFile(child);
    return child;
  }

  async #writePidFile(child: ChromaChild): Promise<void> {
    const content: PidFile = { pids: child.pids, port: child.port, startTime: new Date().toISOString() };
    await writeFile(this.#pidFile, JSON.stringify(content), { mode: 0o600 });
  }

  /** Two servers on one database damage it, so one that outlived its daemon has to go first. */
  async #endStaleServer(): Promise<void> {
    for (const pid of await recordedPids(this.#pidFile)) {
      if (pid <= 1 || pid === process.pid || !(await isAlive(pid))) continue;
      // The id may have gone to another program since; ours names its configuration file.
      const command = await commandLine(pid);
      if (command?.includes(this.#configuration) !== true) continue;
      // It ends by itself when its daemon has gone, and then no lock is left behind.
      const gone = (await waitUntilGone(pid, 500)) || (await endProcess(pid, 2000));
      this.#options.log.write('warn', 'chroma.stale', { pid, gone });
      if (gone) continue;
      throw new LanternError(
        'store-failed',
        `An older Chroma server (process ${pid}) does not end. End it, then try again.`,
      );
    }
  }

  async #setDataAside(reason: string): Promise<void> {
    const aside = join(this.#options.directory, 'data.damaged');
    this.#options.log.write('error', 'chroma.set-aside', { reason });
    await rm(aside, { recursive: true, force: true, maxRetries: 3 });
    try {
      await rename(this.#data, aside);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    await mkdir(this.#data, { recursive: true, mode: 0o700 });
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

/** Process ids that an earlier life left in the file; none where there is no file, or one that was tampered with. */
async function recordedPids(file: string): Promise<number[]> {
  try {
    const { pids } = JSON.parse(await readFile(file, 'utf8')) as { readonly pids?: unknown };
    return Array.isArray(pids) ? pids.filter((pid): pid is number => Number.isInteger(pid)) : [];
  } catch {
    return [];
  }
}

async function identity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** A port on 127.0.0.1 that nobody listens on at this moment. */
function pickFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
