import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamMessageReader } from 'vscode-languageserver/node';
import { HandshakeError, compareBuilds, readLine, receiveHello, sendHello } from './handshake.js';
import type { ClientHello, DaemonHello } from './handshake.js';

const build = { version: '1.2.3', builtAt: 5 };
const hello: ClientHello = { lantern: 1, protocol: 1, build, client: 'test', pid: 7, intent: 'session' };
const welcome: DaemonHello = { ok: true, protocol: 1, build, pid: 8, dataDir: '/data', startedAt: 1 };
const limits = { maxBytes: 1000, timeoutMs: 5000 };

describe('compareBuilds', () => {
  it('orders by version, then by time of build', () => {
    const ordered = [
      { version: '1.2.3', builtAt: 9 },
      { version: '1.10.0-beta.2', builtAt: 1 },
      { version: '1.10.0-beta.11', builtAt: 1 },
      { version: '1.10.0', builtAt: 1 },
      { version: '1.10.0', builtAt: 2 },
      { version: '2.0.0', builtAt: 0 },
    ];
    ordered.forEach((a, i) =>
      ordered.forEach((b, j) => assert.equal(Math.sign(compareBuilds(a, b)), Math.sign(i - j), `${i} ${j}`)),
    );
  });
});

describe('the handshake', () => {
  let dir: string;
  let server: Server;
  let client: Socket;
  let accepted: Socket;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\lantern-test-${process.pid}` : join(dir, 's');
    server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const arrival = new Promise<Socket>((resolve) => server.once('connection', resolve));
    client = createConnection(path);
    accepted = await arrival;
  });

  afterEach(async () => {
    client.destroy();
    accepted.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  /** All that a `data` reader attached now gets until `length` bytes are there. */
  function collect(socket: Socket, length: number): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (text.length >= length) resolve(text);
      });
    });
  }

  it('exchanges one line each way', async () => {
    const arrived = receiveHello(accepted, limits);
    const answer = sendHello(client, hello, limits);
    assert.deepEqual(await arrived, hello);
    accepted.write(`${JSON.stringify(welcome)}\n`);
    assert.deepEqual(await answer, welcome);
  });

  for (const wait of [0, 20]) {
    it(`leaves what came in the same packet to the next reader, ${wait} ms later`, async () => {
      client.write('first\nsecond');
      assert.equal(await readLine(accepted, limits), 'first');
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const rest = collect(accepted, 12);
      client.write(' third');
      assert.equal(await rest, 'second third');
    });
  }

  it('leaves it to a JSON-RPC reader, even when the client has ended already', async () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const body = JSON.stringify(message);
    client.end(`first\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.equal(await readLine(accepted, limits), 'first');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reader = new StreamMessageReader(accepted);
    const got = await new Promise((resolve) => reader.listen(resolve));
    assert.deepEqual(got, message);
    reader.dispose();
  });

  it('reads a line that comes byte by byte, characters torn apart', async () => {
    const line = readLine(accepted, limits);
    for (const byte of Buffer.from('naïve ✓\nx')) {
      client.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await line, 'naïve ✓');
    assert.equal(await collect(accepted, 1), 'x');
  });

  it('reads lines that follow each other', async () => {
    client.write('one\ntwo\n');
    assert.equal(await readLine(accepted, limits), 'one');
    assert.equal(await readLine(accepted, limits), 'two');
  });

  const failsWith = (reason: HandshakeError['reason']) => (error: unknown) =>
    error instanceof HandshakeError && error.reason === reason;

  it('is bounded in length and time, and leaves no listener', async () => {
    client.write('x'.repeat(2000));
    await assert.rejects(readLine(accepted, limits), failsWith('too-long'));
    await assert.rejects(readLine(accepted, { maxBytes: 10_000, timeoutMs: 20 }), failsWith('timeout'));
    for (const event of ['readable', 'error']) assert.equal(accepted.listenerCount(event), 0, event);
  });

  it('fails when the other side goes or the caller gives up', async () => {
    await assert.rejects(readLine(accepted, { ...limits, signal: AbortSignal.abort() }), /cancelled/);
    const line = readLine(accepted, limits);
    client.end('half a li');
    await assert.rejects(line, failsWith('closed'));
  });

  it('refuses what is not a hello', async () => {
    const bad: unknown[] = [
      'GET / HTTP/1.1',
      '[]',
      'null',
      {},
      { ...hello, lantern: 2 },
      { ...hello, intent: 'own' },
      { ...hello, pid: -1 },
      { ...hello, build: { version: 1 } },
      { ...hello, client: 'x'.repeat(41) },
    ];
    for (const value of bad) {
      client.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
      await assert.rejects(receiveHello(accepted, limits), failsWith('not-json'), JSON.stringify(value));
    }
    client.write(`${JSON.stringify({ ...hello, later: 'addition' })}\n`);
    assert.deepEqual(await receiveHello(accepted, limits), hello);
  });

  it('says what to do when something else answers', async () => {
    const answer = sendHello(client, hello, limits);
    accepted.write(`${JSON.stringify({ build, hi: 1 })}\n`);
    await assert.rejects(answer, /not a Lantern daemon/);
  });
});
