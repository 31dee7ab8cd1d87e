import type { Socket } from 'node:net';
import { LanternError, cancelled } from '../errors.js';

/** Version of the handshake itself. Every later version must understand it. */
export const handshakeVersion = 1;

/** Identifies a build. Of two with the same version, the one with the later `builtAt` (ms since 1970) is newer. */
export interface BuildId {
  readonly version: string;
  readonly builtAt: number;
}

/** `session` stays connected; `probe` only asks who is there; `stop` and `takeover` ask the daemon to end. */
export type Intent = 'session' | 'probe' | 'stop' | 'takeover';

/** The client's first line. */
export interface ClientHello {
  readonly lantern: typeof handshakeVersion;
  readonly protocol: number;
  readonly build: BuildId;
  /** Name of the client, such as `cli`, `editor` or `mcp`, for the log and the memory report. */
  readonly client: string;
  readonly pid: number;
  readonly intent: Intent;
}

/** The daemon's line when it serves the client. */
export interface DaemonHello {
  readonly ok: true;
  readonly protocol: number;
  readonly build: BuildId;
  readonly pid: number;
  readonly dataDir: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** The daemon's line when it does not serve the client. It then closes the socket. */
export interface DaemonRejection {
  readonly ok: false;
  readonly reason: 'draining' | 'incompatible' | 'malformed' | 'busy';
  readonly message: string;
  readonly protocol: number;
  readonly build: BuildId;
  readonly pid: number;
}

export type DaemonReply = DaemonHello | DaemonRejection;

/** Negative when `a` is older than `b`, 0 when they are the same build. */
export function compareBuilds(a: BuildId, b: BuildId): number {
  return compareVersions(a.version, b.version) || a.builtAt - b.builtAt;
}

/** Compares semantic versions. A pre-release comes before its release. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

function splitVersion(version: string): { numbers: number[]; pre: string } {
  const [core = '', ...pre] = (version.split('+')[0] ?? '').split('-');
  return { numbers: core.split('.').map((part) => Number.parseInt(part, 10) || 0), pre: pre.join('-') };
}

export interface LineLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export const defaultLineLimits = { maxBytes: 8192, timeoutMs: 5000 } as const;

/** Why no line was received. */
export class HandshakeError extends Error {
  readonly reason: 'too-long' | 'timeout' | 'closed' | 'not-json';

  constructor(reason: HandshakeError['reason'], message: string) {
    super(message);
    this.name = 'HandshakeError';
    this.reason = reason;
  }
}

/**
 * Reads up to the first newline. The rest stays in the socket for the next reader, who may attach `data`, `readable`
 * or an iterator at any time.
 */
export function readLine(socket: Socket, limits: LineLimits): Promise<string> {
  const { maxBytes, timeoutMs, signal } = limits;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;

    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      // `readable`, not `data`: without listeners the stream is then neither flowing nor paused, so any reader can
      // follow.
      socket.off('readable', onReadable).off('end', onClosed).off('close', onClosed).off('error', onClosed);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (error: Error): void => finish(() => reject(error));
    const onReadable = (): void => {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        const newline = chunk.indexOf(0x0a);
        const part = newline < 0 ? chunk : chunk.subarray(0, newline);
        size += part.length;
        if (size > maxBytes) {
          fail(new HandshakeError('too-long', `The line is over ${maxBytes} bytes.`));
          return;
        }
        parts.push(part);
        if (newline < 0) continue;
        const rest = chunk.subarray(newline + 1);
        if (rest.length > 0) socket.unshift(rest);
        finish(() => resolve(Buffer.concat(parts).toString('utf8')));
        return;
      }
    };
    const onClosed = (): void =>
      fail(new HandshakeError('closed', 'The connection ended before the line did.'));
    const onAbort = (): void => fail(cancelled('The handshake'));
    const timer = setTimeout(
      () => fail(new HandshakeError('timeout', `No line came within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    socket.on('readable', onReadable).on('end', onClosed).on('close', onClosed).on('error', onClosed);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    if (socket.destroyed) {
      onClosed();
      return;
    }
    // Data that arrived before the listener is not announced again.
    if (socket.readableLength > 0) onReadable();
  });
}

/** Sends the client's line and waits for the daemon's. */
export async function sendHello(
  socket: Socket,
  hello: ClientHello,
  limits: LineLimits,
): Promise<DaemonReply> {
  const answer = readLine(socket, limits);
  socket.write(`${JSON.stringify(hello)}\n`);
  return parseReply(await answer);
}

/** Waits for the client's line. Rejects with `HandshakeError` when it is not a hello. */
export async function receiveHello(socket: Socket, limits: LineLimits): Promise<ClientHello> {
  return parseHello(await readLine(socket, limits));
}

const intents: readonly string[] = ['session', 'probe', 'stop', 'takeover'] satisfies Intent[];
const reasons: readonly string[] = [
  'draining',
  'incompatible',
  'malformed',
  'busy',
] satisfies DaemonRejection['reason'][];

function parseHello(line: string): ClientHello {
  const value = parseObject(line);
  const build = parseBuild(value['build']);
  const { lantern, protocol, client, pid, intent } = value;
  if (
    lantern !== handshakeVersion ||
    !isCount(protocol) ||
    !isCount(pid) ||
    typeof client !== 'string' ||
    client.length > 40 ||
    typeof intent !== 'string' ||
    !intents.includes(intent)
  ) {
    throw new HandshakeError('not-json', 'The line is not a hello of Lantern.');
  }
  return { lantern, protocol, build, client, pid, intent: intent as Intent };
}

function parseReply(line: string): DaemonReply {
  const value = parseObject(line);
  const build = parseBuild(value['build']);
  const { ok, protocol, pid, dataDir, startedAt, reason, message } = value;
  if (isCount(protocol) && isCount(pid)) {
    if (ok === true && typeof dataDir === 'string' && typeof startedAt === 'number') {
      return { ok, protocol, build, pid, dataDir, startedAt };
    }
    if (ok === false && typeof reason === 'string' && typeof message === 'string') {
      // An unknown reason of a later daemon still means that it does not serve this client.
      const known = reasons.includes(reason) ? (reason as DaemonRejection['reason']) : 'incompatible';
      return { ok, reason: known, message, protocol, build, pid };
    }
  }
  throw new LanternError(
    'incompatible',
    'What answers at the daemon’s endpoint is not a Lantern daemon. Stop that program, or set LANTERN_HOME.',
  );
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null) {
    throw new HandshakeError('not-json', 'The line is not a JSON object.');
  }
  return value as Record<string, unknown>;
}

function parseBuild(value: unknown): BuildId {
  const build = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { version, builtAt } = build;
  if (typeof version !== 'string' || version.length > 100 || typeof builtAt !== 'number') {
    throw new HandshakeError('not-json', 'The line names no build.');
  }
  return { version, builtAt };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
