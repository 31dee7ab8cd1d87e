import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { build } from '../../../shared/src/protocol/build.js';
import { type DaemonHello, defaultLineLimits, receiveHello } from '../../../shared/src/protocol/handshake.js';
import { PROTOCOL_VERSION } from '../../../shared/src/protocol/protocol.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, processesOf, until } from '../support/daemonClient.js';
import { endpointOf } from '../support/endpointOf.js';
import { SmallDisk } from '../support/smallDisk.js';
import { tried } from '../../../shared/test/tally.js';
import { isLongRun } from '../../../shared/test/runLength.js';

const sourceOf = (n: number): string =>
  `/** Measures part ${n} of the river. */\nexport function river${n}(stone: number): number {\n  return stone + ${n};\n}\n`;

/** Some wait for half a minute, so only the long run has them. */
const whenLong = isLongRun ? it : it.skip;

/** The built command line and daemon, in a world that misbehaves. */
describe('from outside', function () {
  this.timeout(180_000);
  this.slow(30_000);
  let cli: Cli;
  let path: string;

  beforeEach(() => {
    cli = new Cli();
    path = cli.folder();
    for (let n = 0; n < 8; n++) writeFileSync(join(path, `part${n}.ts`), sourceOf(n));
  });
  afterEach(async () => {
    await cli.dispose();
    assert.deepEqual(processesOf(cli.home), []);
  });

  it('a data folder that cannot be written is named, with what to do', async function () {
    const disk = SmallDisk.mount(48);
    if (disk === undefined) this.skip();
    try {
      const home = join(disk.root, 'home');
      mkdirSync(home);
      const other = new Cli(home);
      await other.index(path);
      await other.run(['stop']);
      disk.setReadOnly(true);
      for (const args of [['search', 'river', '--path', path], ['index', path], ['status'], ['doctor']]) {
        const { code, stderr } = await other.run(args);
        assert.equal(code, 2);
        assert.match(
          stderr,
          /cannot write to its data folder .*home \(EROFS\).*Make it writable, or set LANTERN_HOME/,
        );
        tried('bad inputs');
      }
      disk.setReadOnly(false);
      assert.ok((await other.search('river', path)).hits.length > 0);
      disk.fill();
      const { hits } = await other.search('river', path);
      assert.ok(hits.length > 0, 'with a full disk');
      await other.run(['stop']);
      const { code, stderr } = await other.run(['status']);
      if (code !== 0) assert.match(stderr, /disk|space|written|locked/);
      disk.free();
      assert.ok((await other.search('river', path)).hits.length > 0);
      await other.run(['stop']);
    } finally {
      disk.dispose();
    }
  });

  whenLong('two data folders have a daemon each, which know nothing of each other', async () => {
    const other = new Cli();
    try {
      const [one, two] = await Promise.all([cli.index(path), other.index(path)]);
      assert.deepEqual([one.filesTotal, two.filesTotal], [8, 8]);
      const [first, second] = [await cli.status(), await other.status()];
      assert.notEqual(first.pid, second.pid);
      await other.run(['remove', path]);
      assert.equal((await cli.status()).folders.length, 1);
      assert.ok((await cli.search('river', path)).hits.length > 0);
    } finally {
      await other.dispose();
    }
    tried('faults');
  });

  whenLong(
    'a daemon that is stopped (SIGSTOP) is named within a bounded time, and no second one is started',
    async function () {
      if (process.platform === 'win32') this.skip();
      await cli.index(path);
      const { pid } = await cli.status();
      process.kill(pid, 'SIGSTOP');
      try {
        const began = performance.now();
        const all = await Promise.all(
          Array.from({ length: 3 }, () => cli.run(['search', 'river', '--path', path])),
        );
        const tookMs = performance.now() - began;
        assert.ok(tookMs < 60_000, `${tookMs} ms`);
        for (const { code, stderr } of all) {
          assert.equal(code, 2);
          assert.match(stderr, new RegExp(`daemon \\(pid ${pid}\\) runs and does not answer`));
        }
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      assert.equal((await cli.status()).pid, pid);
      assert.ok((await cli.search('river', path)).hits.length > 0);
      tried('faults');
    },
  );

  whenLong('a damaged Chroma folder is set aside or rebuilt, and the hits are the same', async () => {
    await cli.index(path);
    const before = (await cli.search('river stone', path, '--wait')).hits;
    const data = join(cli.home, 'chroma', 'data');
    const database = join(data, 'chroma.sqlite3');
    const damages: Record<string, () => void> = {
      'half of the database': () => truncateSync(database, Math.floor(statSync(database).size / 2)),
      'a database of zeros': () => writeFileSync(database, Buffer.alloc(statSync(database).size)),
      'an empty database': () => writeFileSync(database, ''),
      'no database': () => rmSync(database),
      'a file in place of the folder': () => {
        rmSync(data, { recursive: true });
        writeFileSync(data, 'x');
      },
    };
    for (const [what, damage] of Object.entries(damages)) {
      await cli.run(['stop']);
      damage();
      const report = await cli.index(path);
      assert.equal(report.chunksEmbedded, 0, what);
      assert.deepEqual((await cli.search('river stone', path, '--wait')).hits, before, what);
      await until(`Chroma runs again after ${what}`, async () => {
        await cli.index(path);
        return (await cli.status()).vectors.kind === 'running';
      });
      tried('faults');
    }
    assert.ok(readdirSync(join(cli.home, 'chroma')).includes('data.damaged'));
    assert.ok(cli.log().some(({ event }) => event === 'chroma.set-aside'));
  });

  whenLong(
    'a foreign server in place of Chroma, and one that answers 500, is left aside and named',
    async () => {
      for (const status of [404, 500]) {
        const server = createServer((_, response) =>
          response.writeHead(status).end('<html>not Chroma</html>'),
        );
        await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
        const address = server.address();
        const port = typeof address === 'object' ? address?.port : 0;
        const other = new Cli();
        try {
          const settings = { chroma: { url: `http://127.0.0.1:${port}` } };
          writeFileSync(join(other.home, 'settings.json'), JSON.stringify(settings));
          const report = await other.index(path);
          assert.equal(report.chunksTotal, 8);
          const { hits, coverage } = await other.search('river stone part', path, '--wait');
          assert.ok(hits.length > 0 && coverage.filesPending === 0);
          const { vectors } = await other.status();
          assert.equal(vectors.kind, 'fallback');
          assert.match(vectors.detail ?? '', new RegExp(`127\\.0\\.0\\.1:${port}`));
        } finally {
          await other.dispose();
          server.closeAllConnections();
          server.close();
        }
        tried('faults');
      }
    },
  );

  whenLong('a damaged model file is named, and search goes on by words', async () => {
    const model = cli.folder();
    const from = join(process.cwd(), 'models', 'all-MiniLM-L6-v2');
    execFileSync('cp', ['-rL', `${from}/.`, model]);
    writeFileSync(join(cli.home, 'settings.json'), JSON.stringify({ model: { name: model } }));
    await cli.index(path);
    await cli.run(['stop']);
    const weights = execFileSync('find', [model, '-name', '*.onnx']).toString().trim().split('\n');
    for (const file of weights) truncateSync(file, Math.floor(statSync(file).size / 2));
    // Who waits for vectors is told that there are none.
    const waiting = await cli.run(['search', 'river stone part', '--path', path, '--wait']);
    assert.equal(waiting.code, 2);
    assert.match(waiting.stderr, /model file .*cannot be used/);
    const { hits, coverage } = await cli.search('river stone part', path);
    assert.ok(hits.length > 0 && !coverage.semantic, JSON.stringify(coverage));
    assert.match(JSON.stringify(await cli.status()), /cannot be used/);
    const { code, stdout } = await cli.run(['doctor']);
    assert.equal(code, 2);
    assert.match(stdout, /FAIL\S* model/);
    tried('faults');
  });

  it('a daemon that ends in the middle of a message is named, and the command ends', async () => {
    const endpoint = await endpointOf(cli.home);
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined);
      void receiveHello(socket, defaultLineLimits).then(() => {
        const hello: DaemonHello = {
          ok: true,
          protocol: PROTOCOL_VERSION,
          build: { ...build, version: '99.0.0' },
          pid: process.pid,
          dataDir: cli.home,
          startedAt: Date.now(),
        };
        socket.write(`${JSON.stringify(hello)}\n`);
        socket.on('data', () => socket.end('Content-Length: 100\r\n\r\n{"json'));
      });
    });
    await new Promise<void>((settle) => server.listen(endpoint, settle));
    try {
      const { code, stderr } = await cli.run(['index', path], { signal: AbortSignal.timeout(60_000) });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /The daemon ended before it answered.*Try again\./);
    } finally {
      await new Promise((settle) => server.close(settle));
    }
    tried('faults');
  });

  it('clocks that jump: files of the future and of 1970 are indexed, and their changes noticed', async () => {
    const file = join(path, 'part0.ts');
    let first = true;
    for (const [n, at] of [new Date('2099-01-01'), new Date(0), new Date('2038-01-20')].entries()) {
      writeFileSync(file, sourceOf(100 + n));
      utimesSync(file, at, at);
      const { filesChanged, filesUnchanged } = await cli.index(path);
      assert.equal(filesChanged + filesUnchanged, first ? 0 : 8);
      first = false;
      const { hits } = await cli.search(`river${100 + n}`, path, '--mode', 'lexical');
      assert.equal(hits[0]?.path, 'part0.ts', String(at));
      tried('bad inputs');
    }
  });

  whenLong(
    'names that are no UTF-8, paths of 4,000 bytes, and a folder that is deleted or replaced by a link',
    async function () {
      if (process.platform !== 'linux') this.skip();
      writeFileSync(
        Buffer.concat([Buffer.from(`${path}/n`), Buffer.from([0xff, 0xfe]), Buffer.from('.ts')]),
        sourceOf(50),
      );
      const part = 'd'.repeat(200);
      execFileSync('bash', [
        '-c',
        `cd "$0" && for i in $(seq 1 18); do mkdir ${part} && cd ${part}; done && echo 'export const deepRiver = 1;' > deep.ts`,
        path,
      ]);
      const report = await cli.index(path);
      assert.ok(report.filesTotal >= 8, JSON.stringify(report));
      assert.ok((await cli.search('river3', path)).hits.length > 0);
      tried('bad inputs', 2);

      const moved = `${path}-moved`;
      renameSync(path, moved);
      const gone = await cli.run(['search', 'river', '--path', path]);
      assert.ok(gone.code === 1 || gone.code === 2, gone.stdout);
      symlinkSync(moved, path);
      const linked = await cli.run(['index', path]);
      assert.ok(linked.code === 0 || linked.stderr.includes('lantern:'), linked.stderr);
      rmSync(path);
      renameSync(moved, path);
      await cli.index(path);
      assert.ok((await cli.search('river3', path)).hits.length > 0);
      tried('faults', 2);
    },
  );

  it('a folder that is deleted while it is indexed is a clear end, and no daemon dies', async () => {
    for (let n = 8; n < 300; n++) writeFileSync(join(path, `part${n}.ts`), sourceOf(n));
    const client = await DaemonClient.open(cli.home);
    try {
      const indexing = client.request('lantern/index', { path }).then(
        () => 'done',
        (error: unknown) => String(error),
      );
      await until('it has begun', async () => (await cli.status()).folders.length > 0);
      rmSync(path, { recursive: true });
      assert.ok((await indexing).length > 0);
      assert.equal((await cli.status()).pid, (await client.memory()).daemon.pid);
      mkdirSync(path);
      writeFileSync(join(path, 'part1.ts'), sourceOf(1));
      const report = await cli.index(path);
      assert.equal(report.filesTotal, 1);
      assert.equal(readFileSync(join(path, 'part1.ts'), 'utf8'), sourceOf(1));
    } finally {
      client.close();
    }
    tried('faults');
  });
});
