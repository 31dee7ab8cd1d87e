import assert from 'node:assert/strict';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDaemonRecord } from './daemonRecord.js';
import { dial, dialOrSpawn, stopDaemon } from './dial.js';
import type { DialOrSpawnOptions } from './dial.js';
import { receiveHello } from '../protocol/handshake.js';
import type { BuildId, ClientHello, DaemonReply } from '../protocol/handshake.js';
import { SpawnGate } from './spawnGate.js';
import { spawnDaemon } from './spawnDaemon.js';
import type { SpawnedDaemon } from './spawnDaemon.js';

const build: BuildId = { version: '1.0.0', builtAt: 100 };
const hello = { lantern: 1, protocol: 1, build, client: 'test', pid: process.pid } as const;
const limits = { maxBytes: 8192, timeoutMs: 5000 };
const identity = { protocol: 1, build, pid: process.pid };
const running: SpawnedDaemon = { pid: 1, exit: () => undefined };

(process.platform === 'win32' ? describe.skip : describe)('dialling', () => {
  let dir: string;
  let endpoint: string;
  let servers: Server[];
  let sockets: Socket[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
    endpoint = join(dir, 'e.sock');
    servers = [];
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await rm(dir, { recursive: true });
  });

  /** A stand-in for a daemon, which answers each hello with what `answer` says. */
  async function serve(
    answer: (hello: ClientHello) => DaemonReply | undefined,
    path = endpoint,
  ): Promise<Server> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      void receiveHello(socket, limits).then(
        (got) => {
          const reply = answer(got);
          if (reply !== undefined) socket.write(`${JSON.stringify(reply)}\n`);
        },
        () => undefined,
      );
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    servers.push(server);
    return server;
  }

  const ok = (own = build): DaemonReply => ({
    ok: true,
    ...identity,
    build: own,
    dataDir: dir,
    startedAt: 1,
  });
  const no = (reason: 'draining' | 'incompatible' | 'malformed', own = build): DaemonReply => ({
    ok: false,
    reason,
    message: `it is ${reason}`,
    ...identity,
    build: own,
  });
  const reach = (options: Partial<DialOrSpawnOptions> = {}): Promise<{ socket: Socket }> =>
    dialOrSpawn({
      endpoint,
      dataDir: dir,
      hello,
      deadlineMs: 4000,
      spawn: () => assert.fail('must not spawn'),
      ...options,
    }).then((connection) => {
      sockets.push(connection.socket);
      return connection;
    });

  it('distinguishes no socket, a stale one and a silent server', async () => {
    const asking: ClientHello = { ...hello, intent: 'probe' };
    assert.equal((await dial(endpoint, asking)).kind, 'absent');
    const server = await serve(() => undefined);
    assert.equal((await dial(endpoint, asking, { timeoutMs: 50 })).kind, 'silent');
    // Renamed away and back, the file outlives its server as after a kill.
    await rename(endpoint, `${endpoint}.kept`);
    servers = [];
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rename(`${endpoint}.kept`, endpoint);
    assert.equal((await dial(endpoint, asking)).kind, 'absent');
    assert.deepEqual(await readdir(dir), ['e.sock'], 'the dialler removes nothing');
  });

  it('connects to a running daemon without starting one', async () => {
    await serve(() => ok());
    const { socket } = await reach();
    assert.equal(socket.destroyed, false);
  });

  it('starts one where there is none, once for many clients of one machine', async () => {
    let spawned = 0;
    const spawn = (): SpawnedDaemon => {
      spawned++;
      setTimeout(() => void serve(() => ok()), 100);
      return running;
    };
    await Promise.all(Array.from({ length: 20 }, () => reach({ spawn })));
    assert.equal(spawned, 1);
    assert.deepEqual(await readdir(dir), ['e.sock'], 'the gate is gone');
  });

  it('waits for a daemon that is going, then starts the next', async () => {
    const old = await serve(() => no('draining'));
    setTimeout(() => old.close(), 150);
    let spawned = 0;
    await reach({
      spawn: () => {
        assert.equal(old.listening, false);
        spawned++;
        void serve(() => ok());
        return running;
      },
    });
    assert.equal(spawned, 1);
  });

  it('asks an older daemon to hand over', async () => {
    const intents: string[] = [];
    const older = { ...build, builtAt: 50 };
    const old = await serve(({ intent }) => {
      intents.push(intent);
      if (intent === 'takeover') setTimeout(() => old.close(), 50);
      return intents.includes('takeover') && intent !== 'takeover' ? no('draining') : ok(older);
    });
    await reach({ spawn: () => (void serve(() => ok()), running) });
    assert.deepEqual(intents.slice(0, 2), ['session', 'takeover']);
  });

  it('uses a newer daemon that speaks the same protocol', async () => {
    await serve(() => ok({ version: '2.0.0', builtAt: 0 }));
    await reach();
  });

  it('takes over from an older protocol, and tells an older client what to update', async () => {
    const seen: string[] = [];
    const old = await serve(({ intent }) => {
      seen.push(intent);
      if (intent === 'takeover') setTimeout(() => old.close(), 10);
      return intent === 'session' ? no('incompatible', { version: '0.9.0', builtAt: 0 }) : ok();
    });
    await reach({
      spawn: () => (void serve(() => no('incompatible', { version: '3.0.0', builtAt: 0 })), running),
    }).then(
      () => assert.fail('must be refused'),
      (error: unknown) =>
        assert.match(String(error), /Lantern 3\.0\.0 .*newer than this test 1\.0\.0.*Update this test/),
    );
    assert.deepEqual(seen, ['session', 'takeover']);
  });

  it('finds an owner at another endpoint through its record', async () => {
    const elsewhere = join(dir, 'other.sock');
    await serve(() => ok(), elsewhere);
    const record = {
      pid: process.pid,
      host: hostname(),
      startedAt: 1,
      build,
      protocol: 1,
      endpoint: elsewhere,
    };
    await writeDaemonRecord(dir, { ...record, clean: false });
    await reach();
    await writeFile(join(dir, 'daemon.json'), '{"half":');
    await assert.rejects(reach({ deadlineMs: 100, spawn: () => running }), /No daemon came up/);
  });

  it('reports a daemon that keeps dying at its start, with its last lines', async () => {
    const script = join(dir, 'broken.mjs');
    await writeFile(script, 'console.error("first\\nthe model file is damaged"); process.exit(3);');
    let spawned = 0;
    const spawn = (): SpawnedDaemon => {
      spawned++;
      return spawnDaemon({
        execPath: process.execPath,
        script,
        env: process.env,
        dataDir: dir,
        logPath: join(dir, 'out'),
      });
    };
    await assert.rejects(reach({ spawn, deadlineMs: 10_000 }), /code 3[^]*the model file is damaged/);
    assert.equal(spawned, 3);
    const missing = (): SpawnedDaemon =>
      spawnDaemon({
        execPath: join(dir, 'no-node'),
        script,
        env: {},
        dataDir: dir,
        logPath: join(dir, 'out'),
      });
    await assert.rejects(reach({ spawn: missing }), /ENOENT/);
  });

  it('gives up at the deadline and when told to, naming what to do', async () => {
    await assert.rejects(reach({ deadlineMs: 150, spawn: () => running }), /No answer at .*e\.sock within/);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(reach({ signal: controller.signal, spawn: () => running }), /cancelled/);
    assert.deepEqual(await readdir(dir), [], 'the gate is gone');
  });

  it('stops a daemon, and says when none runs', async () => {
    const target = { endpoint, dataDir: dir, hello };
    assert.equal(await stopDaemon(target), 'not-running');
    const gone = 2 ** 30; // No process has this id.
    const server = await serve(({ intent }) => {
      assert.equal(intent, 'stop');
      setTimeout(() => server.close(), 50);
      return { ...ok(), pid: gone };
    });
    assert.equal(await stopDaemon(target), 'stopped');
  });

  describe('the spawn gate', () => {
    it('lets one process in at a time, and replaces one that has died', async () => {
      const [first, second] = [new SpawnGate(dir), new SpawnGate(dir)];
      assert.equal(await first.enter(), true);
      assert.equal(await second.enter(), false);
      await second.leave();
      assert.equal(await second.enter(), false, 'only the holder opens it');
      await first.leave();
      assert.equal(await second.enter(), true);
      await second.leave();
      await writeFile(join(dir, 'spawn.lock'), String(2 ** 30));
      assert.equal(await first.enter(), true);
      await first.leave();
    });
  });
});
