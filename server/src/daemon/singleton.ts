import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDaemonRecord, writeDaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import type { DaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import { dialAny } from '../../../shared/src/connection/dial.js';
import { disposeOnce } from '../../../shared/src/disposable.js';
import type { Disposable } from '../../../shared/src/disposable.js';
import { currentUid, isPipe, socketAt } from '../../../shared/src/connection/endpoint.js';
import { LanternError, errorMessage, systemCode } from '../../../shared/src/errors.js';
import { handshakeVersion } from '../../../shared/src/protocol/handshake.js';
import type { BuildId } from '../../../shared/src/protocol/handshake.js';
import { DataDirLock, inodeOf } from './dataDirLock.js';

/** How a daemon identifies itself. */
export interface DaemonIdentity {
  readonly protocol: number;
  readonly build: BuildId;
  readonly pid: number;
  readonly dataDir: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export interface ClaimOptions {
  readonly endpoint: string;
  readonly identity: DaemonIdentity;
  /**
   * How long to wait for an owner that is draining, hanging or starting. Default 25,000, more than a shutdown may
   * take.
   */
  readonly waitMs?: number;
}

export type Claim =
  | { readonly kind: 'owner'; readonly owner: Ownership }
  /** Another daemon serves this data folder. */
  | { readonly kind: 'taken'; readonly pid: number | undefined };

export type EndpointClaim =
  { readonly kind: 'owner'; readonly listener: Listener } | { readonly kind: 'taken' };

/**
 * Becomes the only owner of the data folder and its endpoint, or reports that another daemon serves. The folder's
 * lock decides. Only its holder may remove a dead socket, so there are never two owners.
 */
export async function claimDaemon(options: ClaimOptions): Promise<Claim> {
  const { endpoint, identity, waitMs = 25_000 } = options;
  const { dataDir } = identity;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const deadline = Date.now() + waitMs;
  for (;;) {
    // First, because it is cheap: a process that lost the race should end before it loads anything.
    const found = await dialAny({ endpoint, dataDir }, probeOf(identity), { timeoutMs: 2000 });
    if (found.kind === 'connected') {
      found.socket.destroy();
      return { kind: 'taken', pid: found.daemon.pid };
    }
    if (found.kind === 'rejected' && found.rejection.reason !== 'draining') {
      return { kind: 'taken', pid: found.rejection.pid };
    }
    const lock = await DataDirLock.tryAcquire(dataDir);
    if (lock !== undefined) {
      try {
        const claim = await claimEndpoint(endpoint);
        if (claim.kind === 'owner')
          return { kind: 'owner', owner: await own(claim.listener, lock, identity) };
      } catch (error) {
        lock.release();
        throw error;
      }
      lock.release();
    }
    if (Date.now() > deadline) throw await blocked(options, lock !== undefined);
    await sleep(50);
  }
}

async function own(listener: Listener, lock: DataDirLock, identity: DaemonIdentity): Promise<Ownership> {
  const previous = await readDaemonRecord(identity.dataDir);
  const record: DaemonRecord = {
    pid: identity.pid,
    host: hostname(),
    startedAt: identity.startedAt,
    build: identity.build,
    protocol: identity.protocol,
    endpoint: listener.path,
    clean: false,
  };
  try {
    await writeDaemonRecord(identity.dataDir, record);
  } catch (error) {
    await listener.close();
    throw new LanternError(
      'store-failed',
      `${identity.dataDir} cannot be written: ${errorMessage(error)}. Free disk space or correct its permissions.`,
      { cause: error },
    );
  }
  return new Ownership(listener, lock, identity.dataDir, record, previous);
}

/**
 * Binds the endpoint, after removing a socket without a listener. Two processes that remove it at once could both
 * become owners, so only the holder of the data folder's lock may call this for a socket.
 */
export async function claimEndpoint(path: string): Promise<EndpointClaim> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { kind: 'owner', listener: await Listener.bind(path) };
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') {
        throw new LanternError(
          'unavailable',
          `The daemon cannot listen at ${path}: ${errorMessage(error)}.`,
          { cause: error },
        );
      }
    }
    if (isPipe(path)) return { kind: 'taken' };
    // Rejects when the path is not a socket of ours.
    if ((await socketAt(path, currentUid())) === 'missing') continue;
    if (attempt >= 10 || !(await isDead(path))) return { kind: 'taken' };
    await unlink(path).catch(() => undefined);
  }
}

/**
 * True when three attempts in a row are refused. A full backlog (EAGAIN) or any other answer means that a daemon
 * lives.
 */
async function isDead(path: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (attempt > 0) await sleep(30);
    if ((await connectCode(path)) !== 'ECONNREFUSED') return false;
  }
  return true;
}

function connectCode(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error) => {
      socket.destroy();
      resolve(systemCode(error) ?? 'unknown');
    });
  });
}

/** A bound server that queues connections until they are accepted. */
export class Listener {
  readonly path: string;
  readonly #server: Server;
  #inode: bigint | undefined;
  #waiting: Socket[] = [];
  #accept: ((socket: Socket) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (this.#accept === undefined) this.#waiting.push(socket);
      else this.#accept(socket);
    });
  }

  /** Rejects with the system's error; EADDRINUSE when the path exists. */
  static async bind(path: string): Promise<Listener> {
    const listener = new Listener(path);
    await listener.#listen();
    return listener;
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ path: this.path, backlog: 511 }, () => {
        this.#server.off('error', reject);
        // For example too many open files. The next connection may succeed.
        this.#server.on('error', (error) => this.#failed?.(error));
        resolve();
      });
    });
    if (isPipe(this.path)) return;
    // The folder is closed to other users, so nobody can have connected before this.
    await chmod(this.path, 0o600);
    this.#inode = await inodeOf(this.path);
  }

  /** Passes on each connection, including queued ones. `failed` is called for those that could not be accepted. */
  accept(handler: (socket: Socket) => void, failed: (error: Error) => void): void {
    this.#accept = handler;
    this.#failed = failed;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) handler(socket);
  }

  /** False when the socket's file was removed or replaced: new clients cannot reach us. */
  async isReachable(): Promise<boolean> {
    return isPipe(this.path) || (await inodeOf(this.path)) === this.#inode;
  }

  /** Stops listening and removes the socket's file if it is still ours. The process should then exit. */
  async close(): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting = [];
    this.#accept = (socket) => void socket.destroy();
    // Closing would remove any file at the path, which may be our successor's. Exiting removes none.
    if (await this.isReachable()) this.#server.close();
    else this.#server.unref();
  }
}

/** What the daemon of a data folder owns: lock, endpoint and record. */
export class Ownership {
  readonly listener: Listener;
  /** The record of the previous daemon, if it did not end cleanly. */
  readonly crashed: DaemonRecord | undefined;
  readonly #lock: DataDirLock;
  readonly #dataDir: string;
  readonly #record: DaemonRecord;
  #released = false;

  constructor(
    listener: Listener,
    lock: DataDirLock,
    dataDir: string,
    record: DaemonRecord,
    previous: DaemonRecord | undefined,
  ) {
    this.listener = listener;
    this.crashed = previous?.clean === false ? previous : undefined;
    this.#lock = lock;
    this.#dataDir = dataDir;
    this.#record = record;
  }

  /** Calls `onLost` once when the socket or the lock's file is missing or belongs to another process. */
  watch(onLost: (what: 'endpoint' | 'data folder') => void, everyMs = 2000): Disposable {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      void this.#lost().then(
        (what) => {
          busy = false;
          if (what === undefined || this.#released) return;
          watching.dispose();
          onLost(what);
        },
        // A file system that does not answer proves nothing about the owner.
        () => (busy = false),
      );
    }, everyMs);
    timer.unref();
    const watching = disposeOnce(() => clearInterval(timer));
    return watching;
  }

  async #lost(): Promise<'endpoint' | 'data folder' | undefined> {
    if (!(await this.#lock.holds())) return 'data folder';
    return (await this.listener.isReachable()) ? undefined : 'endpoint';
  }

  /**
   * Stops listening and releases the lock for the next owner. Everything else must be closed. The process should exit
   * next.
   */
  async release(end: 'clean' | 'crashed'): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.listener.close();
    try {
      // In a folder that is no longer ours, the record belongs to another daemon.
      if (end === 'clean' && (await this.#lock.holds())) {
        await writeDaemonRecord(this.#dataDir, { ...this.#record, clean: true });
      }
    } finally {
      this.#lock.release();
    }
  }
}

function probeOf({ protocol, build, pid }: DaemonIdentity) {
  return { lantern: handshakeVersion, protocol, build, pid, client: 'daemon', intent: 'probe' } as const;
}

async function blocked({ endpoint, identity }: ClaimOptions, endpointTaken: boolean): Promise<LanternError> {
  if (endpointTaken) {
    return new LanternError(
      'unavailable',
      `Another program listens at ${endpoint}. Stop it, or set LANTERN_HOME.`,
    );
  }
  const record = await readDaemonRecord(identity.dataDir);
  const who = record === undefined ? 'another process' : `process ${record.pid} on ${record.host}`;
  return new LanternError(
    'unavailable',
    `The data folder ${identity.dataDir} is held by ${who}, which does not answer. End that process, or set LANTERN_HOME.`,
  );
}
