import type { Duplex } from 'node:stream';
import { type DataCallback, type Disposable, Message } from 'vscode-languageserver-protocol';
import { StreamMessageWriter } from 'vscode-languageserver-protocol/node';
import { ClientMessages } from './clientMessages.js';

/** Nothing more is read of a client that has so many requests without an answer that it took. */
const mostUnanswered = 200;
/** Most messages that a client has not taken. With more, it is taken for dead. */
const mostUnread = 2000;

type Write = StreamMessageWriter['write'];

/** What a client has asked and not taken the answer of. While that is too much, the client is not heard. */
class Unanswered {
  readonly #stream: Duplex;
  #count = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  asked(): void {
    if (++this.#count === mostUnanswered) this.#stream.pause();
  }

  answered(): void {
    if (this.#count-- === mostUnanswered) this.#stream.resume();
  }
}

/** Reads messages, and counts the requests among them. */
class BoundedReader extends ClientMessages {
  readonly #unanswered: Unanswered;

  constructor(stream: Duplex, unanswered: Unanswered) {
    super(stream);
    this.#unanswered = unanswered;
  }

  override listen(callback: DataCallback): Disposable {
    return super.listen((message) => {
      if (Message.isRequest(message)) this.#unanswered.asked();
      callback(message);
    });
  }
}

/** Writes messages. The stream of a client that has stopped reading is destroyed. */
class BoundedWriter extends StreamMessageWriter {
  readonly #stream: Duplex;
  readonly #unanswered: Unanswered;
  #unread = 0;

  constructor(stream: Duplex, unanswered: Unanswered) {
    super(stream);
    this.#stream = stream;
    this.#unanswered = unanswered;
  }

  /** Resolves when the stream has taken the message. */
  override async write(message: Parameters<Write>[0]): Promise<void> {
    if (++this.#unread > mostUnread) this.#stream.destroy(new Error('the client does not read'));
    try {
      await super.write(message);
    } finally {
      this.#unread--;
      if (Message.isResponse(message)) this.#unanswered.answered();
    }
  }
}

/** Reader and writer of one client, which can fill no memory whatever it sends and whether it reads or not. */
export function boundedStreams(stream: Duplex): {
  readonly reader: ClientMessages;
  readonly writer: StreamMessageWriter;
} {
  const unanswered = new Unanswered(stream);
  return { reader: new BoundedReader(stream, unanswered), writer: new BoundedWriter(stream, unanswered) };
}
