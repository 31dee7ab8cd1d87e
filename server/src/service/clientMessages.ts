import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  AbstractMessageReader,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  Message,
  type MessageReader,
} from 'vscode-languageserver-protocol/node';

/** Bytes of the longest header, and of the longest message: a query of 200,000 characters, or 50,000 changed files. */
const maxHeaderBytes = 4096;
const maxMessageBytes = 8 * 1024 * 1024;
const endOfHeader = '\r\n\r\n';

/** What a client has sent is no message of the protocol. `code` is JSON-RPC's number of the error. */
export class MalformedMessage extends Error {
  readonly code: number;

  constructor(problem: string, code: number = ErrorCodes.InvalidRequest) {
    super(`${problem} The connection is closed.`);
    this.code = code;
  }
}

/**
 * Reads a client's messages, each after a header with its length in bytes. The first that is none ends the reading: it
 * is reported as a `MalformedMessage`, because what follows it cannot be trusted to begin where a message does. The
 * library's own reader goes on without a word, and keeps whatever comes.
 */
export class ClientMessages extends AbstractMessageReader implements MessageReader {
  readonly #stream: Duplex;
  /** What has come and is not read yet. */
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes of the message after the last header; undefined while the next header is to come. */
  #length: number | undefined;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (data: Buffer): void => {
      try {
        this.#read(data, callback);
      } catch (error) {
        stop();
        // The library reads the parameters of its own notifications unasked, too.
        const other = new MalformedMessage('The message has not the parameters of its method.');
        this.fireError(error instanceof MalformedMessage ? error : other);
      }
    };
    const onClose = (): void => this.fireClose();
    const stop = (): void => {
      this.#stream.off('data', onData);
      this.#parts = [];
    };
    this.#stream.on('data', onData).on('close', onClose);
    return {
      dispose: () => {
        stop();
        this.#stream.off('close', onClose);
      },
    };
  }

  #read(data: Buffer, callback: DataCallback): void {
    this.#parts.push(data);
    this.#size += data.length;
    while (this.#size >= (this.#length ?? 1)) {
      const [first] = this.#parts;
      const bytes = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
      if (this.#length === undefined) {
        const end = bytes.subarray(0, maxHeaderBytes).indexOf(endOfHeader);
        if (end < 0) {
          if (bytes.length >= maxHeaderBytes)
            throw new MalformedMessage(`The header is over ${maxHeaderBytes} bytes.`);
          this.#keep(bytes);
          return;
        }
        this.#length = lengthIn(bytes.toString('latin1', 0, end));
        this.#keep(bytes.subarray(end + endOfHeader.length));
      } else {
        const message = parse(bytes.toString('utf8', 0, this.#length));
        this.#keep(bytes.subarray(this.#length));
        this.#length = undefined;
        callback(message);
      }
    }
  }

  #keep(rest: Buffer): void {
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }
}

function lengthIn(header: string): number {
  const digits = /^content-length:[ \t]*(\d{1,15})[ \t]*$/im.exec(header)?.[1];
  if (digits === undefined) throw new MalformedMessage('The header has no Content-Length.');
  const length = Number(digits);
  if (length > maxMessageBytes)
    throw new MalformedMessage(`The message is over ${maxMessageBytes} bytes. Send less at a time.`);
  return length;
}

function parse(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedMessage('The message is no JSON.', ErrorCodes.ParseError);
  }
  const message = value as Message;
  if (!Message.isRequest(message) && !Message.isNotification(message) && !Message.isResponse(message))
    throw new MalformedMessage('The message is no request, notification or answer.');
  // The library reads these unasked.
  if (Message.isRequest(message) && message.method === 'initialize') {
    const { capabilities } = (message.params ?? {}) as { readonly capabilities?: unknown };
    if (typeof capabilities !== 'object' || capabilities === null)
      throw new MalformedMessage('“initialize” has no capabilities.', ErrorCodes.InvalidParams);
  }
  return message;
}
