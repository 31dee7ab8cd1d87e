import assert from 'node:assert/strict';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { Bridge } from './bridge.js';

type Json = Record<string, unknown>;

/** What the bridge speaks to: a daemon whose every word the test decides. */
class FakeDaemon {
  readonly #server: Server;
  readonly #waiting: ((connection: FakeConnection) => void)[] = [];
  readonly #arrived: FakeConnection[] = [];
  refusal: string | undefined;

  constructor() {
    this.#server = createServer((socket) => {
      const connection = new FakeConnection(socket, this.refusal);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(connection);
      else waiting(connection);
    });
  }

  listen(): Promise<void> {
    return new Promise((settle) => this.#server.listen(0, '127.0.0.1', () => settle()));
  }

  reach(): Promise<Socket> {
    const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
    return new Promise((resolve, reject) =>
      socket.once('connect', () => resolve(socket)).once('error', reject),
    );
  }

  next(): Promise<FakeConnection> {
    const arrived = this.#arrived.shift();
    return arrived === undefined
      ? new Promise((settle) => this.#waiting.push(settle))
      : Promise.resolve(arrived);
  }

  close(): Promise<void> {
    return new Promise((settle) => this.#server.close(() => settle()));
  }
}

/** Lines from a stream, one at a time, in order. */
class Lines {
  readonly #lines: Json[] = [];
  #notify: () => void = () => undefined;

  constructor(stream: NodeJS.ReadableStream, onLine: (line: Json) => boolean = () => true) {
    createInterface({ input: stream }).on('line', (text) => {
      const line = JSON.parse(text) as Json;
      if (onLine(line)) this.#lines.push(line);
      this.#notify();
    });
  }

  async next(): Promise<Json> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((settle) => (this.#notify = settle));
    }
  }

  get waiting(): number {
    return this.#lines.length;
  }
}

class FakeConnection {
  readonly #socket: Socket;
  readonly lines: Lines;
  hello: Json | undefined;

  constructor(socket: Socket, refusal: string | undefined) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.lines = new Lines(socket, (line) => {
      if (this.hello !== undefined) return true;
      this.hello = line;
      this.say(refusal === undefined ? { ok: true } : { ok: false, message: refusal });
      return false;
    });
  }

  say(message: Json): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  die(): void {
    // As a killed process leaves it.
    this.#socket.resetAndDestroy();
  }
}

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
const call = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'search_code' } });
const answer = (id: number, text = 'answer') => ({ jsonrpc: '2.0', id, result: { text } });

describe('the bridge', () => {
  let daemon: FakeDaemon;
  let input: PassThrough;
  let output: Lines;
  let running: Promise<void>;
  let reached: number;
  let failure: string | undefined;

  beforeEach(async () => {
    daemon = new FakeDaemon();
    await daemon.listen();
    input = new PassThrough();
    const out = new PassThrough();
    output = new Lines(out);
    reached = 0;
    failure = undefined;
    const bridge = new Bridge({
      input,
      output: out,
      workingDirectory: '/work',
      reach: () => {
        reached++;
        return failure === undefined ? daemon.reach() : Promise.reject(new Error(failure));
      },
    });
    running = bridge.run();
  });

  afterEach(async () => {
    input.end();
    await running;
    await daemon.close();
  });

  const ask = (message: unknown) => input.write(`${JSON.stringify(message)}\n`);

  /** Goes through the handshake, as every client does first. */
  async function begin(): Promise<FakeConnection> {
    ask(initialize);
    const connection = await daemon.next();
    assert.deepEqual(await connection.lines.next(), initialize);
    connection.say(answer(0));
    assert.deepEqual(await output.next(), answer(0));
    ask(initialized);
    assert.deepEqual(await connection.lines.next(), initialized);
    return connection;
  }

  it('does not reach for the daemon before it is asked something', async () => {
    ask(initialized);
    await new Promise((settle) => setImmediate(settle));
    assert.equal(reached, 0);
  });

  it('says where it was started, and carries messages both ways in order', async () => {
    const connection = await begin();
    assert.deepEqual(connection.hello, { workingDirectory: '/work' });
    for (let id = 1; id <= 50; id++) ask(call(id));
    for (let id = 1; id <= 50; id++) assert.deepEqual(await connection.lines.next(), call(id));
    for (let id = 50; id >= 1; id--) connection.say(answer(id));
    for (let id = 50; id >= 1; id--) assert.deepEqual(await output.next(), answer(id));
    connection.say({ jsonrpc: '2.0', id: 'r1', method: 'roots/list' });
    assert.equal((await output.next())['method'], 'roots/list');
    ask({ jsonrpc: '2.0', id: 'r1', result: { roots: [] } });
    assert.deepEqual(await connection.lines.next(), { jsonrpc: '2.0', id: 'r1', result: { roots: [] } });
  });

  it('outlives a daemon: it repeats the handshake and asks again, unseen by the client', async () => {
    const first = await begin();
    ask(call(1));
    ask(call(2));
    await first.lines.next();
    await first.lines.next();
    first.say(answer(1));
    assert.deepEqual(await output.next(), answer(1));
    first.die();
    const second = await daemon.next();
    assert.deepEqual(await second.lines.next(), initialize);
    assert.deepEqual(await second.lines.next(), initialized);
    assert.deepEqual(await second.lines.next(), call(2));
    second.say(answer(0));
    second.say(answer(2));
    // The second answer to `initialize` never comes.
    assert.deepEqual(await output.next(), answer(2));
  });

  it('waits with a new daemon until the client asks something', async () => {
    const first = await begin();
    first.die();
    await new Promise((settle) => setTimeout(settle, 30));
    assert.equal(reached, 1);
    ask(call(1));
    const second = await daemon.next();
    await second.lines.next();
    await second.lines.next();
    assert.deepEqual(await second.lines.next(), call(1));
    second.say(answer(0));
    second.say(answer(1));
    assert.deepEqual(await output.next(), answer(1));
  });

  it('starts over when the daemon goes away during the first handshake', async () => {
    ask(initialize);
    const first = await daemon.next();
    await first.lines.next();
    first.die();
    const second = await daemon.next();
    assert.deepEqual(await second.lines.next(), initialize);
    second.say(answer(0));
    assert.deepEqual(await output.next(), answer(0));
    assert.equal(second.lines.waiting, 0);
  });

  it('keeps an answer to a daemon that is gone from the next one', async () => {
    const first = await begin();
    first.say({ jsonrpc: '2.0', id: 0, method: 'roots/list' });
    await output.next();
    ask(call(1));
    await first.lines.next();
    first.die();
    const second = await daemon.next();
    for (let count = 0; count < 3; count++) await second.lines.next();
    second.say(answer(0));
    ask({ jsonrpc: '2.0', id: 0, result: { roots: ['late'] } });
    ask(call(2));
    assert.deepEqual(await second.lines.next(), call(2));
    second.say(answer(1));
    assert.deepEqual(await output.next(), answer(1));
    second.say(answer(2));
    assert.deepEqual(await output.next(), answer(2));
  });

  it('does not ask again what was cancelled', async () => {
    const first = await begin();
    ask(call(1));
    ask({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await first.lines.next();
    await first.lines.next();
    first.die();
    ask(call(2));
    const second = await daemon.next();
    await second.lines.next();
    await second.lines.next();
    assert.deepEqual(await second.lines.next(), call(2));
    second.say(answer(2));
    await output.next();
  });

  it('gives up on a question during which the daemon dies again and again', async () => {
    let connection = await begin();
    ask(call(1));
    for (let count = 0; count < 3; count++) {
      while ((await connection.lines.next())['id'] !== 1);
      connection.die();
      if (count < 2) connection = await daemon.next();
    }
    const { result } = (await output.next()) as { result: { isError: boolean; content: { text: string }[] } };
    assert.equal(result.isError, true);
    assert.match(result.content[0]?.text ?? '', /lantern doctor/);
  });

  it('answers with the reason when the daemon cannot be reached, and tries again later', async () => {
    failure = 'no daemon came up';
    ask(initialize);
    const { error } = (await output.next()) as { error: Json };
    assert.equal(error['message'], 'no daemon came up');
    failure = undefined;
    ask({ ...initialize, id: 5 });
    const connection = await daemon.next();
    assert.equal((await connection.lines.next())['id'], 5);
    connection.say(answer(5));
    assert.deepEqual(await output.next(), answer(5));
  });

  it('passes on why the daemon refuses', async () => {
    daemon.refusal = 'the catalog is damaged';
    ask(call(1));
    const { result } = (await output.next()) as { result: { content: { text: string }[] } };
    assert.match(result.content[0]?.text ?? '', /the catalog is damaged/);
  });

  it('answers what is no message, and goes on', async () => {
    input.write('nonsense\n\n[1]\n');
    assert.equal(((await output.next())['error'] as Json)['code'], -32700);
    assert.equal(((await output.next())['error'] as Json)['code'], -32700);
    await begin();
  });

  it('answers what was asked before the client closed its side', async () => {
    const connection = await begin();
    ask(call(1));
    input.end();
    await connection.lines.next();
    connection.say(answer(1));
    assert.deepEqual(await output.next(), answer(1));
    await running;
  });

  it('carries messages of a megabyte', async () => {
    const connection = await begin();
    const big = { ...call(1), params: { name: 'x'.repeat(1024 * 1024 - 200) } };
    ask(big);
    assert.deepEqual(await connection.lines.next(), big);
    connection.say(answer(1, 'y'.repeat(1024 * 1024)));
    assert.deepEqual(await output.next(), answer(1, 'y'.repeat(1024 * 1024)));
  });

  it('answers by itself what the daemon would pass over, and a message that is too long', async () => {
    const connection = await begin();
    const refused = async (message: object): Promise<readonly [unknown, unknown]> => {
      input.write(`${JSON.stringify(message)}\n`);
      const { id, error } = (await output.next()) as { id: unknown; error?: { code: number } };
      return [id, error?.code];
    };
    const one = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    assert.deepEqual(await refused({ ...one, id: {} }), [null, -32600]);
    assert.deepEqual(await refused({ ...one, method: 5 }), [1, -32600]);
    assert.deepEqual(await refused({ ...one, params: [] }), [1, -32600]);
    assert.deepEqual(await refused({ ...one, params: { _meta: 'x' } }), [1, -32600]);
    assert.deepEqual(await refused({ ...one, jsonrpc: undefined }), [1, -32600]);
    assert.deepEqual(await refused({ ...one, params: { name: 'x'.repeat(1024 * 1024) } }), [1, -32600]);
    ask(one);
    assert.deepEqual(await connection.lines.next(), one);
    connection.say(answer(1, 'list'));
    assert.deepEqual(await output.next(), answer(1, 'list'));
  });
});
