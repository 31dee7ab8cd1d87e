import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { isAlive, readDaemonRecord } from './daemonRecord.js';
import { currentUid, isPipe, socketAt, trustFolder } from './endpoint.js';
import { LanternError, cancelled, errorMessage, systemCode, throwIfCancelled } from '../errors.js';
import { HandshakeError, compareBuilds, defaultLineLimits, sendHello } from '../protocol/handshake.js';
import type { ClientHello, DaemonHello, DaemonRejection, Intent } from '../protocol/handshake.js';
import type { SpawnedDaemon } from './spawnDaemon.js';
import { SpawnGate } from './spawnGate.js';

/** The result of one attempt to connect. */
export type DialResult =
  /** The socket's next byte is the first after the handshake. The caller owns the socket. */
  | { readonly kind: 'connected'; readonly socket: Socket; readonly daemon: DaemonHello }
  | { readonly kind: 'rejected'; readonly rejection: DaemonRejection }
  /** Nobody listens. */
  | { readonly kind: 'absent' }
  /** A process listens and has not answered: a burst of connections, or a daemon that hangs or is ending. */
  | { readonly kind: 'silent' };

export interface DialTarget {
  readonly endpoint: string;
  /** The owner's `daemon.json` names an endpoint that this client's environment does not lead to. */
  readonly dataDir: string;
}

export interface DialOptions {
  /** Timeout for the connection and the daemon's answer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface DialOrSpawnOptions extends DialTarget {
  readonly hello: Omit<ClientHello, 'intent'>;
  /** Starts a process that claims the endpoint, usually through `spawnDaemon`. */
  spawn(): SpawnedDaemon | Promise<SpawnedDaemon>;
  /** Time within which a daemon must answer. One that is handing over gets as much again. Default 30,000. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Connection {
  /**
   * It has a silent `error` listener, so that a failure between two readers does not end the process. `close`
   * follows.
   */
  readonly socket: Socket;
  readonly daemon: DaemonHello;
}

/** Connects to one endpoint and performs the handshake. Never removes anything. */
export async function dial(
  endpoint: string,
  hello: ClientHello,
  options: DialOptions = {},
): Promise<DialResult> {
  const { timeoutMs = defaultLineLimits.timeoutMs, signal } = options;
  throwIfCancelled(signal, 'Reaching the daemon');
  if ((await socketAt(endpoint, currentUid())) === 'missing') return { kind: 'absent' };
  const socket = createConnection(endpoint);
  // Without a listener, a reset would be an uncaught exception.
  socket.on('error', () => undefined);
  try {
    const code = await connected(socket, timeoutMs, signal);
    if (code === undefined) {
      const reply = await sendHello(socket, hello, {
        maxBytes: defaultLineLimits.maxBytes,
        timeoutMs,
        signal,
      });
      if (reply.ok) return { kind: 'connected', socket, daemon: reply };
      socket.destroy();
      return { kind: 'rejected', rejection: reply };
    }
    socket.destroy();
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return { kind: 'absent' };
    if (code === 'EACCES' || code === 'EPERM') {
      throw new LanternError(
        'unavailable',
        `${endpoint} may not be opened (${code}). Check who owns its folder.`,
      );
    }
    return { kind: 'silent' };
  } catch (error) {
    socket.destroy();
    if (error instanceof HandshakeError && error.reason !== 'not-json') return { kind: 'silent' };
    throw error;
  }
}

/** Resolves with undefined when connected, or with the system's error code. */
function connected(socket: Socket, timeoutMs: number, signal?: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off('connect', onConnect).off('error', onError);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onConnect = (): void => finish(() => resolve(undefined));
    const onError = (error: Error): void => finish(() => resolve(systemCode(error) ?? errorMessage(error)));
    const onAbort = (): void => finish(() => reject(cancelled('Reaching the daemon')));
    const timer = setTimeout(() => finish(() => resolve('ETIMEDOUT')), timeoutMs);
    socket.on('connect', onConnect).on('error', onError);
    signal?.addEventListener('abort', onAbort);
  });
}

/** Tries the endpoint, then the one in the record of the data folder's owner. */
export async function dialAny(
  target: DialTarget,
  hello: ClientHello,
  options: DialOptions = {},
): Promise<DialResult & { readonly endpoint: string }> {
  const { endpoint, dataDir } = target;
  const first = await dial(endpoint, hello, options);
  if (first.kind !== 'absent') return { ...first, endpoint };
  const record = await readDaemonRecord(dataDir);
  if (record === undefined || record.endpoint === endpoint || record.clean) return { ...first, endpoint };
  try {
    if (!isPipe(record.endpoint)) await trustFolder(dirname(record.endpoint), currentUid(), 'fail');
    return { ...(await dial(record.endpoint, hello, options)), endpoint: record.endpoint };
  } catch (error) {
    throwIfCancelled(options.signal, 'Reaching the daemon');
    if (error instanceof LanternError && error.code === 'incompatible') throw error;
    return { ...first, endpoint };
  }
}

/** Connects to the daemon. Starts one when none runs, and replaces one that is older than this client. */
export async function dialOrSpawn(options: DialOrSpawnOptions): Promise<Connection> {
  try {
    return await dialOrStart(options);
  } catch (error) {
    throw notWritable(error, options.dataDir) ?? error;
  }
}

async function dialOrStart(options: DialOrSpawnOptions): Promise<Connection> {
  const { dataDir, hello, signal, deadlineMs = 30_000 } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const start = Date.now();
  const starter = new Starter(dataDir, options.spawn.bind(options));
  let deadline = start + deadlineMs;
  try {
    for (let attempt = 0; ; attempt++) {
      const left = deadline - Date.now();
      if (left <= 0 && attempt > 0) throw await unreachable(options, deadlineMs);
      const result = await dialAny(options, withIntent(hello, 'session'), {
        timeoutMs: Math.min(defaultLineLimits.timeoutMs, Math.max(left, 100)),
        signal,
      });
      switch (result.kind) {
        case 'connected':
          if (compareBuilds(result.daemon.build, hello.build) >= 0) {
            return { socket: result.socket, daemon: result.daemon };
          }
          result.socket.destroy();
          await starter.reserve();
          await requestTakeover(result.endpoint, options);
          break;
        case 'rejected':
          if (result.rejection.reason === 'draining') deadline = start + 2 * deadlineMs;
          else if (result.rejection.reason === 'malformed')
            throw new LanternError('incompatible', result.rejection.message);
          else if (result.rejection.reason === 'incompatible') {
            if (compareBuilds(result.rejection.build, hello.build) >= 0)
              throw incompatible(result.rejection, hello);
            await starter.reserve();
            await requestTakeover(result.endpoint, options);
          }
          break;
        case 'absent':
          await starter.start();
          break;
        case 'silent':
          break;
      }
      await pause(backoffMs(attempt), signal);
    }
  } finally {
    await starter.leave();
  }
}

/** Asks the daemon to end, and waits until its process has ended. */
export async function stopDaemon(
  options: DialTarget & Pick<DialOrSpawnOptions, 'hello' | 'deadlineMs' | 'signal'>,
): Promise<'stopped' | 'not-running'> {
  const { hello, signal, deadlineMs = 30_000 } = options;
  const deadline = Date.now() + deadlineMs;
  let pid: number | undefined;
  for (let attempt = 0; ; attempt++) {
    const result = await dialAny(options, withIntent(hello, 'stop'), { signal });
    if (result.kind === 'connected') {
      pid = result.daemon.pid;
      result.socket.destroy();
    } else if (result.kind === 'rejected') {
      pid = result.rejection.pid;
    } else if (result.kind === 'absent' && (pid === undefined || !isAlive(pid))) {
      return pid === undefined ? 'not-running' : 'stopped';
    }
    if (Date.now() > deadline) throw await unreachable(options, deadlineMs);
    await pause(backoffMs(attempt), signal);
  }
}

/** Starts processes for one client, through the gate, and notices when they end. */
class Starter {
  readonly #gate: SpawnGate;
  readonly #spawn: () => SpawnedDaemon | Promise<SpawnedDaemon>;
  #running: SpawnedDaemon | undefined;
  #deaths = 0;

  constructor(dataDir: string, spawn: () => SpawnedDaemon | Promise<SpawnedDaemon>) {
    this.#gate = new SpawnGate(dataDir);
    this.#spawn = spawn;
  }

  /** Keeps clients of the older build from starting their daemon again between the two. */
  async reserve(): Promise<void> {
    await this.#gate.enter();
  }

  async start(): Promise<void> {
    const exit = this.#running?.exit();
    if (this.#running !== undefined && exit === undefined) return;
    this.#running = undefined;
    // 0: another daemon serves, or has served and ended.
    if (exit !== undefined && exit.cause !== 0) {
      this.#deaths++;
      if (this.#deaths >= 3) throw failedStart(exit.cause, exit.output);
    }
    if (await this.#gate.enter()) this.#running = await this.#spawn();
  }

  leave(): Promise<void> {
    return this.#gate.leave();
  }
}

async function requestTakeover(endpoint: string, { hello, signal }: DialOrSpawnOptions): Promise<void> {
  const result = await dial(endpoint, withIntent(hello, 'takeover'), { signal });
  if (result.kind === 'connected') result.socket.destroy();
}

function withIntent(hello: Omit<ClientHello, 'intent'>, intent: Intent): ClientHello {
  return { ...hello, intent };
}

/** From 15 ms to 250 ms, randomised so that many clients do not retry in step. */
function backoffMs(attempt: number): number {
  return Math.min(250, 15 * 1.5 ** attempt) * (0.7 + 0.6 * Math.random());
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(cancelled('Reaching the daemon'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

/** The error for a data folder in which no daemon can be started; undefined when that is not what went wrong. */
function notWritable(error: unknown, dataDir: string): LanternError | undefined {
  const code = error instanceof LanternError ? undefined : systemCode(error);
  if (code === undefined || !['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'].includes(code))
    return undefined;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new LanternError(
    isFull ? 'disk-full' : 'store-failed',
    `Lantern cannot write to its data folder ${dataDir} (${code}), so no daemon can be started. ` +
      `${isFull ? 'Free some space' : 'Make it writable'}, or set LANTERN_HOME to another folder.`,
    { cause: error },
  );
}

function incompatible(daemon: DaemonRejection, hello: Omit<ClientHello, 'intent'>): LanternError {
  return new LanternError(
    'incompatible',
    `The running daemon is Lantern ${daemon.build.version} (protocol ${daemon.protocol}), newer than this ${hello.client} ` +
      `${hello.build.version} (protocol ${hello.protocol}). Update this ${hello.client}, or end the daemon (pid ${daemon.pid}) ` +
      'with “lantern stop” of its own version.',
  );
}

function failedStart(cause: number | string, output: string): LanternError {
  const how = typeof cause === 'number' ? `exited with code ${cause}` : `ended: ${cause}`;
  return new LanternError(
    'unavailable',
    `The daemon ${how} at its start.${output === '' ? '' : ` Its last lines:\n${output}`}\nRun “lantern doctor” for what is wrong.`,
  );
}

async function unreachable({ endpoint, dataDir }: DialTarget, ms: number): Promise<LanternError> {
  const record = await readDaemonRecord(dataDir);
  const there = record !== undefined && !record.clean;
  const elsewhere = there && record.host !== hostname();
  const who = !there
    ? 'No daemon came up.'
    : elsewhere
      ? `The data folder ${dataDir} is in use by a daemon on ${record.host} (pid ${record.pid}). Stop it there, or set LANTERN_HOME.`
      : isAlive(record.pid)
        ? `A daemon (pid ${record.pid}) runs and does not answer. End that process and try again.`
        : `The last daemon (pid ${record.pid}) is gone and no new one came up.`;
  return new LanternError(
    'unavailable',
    `No answer at ${endpoint} within ${Math.round(ms / 1000)} s. ${who} The daemon’s log is in ${dataDir}.`,
  );
}
