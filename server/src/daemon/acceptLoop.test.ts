import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendHello } from '../../../shared/src/protocol/handshake.js';
import type { ClientHello, DaemonReply } from '../../../shared/src/protocol/handshake.js';
import { nullLog } from '../../../shared/src/log.js';
import { AcceptLoop } from './acceptLoop.js';
import type { AcceptLoopOptions } from './acceptLoop.js';
import { ActivityCounter } from '../service/activity.js';
import type { OpenSession } from '../service/openSession.js';

const build = { version: '1.0.0', builtAt: 1 };
const identity = { protocol: 2, build, pid: 42, dataDir: '/data', startedAt: 7 };
const hello: ClientHello = { lantern: 1, protocol: 2, build, client: 'cli', pid: 7, intent: 'session' };
const limits = { maxBytes: 8192, timeoutMs: 5000 };
const forever = new Promise<void>(() => undefined);

/** Waits for something that other events bring about; the test's time limit is the bound. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('AcceptLoop', () => {
  let dir: string;
  let path: string;
  let server: Server;
  let activity: ActivityCounter;
  let loop: AcceptLoop;
  let clients: Socket[];
  let disposed: number;
  let stops: string[];

  function start(more: Partial<AcceptLoopOptions> = {}): void {
    loop = new AcceptLoop({
      listener: { accept: (handler) => void server.on('connection', handler) },
      identity,
      open: (socket) => {
        socket.on('data', (chunk) => socket.write(`echo ${chunk.toString()}`));
        return { closed: forever, dispose: () => disposed++ };
      },
      onStop: (intent) => stops.push(intent),
      activity,
      log: nullLog,
      ...more,
    });
  }

  function connect(): Socket {
    const socket = createConnection(path);
    socket.on('error', () => undefined);
    clients.push(socket);
    return socket;
  }
  async function ask(more: Partial<ClientHello> = {}): Promise<{ socket: Socket; reply: DaemonReply }> {
    const socket = connect();
    return { socket, reply: await sendHello(socket, { ...hello, ...more }, limits) };
  }
  const closed = (socket: Socket): Promise<unknown> =>
    new Promise((resolve) => socket.on('close', resolve).resume());

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
    path = process.platform === 'win32' ? `\\\\.\\pipe\\lantern-accept-${process.pid}` : join(dir, 's');
    server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    activity = new ActivityCounter(0, () => undefined);
    clients = [];
    disposed = 0;
    stops = [];
  });

  afterEach(async () => {
    await loop.close(10);
    for (const socket of clients) socket.destroy();
    activity.dispose();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  it('opens a session that lasts as long as its socket, and counts it', async () => {
    start();
    const { socket, reply } = await ask();
    assert.deepEqual(reply, { ok: true, ...identity });
    await until(() => activity.active().length === 1);
    assert.equal(activity.active()[0]?.name, 'cli 7');
    assert.deepEqual(
      loop.clients().map(({ client, pid }) => [client, pid]),
      [['cli', 7]],
    );
    socket.destroy();
    await until(() => disposed === 1 && activity.active().length === 0);
    assert.deepEqual(loop.clients(), []);
  });

  it('loses nothing that follows the hello in the same packet, even while the service still loads', async () => {
    let ready: (() => void) | undefined;
    const loading = new Promise<void>((resolve) => (ready = resolve));
    start({
      open: async (socket): Promise<OpenSession> => {
        await loading;
        socket.on('data', (chunk) => socket.end(`got ${chunk.toString()}`));
        return { closed: forever, dispose: () => disposed++ };
      },
    });
    const socket = connect();
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.write(`${JSON.stringify(hello)}\nping`);
    await until(() => text.includes('\n'));
    ready?.();
    await until(() => text.endsWith('got ping'));
    await until(() => disposed === 1);
  });

  it('ends the socket when the session wants to end, or cannot begin', async () => {
    start({ open: () => ({ closed: Promise.resolve(), dispose: () => disposed++ }) });
    await closed((await ask()).socket);
    await until(() => disposed === 1);
    server.removeAllListeners('connection');
    start({ open: () => Promise.reject(new Error('no catalog')) });
    await closed((await ask()).socket);
    await until(() => activity.active().length === 0);
  });

  it('answers probe, stop and takeover of any protocol, and opens no session for them', async () => {
    start({ open: () => assert.fail('no session') });
    for (const intent of ['probe', 'stop', 'takeover'] as const) {
      const { socket, reply } = await ask({ intent, protocol: 9 });
      assert.equal(reply.ok, true);
      await closed(socket);
    }
    assert.deepEqual(stops, ['stop', 'takeover']);
  });

  it('refuses another protocol and a bad line, each with its reason', async () => {
    start();
    const first = await ask({ protocol: 1 });
    assert.ok(!first.reply.ok && first.reply.reason === 'incompatible');
    await closed(first.socket);
    const bad = connect();
    let text = '';
    bad.on('data', (chunk) => (text += chunk.toString())).write('GET / HTTP/1.1\r\n\r\n');
    await closed(bad);
    assert.match(text, /"reason":"malformed"/);
  });

  it('refuses one client too many', async () => {
    start({ maxConnections: 1 });
    assert.equal((await ask()).reply.ok, true);
    const { reply } = await ask();
    assert.ok(!reply.ok && reply.reason === 'busy');
  });

  it('drops a client that says nothing', async () => {
    start({ handshakeTimeoutMs: 30 });
    await closed(connect());
  });

  it('rejects new clients while it drains, keeps the sessions, then ends them', async () => {
    start();
    const { socket } = await ask();
    loop.drain();
    const { reply } = await ask();
    assert.ok(!reply.ok && reply.reason === 'draining');
    const echo = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    socket.write('still here');
    assert.equal(await echo, 'echo still here');
    const gone = closed(socket);
    await loop.close();
    await gone;
    await until(() => disposed === 1);
  });

  it('closes a client by force that does not close its side', async () => {
    start();
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.on('error', () => undefined);
    clients.push(socket);
    await sendHello(socket, hello, limits);
    await loop.close(30);
    await until(() => disposed === 1);
  });
});
