import { Buffer } from 'node:buffer';
import { type Socket, connect } from 'node:net';
import { endpointOf } from './endpointOf.js';

/** A connection to the daemon of `home` on which a test sends any bytes. */
export class RawClient {
  readonly #socket: Socket;
  readonly #parts: Buffer[] = [];
  /** Resolves when the daemon has closed the connection. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#parts.push(data)).on('error', () => undefined);
    this.closed = new Promise((settle) => socket.once('close', () => settle()));
  }

  static async open(home: string): Promise<RawClient> {
    const address = await endpointOf(home);
    const socket = connect(address);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** Sends each part by itself. A connection that the daemon has closed takes no more. */
  async send(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#socket.destroyed) return;
      await new Promise((settle) => this.#socket.write(part, settle));
    }
  }

  /** Sends no more, and resolves with all that the daemon has sent when it has closed the connection, too. */
  async end(): Promise<Buffer> {
    this.#socket.end();
    await this.closed;
    return Buffer.concat(this.#parts);
  }

  /** Resolves with what the daemon has sent so far, when `isEnough` holds or the connection is closed. */
  async received(isEnough: (bytes: Buffer) => boolean): Promise<Buffer> {
    for (;;) {
      const bytes = Buffer.concat(this.#parts);
      if (this.#socket.destroyed || isEnough(bytes)) return bytes;
      await new Promise<void>((settle) => this.#socket.once('data', settle).once('close', settle));
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** A message of the protocol as it is sent. */
export function framed(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** The messages in what was received. Throws when anything but whole messages is there. */
export function unframed(bytes: Buffer): unknown[] {
  const messages: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = /^Content-Length: (\d+)\r\n\r\n/.exec(bytes.toString('latin1', at, at + 100));
    if (header === null) throw new Error(`no header: ${bytes.toString('utf8', at, at + 100)}`);
    const start = at + header[0].length;
    at = start + Number(header[1]);
    if (at > bytes.length) throw new Error('half a message');
    messages.push(JSON.parse(bytes.toString('utf8', start, at)));
  }
  return messages;
}
