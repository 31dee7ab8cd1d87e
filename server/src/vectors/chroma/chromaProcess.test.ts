import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import { ChromaTestBed, until, untilGone } from '../../../test/support/chromaTestServer.js';
import { tried } from '../../../../shared/test/tally.js';
import { findLaunchers, serverConfiguration, serverEnvironment } from './chromaLauncher.js';
import { isAlive } from './processes.js';

describe('ChromaProcess', function () {
  this.timeout(40_000);
  let bed: ChromaTestBed;
  beforeEach(() => (bed = new ChromaTestBed()));
  afterEach(() => bed.dispose());

  it('starts once for all who ask, shows its memory, and ends with dispose', async () => {
    const directory = join(await bed.folder(), 'new', 'chroma');
    const server = bed.server(directory);
    assert.deepEqual(server.status(), { kind: 'stopped' });
    const [first, second] = await Promise.all([server.ready(), server.ready()]);
    assert.equal(first, second);
    const { pid, url } = first;
    assert.ok(pid !== undefined && (await isAlive(pid)));
    assert.deepEqual(server.status(), { kind: 'running', url, pid });
    const info = await server.info();
    assert.equal(info?.pid, pid);
    assert.ok(
      info.rssBytes !== null && info.rssBytes > 10e6 && info.rssBytes < 1e9,
      `${info.rssBytes} bytes`,
    );
    assert.equal((await fetch(`${url}/api/v2/heartbeat`)).status, 200);
    if (process.platform !== 'win32') assert.equal((await stat(directory)).mode & 0o777, 0o700);
    await server.dispose();
    assert.equal(await isAlive(pid), false);
    assert.deepEqual(server.status(), { kind: 'stopped' });
    assert.equal(await server.info(), undefined);
    await assert.rejects(server.ready(), /closing/);
    await assert.rejects(stat(join(directory, 'chroma.pid.json')));
  });

  it('says its memory itself: unknown while it is stopped, then again known, and never by another process', async function () {
    if (process.platform === 'win32') this.skip();
    const server = bed.server(await bed.folder(), { memoryTimeoutMs: 200 });
    const { pid, url } = await server.ready();
    const suspend = async (one: number): Promise<void> => {
      process.kill(one, 'SIGSTOP');
      if (process.platform !== 'linux') return;
      // Until the system has stopped every thread of it, it may still answer.
      const isStopped = async (): Promise<boolean> => {
        const states = (await readdir(`/proc/${one}/task`)).map(
          async (thread) => /\) (\w)/.exec(await readFile(`/proc/${one}/task/${thread}/stat`, 'latin1'))?.[1],
        );
        return (await Promise.all(states)).every((state) => state === 'T');
      };
      await until('the process is stopped', isStopped);
    };
    // Without PATH neither ps nor any other program is found.
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      const [one, two] = await Promise.all([server.info(), server.info()]);
      assert.ok(one !== undefined && one.rssBytes !== null && one.rssBytes > 10e6);
      assert.equal(two?.rssBytes, one.rssBytes, 'both share one question');
      if (process.platform === 'linux') {
        const status = await readFile(`/proc/${pid}/status`, 'latin1');
        const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
        assert.ok(Math.abs(resident / one.rssBytes - 1) < 0.2, `${resident} and ${one.rssBytes} bytes`);
      }
      await suspend(pid!);
      assert.deepEqual(await server.info(), { pid, rssBytes: null, url });
      process.kill(pid!, 'SIGCONT');
      await until('it says it again', async () => typeof (await server.info())?.rssBytes === 'number');
    } finally {
      process.env['PATH'] = path;
    }
    await suspend(pid!);
    const asked = server.info();
    process.kill(pid!, 'SIGKILL');
    assert.equal(await asked, undefined, 'a server that has ended holds nothing');
  });

  it('shows web pages nothing, takes nothing that their forms can send, and is not reset', async () => {
    const { url } = await bed.server(await bed.folder()).ready();
    const ask = (path: string, method: string, type?: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const headers = {
          origin: 'http://example.invalid',
          ...(type !== undefined && { 'content-type': type }),
        };
        request(`${url}/api/v2/${path}`, { method, headers, agent: false }, (response) =>
          resolve(response.resume()),
        )
          .on('error', reject)
          .end(method === 'POST' ? '{"name":"of-a-page"}' : undefined);
      });
    const collections = 'tenants/default_tenant/databases/default_database/collections';
    const seen = [await ask('heartbeat', 'GET'), await ask(collections, 'OPTIONS')];
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const answer = await ask(collections, 'POST', type);
      assert.equal(answer.statusCode, 415, type);
      seen.push(answer);
      tried('attacks');
    }
    const reset = await ask('reset', 'POST', 'application/json');
    assert.equal(reset.statusCode, 403);
    for (const { headers } of [...seen, reset])
      assert.equal(headers['access-control-allow-origin'], undefined);
  });

  it('takes another port when the one it picked is taken, even by a server that answers heartbeats', async () => {
    const other = createServer((_request, response) => {
      response.setHeader('access-control-allow-origin', '*').end('{"nanosecond heartbeat":1}');
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    bed.onCleanup(() => new Promise((resolve) => (other.closeAllConnections(), other.close(resolve))));
    const taken = (other.address() as AddressInfo).port;
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const freePort = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    const picks = [taken, freePort];
    const server = bed.server(await bed.folder(), { pickPort: () => Promise.resolve(picks.shift() ?? 0) });
    assert.equal((await server.ready()).url, `http://127.0.0.1:${freePort}`);
    assert.deepEqual(picks, []);
  });

  it('starts again on the port that it had, or on another when that is taken meanwhile', async () => {
    const server = bed.server(await bed.folder());
    const { url } = await server.ready();
    await server.stopIdle(0);
    assert.equal((await server.ready()).url, url);
    await server.stopIdle(0);
    const other = createServer().listen(Number(new URL(url).port), '127.0.0.1');
    await once(other, 'listening');
    bed.onCleanup(() => new Promise((resolve) => other.close(resolve)));
    assert.notEqual((await server.ready()).url, url);
  });

  it('is not led astray by settings of other Chroma servers in the environment', async () => {
    process.env['CHROMA_PORT'] = '1';
    process.env['CHROMA_PERSIST_PATH'] = '/nonexistent';
    try {
      const directory = await bed.folder();
      await bed.server(directory).ready();
      await stat(join(directory, 'data', 'chroma.sqlite3'));
    } finally {
      delete process.env['CHROMA_PORT'];
      delete process.env['CHROMA_PERSIST_PATH'];
    }
    const env = serverEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'x',
      NODE_OPTIONS: 'y',
      HOME: '/h',
      ELECTRON_RUN_AS_NODE: '1',
    });
    assert.deepEqual(env, { HOME: '/h', ANONYMIZED_TELEMETRY: 'False', RUST_BACKTRACE: '0' });
  });

  it('is started again after kill -9, and says so', async () => {
    const server = bed.server(await bed.folder());
    const restarted: string[] = [];
    server.onDidRestart(({ url }) => restarted.push(url));
    const { pid } = await server.ready();
    process.kill(pid!, 'SIGKILL');
    await until('it runs again', () => restarted.length === 1);
    const now = await server.ready();
    assert.notEqual(now.pid, pid);
    assert.deepEqual(restarted, [now.url]);
  });

  it('stops when it is idle, and starts again for the next call', async () => {
    const server = bed.server(await bed.folder());
    const { pid } = await server.ready();
    await server.stopIdle(60_000);
    assert.equal(server.status().kind, 'running');
    const stopped = server.stopIdle(0);
    assert.deepEqual(server.status(), { kind: 'stopped' });
    // Whoever asks meanwhile waits for the end of the one before it: two never hold the same data.
    const next = await server.ready();
    await stopped;
    assert.equal(await isAlive(pid!), false);
    assert.notEqual(next.pid, pid);
    assert.equal(server.status().kind, 'running');
    await server.stopIdle(0);
    assert.equal(await isAlive(next.pid!), false);
    await server.stopIdle(0);
    assert.deepEqual(server.status(), { kind: 'stopped' });
  });

  it('is restarted at once when it is killed while it starts', async () => {
    const directory = await bed.folder();
    const server = bed.server(directory);
    const starting = server.ready();
    let pids: number[] = [];
    await until('the child is on record', async () => {
      const record = await readFile(join(directory, 'chroma.pid.json'), 'utf8').catch(() => '');
      pids = [...record.matchAll(/"pids?":\s*\[?\s*(\d+)/g)].map(([, pid]) => Number(pid));
      return pids.length > 0;
    });
    process.kill(pids[0]!, 'SIGKILL');
    const { pid } = await starting;
    assert.ok(pid !== undefined && !pids.includes(pid));
  });

  it('gives up on a crash loop, says why, and tries again after a while when asked', async () => {
    const server = bed.server(await bed.folder(), { crashLimit: 2, restartDelaysMs: [0], coolOffMs: 300 });
    let last: number | undefined;
    for (let i = 0; i < 2; i++) {
      await until('another one runs', async () => (last = (await server.ready()).pid) !== undefined);
      const victim = last!;
      process.kill(victim, 'SIGKILL');
      await until('its end is noticed', () => server.status().kind !== 'running');
    }
    const status = server.status();
    assert.ok(
      status.kind === 'failed' && status.error.message.includes('2 times within 60 s'),
      JSON.stringify(status),
    );
    await assert.rejects(server.ready(), LanternError);
    await until('the pause is over', () =>
      server.ready().then(
        () => true,
        () => false,
      ),
    );
    assert.equal(server.status().kind, 'running');
  });

  it('ends one that hangs', async () => {
    const server = bed.server(await bed.folder(), { stopGraceMs: 100 });
    const endpoint = await server.ready();
    const { pid } = endpoint;
    process.kill(pid!, 'SIGSTOP');
    await server.report({ kind: 'hung', endpoint });
    const now = await server.ready();
    assert.notEqual(now.pid, pid);
    // A late report of the one that hung is not about the new one, though the address may be the same.
    await server.report({ kind: 'hung', endpoint });
    assert.equal((await server.ready()).pid, now.pid);
    assert.equal(await isAlive(pid!), false);
  });

  it('starts with an empty directory when the database is not one, and keeps the damaged one', async () => {
    const directory = await bed.folder();
    await mkdir(join(directory, 'data'), { recursive: true });
    await writeFile(join(directory, 'data', 'chroma.sqlite3'), 'no database'.repeat(2000));
    const server = bed.server(directory);
    await server.ready();
    assert.ok(bed.logged('chroma.set-aside'));
    assert.match(await readFile(join(directory, 'data.damaged', 'chroma.sqlite3'), 'latin1'), /^no database/);
  });

  it('says what to install when there is nothing to start', async () => {
    const server = bed.server(await bed.folder(), { launchers: [] });
    await assert.rejects(server.ready(), (error: LanternError) => {
      assert.equal(error.code, 'unavailable');
      assert.match(error.message, /No Chroma server can be started here.*PATH.*lantern\.chroma\.url/);
      return true;
    });
    assert.equal(server.status().kind, 'failed');
  });

  it('tries the next launcher when one cannot be loaded', async () => {
    const directory = await bed.folder();
    const broken = join(directory, 'broken.node');
    await writeFile(broken, 'not a library');
    const server = bed.server(directory, {
      launchers: [{ kind: 'bindings', target: broken }, ...findLaunchers()],
    });
    await server.ready();
    assert.ok(bed.logged('chroma.load-failed'));
  });

  it('runs and ends a separate program too', async function () {
    if (process.platform === 'win32') this.skip();
    const directory = await bed.folder();
    const [bindings] = findLaunchers({});
    const program = join(directory, 'chroma');
    const code = `require(${JSON.stringify(bindings!.target)}).cli(['chroma', ...process.argv.slice(2)])`;
    await writeFile(join(directory, 'run.cjs'), code);
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${join(directory, 'run.cjs')}" "$@"\n`);
    await chmod(program, 0o755);
    const [found] = findLaunchers({ PATH: `relative:${directory}` }).filter(
      ({ kind }) => kind === 'executable',
    );
    assert.deepEqual(found, { kind: 'executable', target: program });
    const server = bed.server(directory, { launchers: [found] });
    const { pid } = await server.ready();
    const { pids } = JSON.parse(await readFile(join(directory, 'chroma.pid.json'), 'utf8')) as {
      pids: number[];
    };
    assert.equal(pids.length, 2);
    assert.ok(pids.includes(pid!));
    const info = await server.info();
    assert.ok(info !== undefined);
    assert.equal(info.pid, pid);
    // Its wrapper can read on Linux how much it holds, and elsewhere says that it does not know.
    if (process.platform === 'linux') assert.ok(info.rssBytes !== null && info.rssBytes > 10e6);
    else assert.equal(info.rssBytes, null);
    // With the wrapper killed, the program must not live on beside the next one.
    process.kill(
      pids.find((other) => other !== pid)!,
      'SIGKILL',
    );
    await untilGone(pid!);
    const next = await server.ready();
    await server.dispose();
    assert.equal(await isAlive(next.pid!), false);
  });

  it('leaves no server behind when its daemon is killed with -9', async () => {
    const directory = await bed.folder();
    const daemon = await startDaemon(directory);
    const { pids } = JSON.parse(await readFile(join(directory, 'chroma.pid.json'), 'utf8')) as {
      pids: number[];
    };
    assert.ok(pids.length > 0);
    for (const pid of pids) assert.ok(await isAlive(pid));
    daemon.kill('SIGKILL');
    for (const pid of pids) await untilGone(pid);
  });

  it('ends the server of an earlier daemon before it opens the database, and no other process', async () => {
    const directory = await bed.folder();
    const daemon = await startDaemon(directory);
    const file = join(directory, 'chroma.pid.json');
    const recorded = JSON.parse(await readFile(file, 'utf8')) as { pids: number[] };
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    bed.onCleanup(async () => {
      bystander.kill('SIGKILL');
      return untilGone(bystander.pid!);
    });
    // A daemon that is stopped neither ends its server nor starts another one.
    daemon.kill('SIGSTOP');
    await writeFile(
      file,
      JSON.stringify({ ...recorded, pids: [...recorded.pids, bystander.pid, -1, 'x', process.pid] }),
    );
    const server = bed.server(directory);
    await server.ready();
    for (const pid of recorded.pids) assert.equal(await isAlive(pid), false);
    assert.equal(await isAlive(bystander.pid!), true);
    assert.ok(bed.logged('chroma.stale'));
    daemon.kill('SIGKILL');
    await server.dispose();
  });

  it('leaves no server behind that it could not record', async function () {
    if (process.platform !== 'linux') this.skip();
    const directory = await bed.folder();
    await mkdir(join(directory, 'chroma.pid.json', 'in the way'), { recursive: true });
    const server = bed.server(directory);
    await assert.rejects(server.ready(), LanternError);
    const running = async (): Promise<string[]> => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
      return (await Promise.all(lines)).filter((line) => line.includes(join(directory, 'chroma.yaml')));
    };
    await rm(join(directory, 'chroma.pid.json'), { recursive: true });
    assert.deepEqual(await running(), []);
  });

  it('can be disposed of while it starts', async () => {
    const directory = await bed.folder();
    const server = bed.server(directory);
    const ready = server.ready();
    const pids = async (): Promise<number[]> =>
      readFile(join(directory, 'chroma.pid.json'), 'utf8').then(
        (text) => (JSON.parse(text) as { pids: number[] }).pids,
        () => [],
      );
    let seen: number[] = [];
    await until('there is a child', async () => (seen = await pids()).length > 0);
    await Promise.all([server.dispose(), assert.rejects(ready, /closing/)]);
    for (const pid of seen) assert.equal(await isAlive(pid), false);
    await rm(directory, { recursive: true });
  });

  it('writes a configuration that quotes odd paths', () => {
    const text = serverConfiguration('C:\\Users\\a "b"\\data', 8000, 'http://x.invalid');
    assert.match(text, /persist_path: "C:\\\\Users\\\\a \\"b\\"\\\\data"/);
  });

  /** A process that owns a server, as the daemon does. */
  async function startDaemon(directory: string): Promise<ReturnType<typeof spawn>> {
    const module = new URL('./chromaProcess.js', import.meta.url).href;
    const code = `import { ChromaProcess } from ${JSON.stringify(module)};
      const server = new ChromaProcess({ directory: ${JSON.stringify(directory)}, log: { write() {} } });
      await server.ready();
      console.log('ready');`;
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    bed.onCleanup(async () => {
      daemon.kill('SIGKILL');
      return untilGone(daemon.pid!);
    });
    await once(daemon.stdout, 'data');
    return daemon;
  }
});
