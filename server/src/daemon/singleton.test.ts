import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import { DataDirLock } from './dataDirLock.js';
import { claimDaemon, claimEndpoint } from './singleton.js';
import type { ClaimOptions, Listener, Ownership } from './singleton.js';

(process.platform === 'win32' ? describe.skip : describe)('the claim', () => {
  let dir: string;
  let path: string;
  let owners: Ownership[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
    path = join(dir, 'e.sock');
    owners = [];
  });
  afterEach(async () => {
    for (const owner of owners) await owner.release('clean');
    await rm(dir, { recursive: true });
  });

  const options = (more: Partial<ClaimOptions> = {}): ClaimOptions => ({
    endpoint: path,
    identity: {
      protocol: 1,
      build: { version: '1.0.0', builtAt: 1 },
      pid: process.pid,
      dataDir: dir,
      startedAt: 5,
    },
    waitMs: 100,
    ...more,
  });
  async function own(more: Partial<ClaimOptions> = {}): Promise<Ownership> {
    const claim = await claimDaemon(options(more));
    assert.equal(claim.kind, 'owner');
    assert.ok('owner' in claim);
    owners.push(claim.owner);
    return claim.owner;
  }
  async function bound(): Promise<Listener> {
    const claim = await claimEndpoint(path);
    assert.ok(claim.kind === 'owner');
    return claim.listener;
  }

  /** Leaves a socket's file that nobody listens on, as a killed process does. */
  async function staleSocket(): Promise<void> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await rename(path, `${path}.kept`);
    await new Promise((resolve) => server.close(resolve));
    await rename(`${path}.kept`, path);
  }

  describe('of the endpoint', () => {
    it('binds a socket that only the user may use, and removes it at the end', async () => {
      const listener = await bound();
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      await listener.close();
      await assert.rejects(stat(path));
    });

    it('leaves a live listener alone, and replaces a dead one', async () => {
      const live = await bound();
      assert.equal((await claimEndpoint(path)).kind, 'taken');
      await live.close();
      await staleSocket();
      await (await bound()).close();
    });

    it('never removes a file that is not a socket', async () => {
      await writeFile(path, 'precious');
      await assert.rejects(claimEndpoint(path), /not a socket/);
      assert.equal(await readFile(path, 'utf8'), 'precious');
    });

    it('names the path where it cannot listen', async () => {
      await assert.rejects(claimEndpoint(join(dir, 'missing', 'e.sock')), /cannot listen at .*missing/);
    });

    it('keeps connections that come before anybody accepts', async () => {
      const listener = await bound();
      const client = createConnection(path);
      await new Promise<void>((resolve) => client.write('early', () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 20));
      const text = await new Promise((resolve) =>
        listener.accept(
          (socket) => socket.once('data', (chunk) => resolve(chunk.toString())),
          () => undefined,
        ),
      );
      assert.equal(text, 'early');
      client.destroy();
      await listener.close();
    });

    it('does not remove the socket of a successor', async () => {
      const listener = await bound();
      await rm(path);
      assert.equal(await listener.isReachable(), false);
      const successor = await bound();
      await listener.close();
      assert.equal(await successor.isReachable(), true);
      await successor.close();
    });
  });

  describe('of the data folder', () => {
    it('is one at a time, also within a process', async () => {
      const lock = await DataDirLock.tryAcquire(dir);
      assert.ok(lock);
      assert.equal(await DataDirLock.tryAcquire(dir), undefined);
      assert.equal(await lock.holds(), true);
      await rm(join(dir, 'owner.lock'));
      assert.equal(await lock.holds(), false);
      lock.release();
    });

    it('ends with a killed process, and not with one that was rejected', async () => {
      const script = `
        const { DataDirLock } = await import(${JSON.stringify(new URL('./dataDirLock.js', import.meta.url).href)});
        const lock = await DataDirLock.tryAcquire(process.argv[1]);
        if (lock === undefined) process.exit(0);
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});`;
      const run = (): unknown => execFileSync(process.execPath, ['--input-type=module', '-e', script, dir]);
      assert.throws(run, /SIGKILL|Command failed/);
      const lock = await DataDirLock.tryAcquire(dir);
      assert.ok(lock);
      run();
      assert.equal(await DataDirLock.tryAcquire(dir), undefined);
      lock.release();
    });

    it('says which folder cannot be locked', async () => {
      await writeFile(join(dir, 'file'), '');
      await assert.rejects(DataDirLock.tryAcquire(join(dir, 'file')), /file cannot be locked.*LANTERN_HOME/);
      await assert.rejects(DataDirLock.tryAcquire(join(dir, 'x'.repeat(500))), /too long for SQLite/);
    });

    it('keeps a second daemon out whose environment leads to another endpoint', async () => {
      const owner = await own();
      owner.listener.accept(
        (socket) => socket.end(),
        () => undefined,
      );
      const other = join(dir, 'other.sock');
      await assert.rejects(
        claimDaemon(options({ endpoint: other })),
        /is held by process \d+ on .* does not answer/,
      );
      assert.deepEqual(
        (await readdir(dir)).filter((name) => name.endsWith('.sock')),
        ['e.sock'],
      );
    });

    it('records the owner, and knows a crash from a clean end', async () => {
      const first = await own();
      const record = await readDaemonRecord(dir);
      assert.deepEqual([record?.pid, record?.endpoint, record?.clean], [process.pid, path, false]);
      assert.equal((await stat(join(dir, 'daemon.json'))).mode & 0o777, 0o600);
      await first.release('crashed');
      const second = await own();
      assert.equal(second.crashed?.startedAt, 5);
      await second.release('clean');
      assert.equal((await readDaemonRecord(dir))?.clean, true);
      assert.equal((await own()).crashed, undefined);
    });

    it('accepts nobody when the endpoint would be shared with another user', async () => {
      const stranger = createServer((socket) =>
        socket.resume().end('{"build":{"version":"1","builtAt":1}}\n'),
      );
      await new Promise<void>((resolve) => stranger.listen(path, resolve));
      await assert.rejects(claimDaemon(options()), /not a Lantern daemon/);
      await new Promise((resolve) => stranger.close(resolve));
      await own();
    });
  });

  for (const [what, name] of [
    ['endpoint', 'e.sock'],
    ['data folder', 'owner.lock'],
  ] as const) {
    it(`notices that its ${what} is gone, once`, async () => {
      const owner = await own();
      const seen: string[] = [];
      const watching = owner.watch((lost) => seen.push(lost), 10);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(seen, []);
      await rm(join(dir, name));
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(seen, [what]);
      watching.dispose();
    });
  }
});
