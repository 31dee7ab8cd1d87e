import type { Socket } from 'node:net';
import { type Interface, createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { LanternError, errorMessage } from '../../../../shared/src/errors.js';
import { defaultLineLimits, readLine } from '../../../../shared/src/protocol/handshake.js';
import { maxMessageBytes, parseBridgeReply, writeLine } from './bridgeHello.js';

export interface BridgeOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Connects to the daemon, and starts it when none runs. The socket's next byte is the first after the handshake. */
  readonly reach: () => Promise<Socket>;
  /** The folder in which the agent's client started this process. */
  readonly workingDirectory: string;
}

type Id = string | number;

/** JSON-RPC's numbers of errors. */
const [parseError, invalidRequest] = [-32700, -32600];

/** The fields of a message that the bridge reads. Everything else passes through unchanged. */
interface Message {
  readonly id?: Id;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly params?: { readonly requestId?: Id; readonly _meta?: Readonly<Record<string, unknown>> };
}

interface Pending {
  readonly line: string;
  readonly message: Message;
  /** Number of times it has been sent. */
  sent: number;
}

/** A request during which the daemon ended this often is answered with an error. */
const mostSends = 3;
/** Time to wait for answers after the client has closed its side. */
const farewellMs = 30_000;
/** Present in requests of protocols that need no `initialize`. */
const versionKey = 'io.modelcontextprotocol/protocolVersion';

/**
 * Carries MCP between an agent's client on stdio and the daemon. It knows just enough of the protocol to survive a
 * restart of the daemon: it repeats the handshake and all unanswered requests, and the client does not notice.
 */
export class Bridge {
  readonly #options: BridgeOptions;
  readonly #pending = new Map<Id, Pending>();
  /** Requests of the daemon that the client has not answered. Answers for a daemon that has ended are dropped. */
  readonly #asked = new Set<Id>();
  readonly #askedInVain = new Map<Id, number>();
  #initialize: Pending | undefined;
  #initialized: string | undefined;
  /** Id of a repeated `initialize`, whose answer is not for the client. */
  #repeated: Id | undefined;
  #socket: Socket | undefined;
  #connecting: Promise<void> | undefined;
  #ended = false;
  #finish: () => void = () => undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  /** Resolves when the client has ended and all its requests are answered. */
  async run(): Promise<void> {
    const { input, output } = this.#options;
    const finished = new Promise<void>((settle) => (this.#finish = settle));
    output.on('error', this.#finish);
    const lines = readLines(input, (line) => this.#fromClient(line));
    lines.once('close', () => {
      this.#ended = true;
      setTimeout(this.#finish, farewellMs).unref();
      this.#finishWhenAnswered();
    });
    await finished;
    lines.close();
    this.#socket?.destroy();
  }

  #fromClient(line: string): void {
    if (line.trim() === '') return;
    const message = parse(line);
    const problem = problemOf(message, line);
    if (message === undefined || problem !== undefined) {
      const id = message !== undefined && isId(message.id) && 'method' in message ? message.id : null;
      const code = message === undefined ? parseError : invalidRequest;
      this.#toClient(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: problem } }));
      return;
    }
    const { id, method, params } = message;
    if (method !== undefined && id !== undefined) {
      const pending = { line, message, sent: 0 };
      this.#pending.set(id, pending);
      if (method === 'initialize') this.#initialize = pending;
    } else if (id !== undefined) {
      this.#asked.delete(id);
      const inVain = this.#askedInVain.get(id) ?? 0;
      if (inVain > 0) {
        this.#askedInVain.set(id, inVain - 1);
        return;
      }
    } else if (method === 'notifications/initialized') {
      this.#initialized = line;
    } else if (method === 'notifications/cancelled' && params?.requestId !== undefined) {
      this.#pending.delete(params.requestId);
    }
    if (this.#socket !== undefined && this.#connecting === undefined) this.#send(this.#socket, line, id);
    else if (method !== undefined && id !== undefined) this.#connect();
  }

  #send(socket: Socket, line: string, id: Id | undefined): void {
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (pending !== undefined) pending.sent++;
    if (socket.write(`${line}\n`)) return;
    const { input } = this.#options;
    input.pause();
    const resume = (): void => {
      socket.off('drain', resume).off('close', resume);
      input.resume();
    };
    socket.on('drain', resume).on('close', resume);
  }

  /** Connects to the daemon and repeats what it must know. Requests that come meanwhile wait. */
  #connect(): void {
    this.#connecting ??= this.#reach().then(
      (socket) => {
        this.#connecting = undefined;
        this.#begin(socket);
      },
      (error: unknown) => {
        this.#connecting = undefined;
        for (const id of [...this.#pending.keys()]) this.#fail(id, errorMessage(error));
      },
    );
  }

  async #reach(): Promise<Socket> {
    const { reach, workingDirectory } = this.#options;
    const socket = await reach();
    try {
      socket.write(writeLine({ workingDirectory }));
      const reply = parseBridgeReply(await readLine(socket, { ...defaultLineLimits, timeoutMs: 60_000 }));
      if (reply.ok) return socket;
      throw new LanternError('unavailable', reply.message);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #begin(socket: Socket): void {
    this.#socket = socket;
    const lines = readLines(socket, (line) => this.#fromDaemon(line));
    socket.once('close', () => {
      lines.close();
      if (this.#socket === socket) this.#lost();
    });
    const first = this.#initialize;
    if (first !== undefined && first.sent > 0 && first.message.id !== undefined) {
      if (!this.#pending.has(first.message.id)) this.#repeated = first.message.id;
      this.#send(socket, first.line, undefined);
      if (this.#initialized !== undefined) this.#send(socket, this.#initialized, undefined);
    }
    for (const [id, { line, message }] of [...this.#pending]) {
      if (message.method === 'initialize' && first !== undefined && first.sent > 0) continue;
      this.#send(socket, line, id);
    }
  }

  #fromDaemon(line: string): void {
    const { id, method } = parse(line) ?? {};
    if (id !== undefined && method !== undefined) this.#asked.add(id);
    else if (id !== undefined) {
      if (id === this.#repeated) {
        this.#repeated = undefined;
        return;
      }
      this.#pending.delete(id);
    }
    this.#toClient(line);
    this.#finishWhenAnswered();
  }

  /** The daemon has ended. Reconnects for unanswered requests, otherwise when the client next asks. */
  #lost(): void {
    this.#socket = undefined;
    this.#repeated = undefined;
    for (const id of this.#asked) this.#askedInVain.set(id, (this.#askedInVain.get(id) ?? 0) + 1);
    this.#asked.clear();
    for (const [id, { sent }] of [...this.#pending]) {
      if (sent >= mostSends) {
        this.#fail(
          id,
          'The daemon ended three times before it answered. Run “lantern doctor” in a terminal.',
        );
      }
    }
    if (this.#pending.size > 0) this.#connect();
  }

  #fail(id: Id, text: string): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    const { method, params } = pending?.message ?? {};
    const answer =
      method === 'tools/call'
        ? {
            result: {
              ...(params?._meta?.[versionKey] !== undefined && { resultType: 'complete' }),
              isError: true,
              content: [{ type: 'text', text }],
            },
          }
        : { error: { code: -32603, message: text } };
    this.#toClient(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    this.#finishWhenAnswered();
  }

  #toClient(line: string): void {
    const { output } = this.#options;
    if (output.write(`${line}\n`)) return;
    const socket = this.#socket;
    socket?.pause();
    output.once('drain', () => socket?.resume());
  }

  #finishWhenAnswered(): void {
    if (this.#ended && this.#pending.size === 0) this.#finish();
  }
}

function readLines(input: Readable, onLine: (line: string) => void): Interface {
  const lines = createInterface({ input, crlfDelay: Infinity });
  lines.on('line', onLine);
  // It repeats the stream's errors, which `close` handles.
  lines.on('error', () => lines.close());
  return lines;
}

const isId = (value: unknown): value is Id => typeof value === 'string' || Number.isSafeInteger(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Why a line is not sent on: the daemon's library passes over what is no message, and its client would wait for an
 * answer.
 */
function problemOf(message: Message | undefined, line: string): string | undefined {
  if (message === undefined) return 'The line is no JSON object.';
  const { jsonrpc, id, method, params } = message as Readonly<Record<string, unknown>>;
  if (Buffer.byteLength(line) > maxMessageBytes)
    return `The message is over ${maxMessageBytes} bytes. Send less at a time.`;
  if (jsonrpc !== '2.0') return 'The message has no "jsonrpc": "2.0".';
  if (id !== undefined && !isId(id)) return 'The "id" must be a text or a whole number.';
  if (method === undefined) {
    const isAnswer = id !== undefined && (isObject(message.result) || isObject(message.error));
    return isAnswer ? undefined : 'The message has no "method", and is no answer.';
  }
  if (typeof method !== 'string') return 'The "method" must be a text.';
  if (params === undefined) return undefined;
  if (!isObject(params)) return 'The "params" must be an object.';
  const { _meta: meta } = params;
  if (meta === undefined) return undefined;
  if (!isObject(meta)) return 'The "_meta" must be an object.';
  const token = meta['progressToken'];
  return token === undefined || isId(token)
    ? undefined
    : 'The "progressToken" must be a text or a whole number.';
}

function parse(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
