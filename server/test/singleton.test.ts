import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, readDaemonRecord } from '../../shared/src/connection/daemonRecord.js';
import { dialOrSpawn, stopDaemon } from '../../shared/src/connection/dial.js';
import type { ClientTask } from './support/singletonClient.js';
import {
  callDaemon,
  connect,
  endClients,
  ping,
  reaching,
  startClients,
} from './support/singletonPrograms.js';
import { tried } from '../../shared/test/tally.js';
import type { DaemonSetup } from './support/singletonPrograms.js';
import { isLongRun, roundsOr } from '../../shared/test/runLength.js';

const build = { version: '1.0.0', builtAt: 100 };
const newer = { version: '1.0.0', builtAt: 200 };
const clientCount = 20;
const claimCount = 8;
const claimRounds = 2;
/** Each is one clean and one killed daemon; `LANTERN_TEST_ROUNDS=25` runs the 50 of the release check. */
const rounds = roundsOr(3);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

(process.platform === 'win32' ? describe.skip : describe)('one daemon, in real processes', function () {
  this.timeout(30_000);
  let dir: string;
  let setup: DaemonSetup;

  const pidsIn = (name: string, folder = setup.dataDir): number[] =>
    existsSync(join(folder, name))
      ? readFileSync(join(folder, name), 'utf8').trim().split('\n').map(Number)
      : [];
  const owners = (): number[] => pidsIn('owners');
  const alive = (): number[] => pidsIn('started').filter(isAlive);
  const log = (): string => readFileSync(join(setup.dataDir, 'daemon.log'), 'utf8');
  const stop = async (own = setup): Promise<string> => stopDaemon(await reaching(own));
  async function kill(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
    await mkdir(join(dir, 'run'), { mode: 0o700 });
    await mkdir(join(dir, 'data'));
    setup = { dataDir: join(dir, 'data'), build, env: { XDG_RUNTIME_DIR: join(dir, 'run') } };
  });

  afterEach(async () => {
    const left = alive();
    for (const pid of left) await kill(pid);
    // A test may have used the shared place; its socket is ours alone.
    await rm((await reaching({ ...setup, env: { XDG_RUNTIME_DIR: '' } })).endpoint, { force: true });
    await rm(dir, { recursive: true });
    assert.deepEqual(left, [], 'processes were left');
  });

  describe('simultaneous starts', () => {
    let clients: ChildProcess[];

    before(async () => {
      clients = await startClients(clientCount);
    });
    after(() => endClients(clients));

    /** Has all clients call at once, and returns the pid that answered each. */
    async function callAll(): Promise<number[]> {
      const answers = clients.map((client) => once(client, 'message'));
      for (const client of clients) client.send(setup);
      return (await Promise.all(answers)).map(([answer]) => {
        const { pid, error } = answer as { pid?: number; error?: string };
        assert.equal(error, undefined);
        return pid ?? 0;
      });
    }

    it(`${clientCount} clients, ${2 * rounds} rounds, stopped and killed: one owner each, every call answered`, async function () {
      this.timeout(10_000 + rounds * 10_000);
      let slowest = 0;
      for (let round = 1; round <= 2 * rounds; round++) {
        const start = performance.now();
        const answered = await callAll();
        slowest = Math.max(slowest, performance.now() - start);
        assert.equal(owners().length, round, 'one new owner');
        const owner = owners().at(-1) ?? 0;
        assert.deepEqual(new Set(answered), new Set([owner]));
        await until(() => alive().length === 1);
        assert.deepEqual(alive(), [owner]);
        if (round % 2 === 0) {
          await kill(owner);
          tried('kills');
        } else assert.equal(await stop(), 'stopped');
      }
      const started = pidsIn('started').length;
      if (isLongRun) {
        process.stdout.write(
          `      ${started} processes for ${2 * rounds} owners; slowest round ${Math.round(slowest)} ms\n`,
        );
      }
      assert.ok(started <= 4 * rounds, `the gate let ${started} processes start`);
      assert.equal(log().match(/"daemon.crashed-before"/g)?.length ?? 0, rounds - 1);
    });

    it('a burst on a running daemon is answered by it', async () => {
      const owner = await callDaemon(setup);
      assert.deepEqual(new Set(await callAll()), new Set([owner]));
      assert.equal(pidsIn('started').length, 1);
      await stop();
    });

    it('processes that all claim at once, with no gate before them, end as one owner', async () => {
      for (let round = 1; round <= claimRounds; round++) {
        const options = await reaching(setup);
        const spawned = await Promise.all(Array.from({ length: claimCount }, async () => options.spawn()));
        await until(() => spawned.filter((process) => process.exit() === undefined).length === 1);
        assert.ok(spawned.every((process) => (process.exit()?.cause ?? 0) === 0));
        assert.equal(owners().length, round);
        const owner = await callDaemon(setup);
        assert.equal(owner, owners().at(-1));
        await kill(owner);
      }
    });
  });

  it('a newer build takes over while clients are connected, and an older client then uses it', async () => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => connect(setup)));
    const [old] = await Promise.all(sessions.map((session) => ping(session)));
    const gone = sessions.map((session) => once(session.socket.resume(), 'close'));
    const updated = { ...setup, build: newer };
    const pids = await Promise.all([callDaemon(updated), callDaemon(updated), callDaemon(updated)]);
    await Promise.all(gone);
    assert.equal(isAlive(old ?? 0), false);
    assert.deepEqual(owners(), [old, pids[0]]);
    assert.deepEqual(new Set(pids).size, 1);
    assert.equal(await callDaemon(setup), pids[0]);
    assert.match(log(), /"reason":"takeover"/);
    await stop(updated);
  });

  it('a newer protocol takes over from the older one at its other endpoint; an older client is told to update', async () => {
    const old = await callDaemon(setup);
    const updated = { ...setup, build: newer, protocol: 2 };
    const next = await callDaemon(updated);
    assert.equal(isAlive(old), false);
    assert.deepEqual(owners(), [old, next]);
    await assert.rejects(callDaemon(setup), /newer than this test 1\.0\.0 \(protocol 1\)\. Update this test/);
    await stop(updated);
  });

  it('a client that comes while the daemon drains waits for it and gets the next', async () => {
    const slow = { ...setup, drainMs: 400 };
    const old = await callDaemon(slow);
    const stopping = stop(slow);
    await until(() => log().includes('daemon.stop'));
    const next = await callDaemon(setup);
    assert.equal(await stopping, 'stopped');
    assert.deepEqual(owners(), [old, next]);
    await stop();
  });

  it('stop ends it cleanly, and says when there is nothing to stop', async () => {
    assert.equal(await stop(), 'not-running');
    await callDaemon(setup);
    assert.equal(await stop(), 'stopped');
    assert.equal((await readDaemonRecord(setup.dataDir))?.clean, true);
    assert.equal(existsSync((await reaching(setup)).endpoint), false);
    await callDaemon(setup);
    assert.doesNotMatch(log(), /crashed-before/);
    await stop();
  });

  it('exits when it is idle, not while a session is open', async () => {
    const short = { ...setup, idleExitMs: 300 };
    const session = await connect(short);
    const pid = await ping(session);
    await sleep(600);
    assert.equal(isAlive(pid), true);
    session.socket.destroy();
    await until(() => !isAlive(pid));
    assert.match(log(), /"reason":"idle"/);
    assert.notEqual(await callDaemon(setup), pid);
    await stop();
  });

  it('closes cleanly at SIGTERM', async () => {
    const pid = await callDaemon(setup);
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid));
    assert.equal((await readDaemonRecord(setup.dataDir))?.clean, true);
  });

  it('closes after an uncaught error, and the next start says that it crashed', async () => {
    const session = await connect(setup);
    const pid = await ping(session, 'throw');
    await until(() => !isAlive(pid));
    session.socket.destroy();
    assert.match(log(), /"daemon.crash","error":"nobody catches this"/);
    await callDaemon(setup);
    assert.match(log(), new RegExp(`"daemon.crashed-before","pid":${pid},`));
    await stop();
  });

  it('a session of a killed client is gone', async () => {
    const daemon = await callDaemon(setup);
    const [client] = await startClients(1);
    assert.ok(client !== undefined);
    client.send({ ...setup, hold: true } satisfies ClientTask);
    assert.deepEqual(await once(client, 'message').then(([answer]) => answer as unknown), { pid: daemon });
    const count = (event: string): number => log().split(event).length - 1;
    assert.deepEqual([count('session.open'), count('session.close')], [2, 1]);
    client.kill('SIGKILL');
    await once(client, 'exit');
    await until(() => count('session.close') === 2);
    assert.equal(await callDaemon(setup), daemon);
    await stop();
  });

  it('a daemon whose socket was removed ends, so that another one can be reached', async () => {
    const old = await callDaemon(setup);
    await rm((await reaching(setup)).endpoint);
    const next = await callDaemon(setup);
    assert.notEqual(next, old);
    await until(() => !isAlive(old));
    assert.equal(await callDaemon(setup), next, 'the old one removed nothing of the new one');
    await stop();
  });

  it('a daemon whose data folder and socket were removed makes room as well', async () => {
    const old = await callDaemon(setup);
    await rm((await reaching(setup)).endpoint);
    await rm(setup.dataDir, { recursive: true });
    const next = await callDaemon(setup);
    await until(() => !isAlive(old));
    assert.equal(await callDaemon(setup), next);
    await stop();
  });

  it('shells with and without XDG_RUNTIME_DIR share one daemon', async () => {
    const without = { ...setup, env: { XDG_RUNTIME_DIR: '' } };
    assert.notEqual((await reaching(setup)).endpoint, (await reaching(without)).endpoint);
    // Past the gate, so that daemons of both environments claim at once.
    const both = await Promise.all([reaching(setup), reaching(without), reaching(setup), reaching(without)]);
    await Promise.all(both.map(async (options) => options.spawn()));
    const [first, second] = await Promise.all([callDaemon(setup), callDaemon(without)]);
    assert.equal(first, second);
    await until(() => alive().length === 1);
    assert.deepEqual(owners(), [first]);
    await kill(first);
    const third = await callDaemon(without);
    assert.equal(await callDaemon(setup), third);
    assert.equal(owners().length, 2);
    // One that both calls have started in vain would take the place of the one that is stopped.
    await until(() => alive().length === 1);
    assert.equal(await stop(setup), 'stopped');
  });

  it('makes the folder of the endpoint, and closes one that is open to others', async () => {
    const folder = dirname((await reaching(setup)).endpoint);
    await rm(folder, { recursive: true });
    await callDaemon(setup);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    await stop();
    await chmod(folder, 0o755);
    await callDaemon(setup);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    await stop();
  });

  it('works from a very long home path', async () => {
    const long = join(dir, ...Array.from({ length: 6 }, (_, i) => `folder-${i}-${'x'.repeat(40)}`));
    await mkdir(join(long, 'data'), { recursive: true });
    await mkdir(join(long, 'run'));
    setup = {
      ...setup,
      dataDir: join(long, 'data'),
      env: { XDG_RUNTIME_DIR: join(long, 'run'), TMPDIR: long },
    };
    const { endpoint } = await reaching(setup);
    assert.ok(Buffer.byteLength(endpoint) < 103 && Buffer.byteLength(long) > 300);
    const pid = await callDaemon(setup);
    assert.equal(await callDaemon(setup), pid);
    await stop();
  });

  it('tells the client why the daemon could not start', async () => {
    await assert.rejects(callDaemon({ ...setup, failAtStart: true }), /the model file is damaged/);
    await until(() => alive().length === 0);
  });

  it('a daemon that hangs is named when the client gives up', async () => {
    const pid = await callDaemon(setup);
    process.kill(pid, 'SIGSTOP');
    const waiting = dialOrSpawn({ ...(await reaching(setup)), deadlineMs: 300 });
    await assert.rejects(waiting, new RegExp(`daemon \\(pid ${pid}\\) runs and does not answer`));
    process.kill(pid, 'SIGCONT');
    assert.equal(await callDaemon(setup), pid);
    await stop();
  });
});
