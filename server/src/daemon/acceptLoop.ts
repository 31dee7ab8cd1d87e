import type { Socket } from 'node:net';
import { errorMessage } from '../../../shared/src/errors.js';
import { HandshakeError, defaultLineLimits, receiveHello } from '../../../shared/src/protocol/handshake.js';
import type { ClientHello, DaemonHello, DaemonRejection } from '../../../shared/src/protocol/handshake.js';
import type { Log } from '../../../shared/src/log.js';
import type { ActivityCounter } from '../service/activity.js';
import type { OpenSession } from '../service/openSession.js';
import type { DaemonIdentity, Listener } from './singleton.js';

export interface AcceptLoopOptions {
  readonly listener: Pick<Listener, 'accept'>;
  readonly identity: DaemonIdentity;
  /** Serves one client. The socket's next byte is the first after the handshake. */
  readonly open: (socket: Socket, hello: ClientHello) => OpenSession | Promise<OpenSession>;
  /** A client asked the daemon to end, and has been answered. */
  readonly onStop: (intent: 'stop' | 'takeover', hello: ClientHello) => void;
  readonly activity: ActivityCounter;
  readonly log: Log;
  /** Most connections at a time, including those in the handshake. Default 256. */
  readonly maxConnections?: number;
  readonly handshakeTimeoutMs?: number;
}

/** A connected client. */
export interface ClientInfo {
  readonly client: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Performs the handshake with each client, and keeps its session as long as its socket. */
export class AcceptLoop {
  readonly #options: AcceptLoopOptions;
  readonly #sockets = new Map<Socket, ClientInfo | undefined>();
  #draining = false;

  constructor(options: AcceptLoopOptions) {
    this.#options = options;
    options.listener.accept(
      (socket) => void this.#serve(socket),
      (error) => options.log.write('error', 'daemon.accept', { error: error.message }),
    );
  }

  /** The clients that have a session. */
  clients(): readonly ClientInfo[] {
    return [...this.#sockets.values()].filter((info) => info !== undefined);
  }

  /** Tells new clients to come back later. Sessions continue. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends every session. Resolves when all sockets are closed, by force after `graceMs`. */
  async close(graceMs = 1000): Promise<void> {
    this.#draining = true;
    const sockets = [...this.#sockets.keys()];
    const gone = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
    for (const socket of sockets) socket.end();
    await Promise.all(gone);
    clearTimeout(timer);
  }

  async #serve(socket: Socket): Promise<void> {
    const { log } = this.#options;
    socket.on('error', () => undefined);
    if (socket.destroyed) return;
    this.#sockets.set(socket, undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    try {
      await this.#greet(socket);
    } catch (error) {
      log.write('warn', 'daemon.connection', { error: errorMessage(error) });
      socket.destroy();
    }
  }

  async #greet(socket: Socket): Promise<void> {
    const { identity, maxConnections = 256, onStop, handshakeTimeoutMs } = this.#options;
    if (this.#sockets.size > maxConnections) {
      this.#reject(
        socket,
        'busy',
        `The daemon has ${maxConnections} clients already. Close some and try again.`,
      );
      return;
    }
    let hello: ClientHello;
    try {
      hello = await receiveHello(socket, {
        maxBytes: defaultLineLimits.maxBytes,
        timeoutMs: handshakeTimeoutMs ?? defaultLineLimits.timeoutMs,
      });
    } catch (error) {
      if (!(error instanceof HandshakeError) || error.reason === 'closed') socket.destroy();
      else this.#reject(socket, 'malformed', error.message);
      return;
    }
    if (socket.destroyed) return;
    if (this.#draining) {
      this.#reject(
        socket,
        'draining',
        `The daemon (pid ${identity.pid}) is finishing its work before it exits.`,
      );
    } else if (hello.intent !== 'session') {
      this.#reply(socket, { ok: true, ...identity });
      endSocket(socket);
      if (hello.intent !== 'probe') onStop(hello.intent, hello);
    } else if (hello.protocol !== identity.protocol) {
      const { version } = identity.build;
      this.#reject(
        socket,
        'incompatible',
        `Daemon ${version} speaks protocol ${identity.protocol}, the client ${hello.protocol}.`,
      );
    } else {
      this.#reply(socket, { ok: true, ...identity });
      await this.#session(socket, hello);
    }
  }

  async #session(socket: Socket, hello: ClientHello): Promise<void> {
    const { activity, log, open } = this.#options;
    const { client, pid } = hello;
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const counted = activity.begin('session', `${client} ${pid}`);
    const since = Date.now();
    this.#sockets.set(socket, { client, pid, since });
    log.write('info', 'session.open', { client, clientPid: pid, sessions: this.clients().length });
    let session: OpenSession | undefined;
    try {
      session = await open(socket, hello);
      await Promise.race([gone, session.closed]);
      endSocket(socket);
      await gone;
    } finally {
      session?.dispose();
      counted.dispose();
      log.write('info', 'session.close', { client, clientPid: pid, ms: Date.now() - since });
    }
  }

  #reply(socket: Socket, reply: DaemonHello | DaemonRejection): void {
    socket.write(`${JSON.stringify(reply)}\n`);
  }

  #reject(socket: Socket, reason: DaemonRejection['reason'], message: string): void {
    const { protocol, build, pid } = this.#options.identity;
    this.#reply(socket, { ok: false, reason, message, protocol, build, pid });
    endSocket(socket);
    this.#options.log.write('info', 'session.reject', { reason });
  }
}

/** Ends the connection. Input is ignored, and a client that does not close its side is closed here. */
function endSocket(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 1000);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
