import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { ChromaMainMessage, ChromaMainRequest } from './chromaMain.js';
import { Emitter } from '../../../../shared/src/disposable.js';
import type { ChromaLauncher } from './chromaLauncher.js';
import { serverEnvironment } from './chromaLauncher.js';
import { isAlive, signal, waitUntilGone } from './processes.js';

/** How a server process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type StartResult =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'exited'; readonly exit: ChildExit }
  | { readonly kind: 'load-failed'; readonly message: string }
  | { readonly kind: 'timeout' };

/** The child's script. It is beside this module, compiled or bundled. */
function mainScript(): string {
  const found = ['./chromaMain.js', './chromaMain.mjs'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  return found.find((path) => existsSync(path)) ?? './chromaMain.js';
}

const keptLines = 60;
const longestLine = 400;

/** One server process, from start to end, with the last lines that it printed. */
export class ChromaChild {
  readonly port: number;
  readonly #origin: string;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  #serverPid: number | undefined;
  #loadFailure: string | undefined;
  #stopping = false;
  #asked: Promise<number | undefined> | undefined;
  readonly #told = new Emitter<number | undefined>();
  /** Resolves when the process and the server in it have ended; never rejects. */
  readonly exited: Promise<ChildExit>;

  constructor(
    launcher: ChromaLauncher,
    config: {
      readonly file: string;
      readonly directory: string;
      readonly port: number;
      readonly origin: string;
    },
    onLine: (line: string) => void,
  ) {
    this.port = config.port;
    this.#origin = config.origin;
    this.#process = spawn(process.execPath, [mainScript(), launcher.kind, launcher.target, config.file], {
      cwd: config.directory,
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own, so that Ctrl-C in the daemon's terminal reaches only the daemon.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#serverPid = this.#process.pid;
    for (const stream of [this.#process.stdout, this.#process.stderr]) this.#collect(stream, onLine);
    this.#process.on('message', (message) => this.#receive(message as ChromaMainMessage));
    this.exited = new Promise<ChildExit>((resolve) => {
      this.#process.on('error', (error) => {
        this.#loadFailure ??= error.message;
        if (this.#process.pid === undefined) resolve({ code: null, signal: null });
      });
      this.#process.on('exit', () => {
        this.#told.emit(undefined);
        // A server that outlives its wrapper process keeps the pipes and the database open.
        const server = this.#serverPid;
        if (server !== undefined && server !== this.#process.pid) signal(server, 'SIGKILL');
      });
      // `close`, not `exit`: the last lines that it printed say why it ended.
      this.#process.on('close', (code, signal) => resolve({ code, signal }));
    }).then(async (exit) => {
      for (const pid of this.pids) await waitUntilGone(pid, 5000);
      return exit;
    });
  }

  /** Process id of the server itself. It differs from the wrapper's when the server is a separate program. */
  get pid(): number | undefined {
    return this.#serverPid;
  }

  /** Ids of every process of this child. */
  get pids(): readonly number[] {
    return [...new Set([this.#process.pid, this.#serverPid])].filter((pid) => pid !== undefined);
  }

  get running(): boolean {
    return (
      this.#process.exitCode === null && this.#process.signalCode === null && this.#process.pid !== undefined
    );
  }

  /** Whether `stop` was called, so that its end is not a crash. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** The last lines that it printed. */
  get output(): string {
    return this.#lines.join('\n');
  }

  /** Polls until the server answers as ours, has ended, or `deadlineMs` is over. */
  async waitUntilHealthy(deadlineMs: number): Promise<StartResult> {
    const deadline = Date.now() + deadlineMs;
    let exit: ChildExit | undefined;
    void this.exited.then((ended) => (exit = ended));
    for (let pause = 20; ; pause = Math.min(pause * 1.5, 500)) {
      if (await this.isHealthy(2000)) return { kind: 'healthy' };
      if (this.#loadFailure !== undefined) return { kind: 'load-failed', message: this.#loadFailure };
      if (exit !== undefined) return { kind: 'exited', exit };
      if (Date.now() >= deadline) return { kind: 'timeout' };
      await Promise.race([sleep(pause), this.exited]);
    }
  }

  /** Whether the server answers on its port with the origin that only it knows. */
  async isHealthy(timeoutMs: number): Promise<boolean> {
    if (!this.running) return false;
    return new Promise((resolve) => {
      const request = get(
        {
          host: '127.0.0.1',
          port: this.port,
          path: '/api/v2/heartbeat',
          headers: { origin: this.#origin },
          agent: false,
          timeout: timeoutMs,
        },
        (response) => {
          response.resume();
          resolve(
            response.statusCode === 200 && response.headers['access-control-allow-origin'] === this.#origin,
          );
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(false));
      // Has no effect after a response. It is for a request that is destroyed without an error.
      request.on('close', () => resolve(false));
    });
  }

  /**
   * Resident memory of the server in bytes, which its process says itself: on most systems nobody else can tell
   * without a further process. `undefined` when it cannot know, or does not answer within `timeoutMs`. Callers share
   * one question.
   */
  residentBytes(timeoutMs: number): Promise<number | undefined> {
    if (!this.running || !this.#process.connected) return Promise.resolve(undefined);
    this.#asked ??= new Promise<number | undefined>((resolve) => {
      const timer = setTimeout(() => answer(undefined), timeoutMs);
      const told = this.#told.on((bytes) => answer(bytes));
      const answer = (bytes: number | undefined): void => {
        clearTimeout(timer);
        told.dispose();
        this.#asked = undefined;
        resolve(bytes);
      };
      this.#send('memory');
    });
    return this.#asked;
  }

  /** Ends the server, by force after `graceMs`, and waits for it. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.running) {
      // A message works on every platform; Windows has no signals.
      if (this.#process.connected) this.#send('stop');
      const stopTimer = new AbortController();
      const gone = this.exited.then(() => stopTimer.abort());
      await Promise.race([
        gone,
        sleep(graceMs, undefined, { signal: stopTimer.signal }).catch(() => undefined),
      ]);
      for (const pid of this.pids) if (await isAlive(pid)) signal(pid, 'SIGKILL');
    }
    await this.exited;
  }

  #send(request: ChromaMainRequest): void {
    // The callback keeps a broken channel from throwing.
    this.#process.send(request, () => undefined);
  }

  #receive(message: ChromaMainMessage): void {
    switch (message.kind) {
      case 'server':
        this.#serverPid = message.pid;
        break;
      case 'load-failed':
        this.#loadFailure ??= message.message;
        break;
      case 'memory':
        this.#told.emit(message.rssBytes ?? undefined);
    }
  }

  #collect(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) {
        const text = stripVTControlCharacters(line).trimEnd().slice(0, longestLine);
        if (!/[A-Za-z0-9]/.test(text)) continue;
        this.#lines.push(text);
        if (this.#lines.length > keptLines) this.#lines.shift();
        onLine(text);
      }
    });
  }
}
