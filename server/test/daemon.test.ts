import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { StatusResult } from '../../shared/src/protocol/protocol.js';
import type { PartialSettings } from '../../shared/src/settings/settings.js';
import { Cli, isAlive } from './support/cliHarness.js';
import { DaemonClient, processesOf, settledRss, until } from './support/daemonClient.js';

/** How often the long ones go round; issue-sized runs set these. */
const startRounds = Number(process.env['LANTERN_TEST_START_ROUNDS'] ?? 3);
const clientCount = Number(process.env['LANTERN_TEST_CLIENTS'] ?? 27);
const cacheCycles = Number(process.env['LANTERN_TEST_CACHE_CYCLES'] ?? 30);

const mebibyte = 1024 * 1024;
const words = ['river', 'stone', 'ledger', 'carbon', 'violet', 'harbor', 'meadow', 'signal', 'copper'];
const word = (n: number): string => words[n % words.length] ?? '';

/** Writes `count` small TypeScript files that no other `seed` has. */
function fill(folder: string, seed: number, count: number): string {
  for (let i = 0; i < count; i++) {
    const name = `${word(seed + i)}${seed}x${i}`;
    const body = `/** Weighs the ${word(i * 5 + seed)} of part ${i}. */\nexport function ${name}(load: number): number {\n  return load * ${i} + ${seed};\n}\n`;
    writeFileSync(join(folder, `${name}.ts`), body);
  }
  return folder;
}

function settings(cli: Cli, chosen: PartialSettings): void {
  writeFileSync(join(cli.home, 'settings.json'), JSON.stringify(chosen));
}

describe('the daemon, in real processes', function () {
  this.timeout(120_000);
  this.slow(60_000);
  let cli: Cli;
  let clients: DaemonClient[];

  beforeEach(() => {
    cli = new Cli();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await cli.dispose();
    assert.deepEqual(processesOf(cli.home), [], 'processes were left');
  });

  async function open(name = 'test'): Promise<DaemonClient> {
    const client = await DaemonClient.open(cli.home, name);
    clients.push(client);
    return client;
  }

  const logged = (event: string): Record<string, unknown>[] =>
    cli.log().filter((line) => line['event'] === event);
  const embedded = async (client: DaemonClient, path: string): Promise<number> =>
    (await client.request('lantern/index', { path })).chunksEmbedded;

  it(`20 commands at once find one daemon, from cold and after kill -9, ${startRounds} rounds`, async function () {
    this.timeout(startRounds * 60_000);
    for (let round = 0; round < startRounds; round++) {
      const results = await Promise.all(Array.from({ length: 20 }, () => cli.run(['status', '--json'])));
      for (const { code, stderr } of results) assert.equal(code, 0, stderr);
      const statuses = results.map(({ stdout }) => JSON.parse(stdout) as StatusResult);
      const pids = new Set(statuses.map(({ pid }) => pid));
      assert.equal(pids.size, 1, `round ${round}: daemons ${[...pids].join(', ')} answered`);
      const [pid = 0] = pids;
      // Cold by a clean stop, by kill -9, and by kill -9 with the data folder's records gone.
      if (round % 3 === 0) await cli.run(['stop']);
      else process.kill(pid, 'SIGKILL');
      await until('the daemon is gone', () => !isAlive(pid));
      if (round % 3 === 2) rmSync(join(cli.home, 'daemon.json'), { force: true });
    }
    await until('no process is left', () => processesOf(cli.home).length === 0, 20);
  });

  it(`${clientCount} clients with a folder each share one model, and cost little memory`, async function () {
    this.timeout(300_000);
    const folders = Array.from({ length: clientCount }, (_, n) => fill(cli.folder(), n, 8));
    const work = async (client: DaemonClient, path: string): Promise<void> => {
      assert.equal(await embedded(client, path), 8);
      const { hits } = await client.request('lantern/search', { path, query: 'weighs the load', wait: true });
      assert.ok(hits.length > 0 && hits.every(({ folder }) => folder === path));
    };
    const first = await open();
    await work(first, folders[0]!);
    const one = await settledRss(first);

    const others = await Promise.all(folders.slice(1).map(() => open()));
    await Promise.all(others.map((client, i) => work(client, folders[i + 1]!)));
    const { models, clients: known, folders: indexed } = await first.memory();
    assert.deepEqual(
      models.map(({ loads, leases }) => [loads, leases]),
      [[1, 0]],
    );
    assert.equal(known.length, clientCount);
    assert.ok(indexed.length === clientCount && indexed.every(({ diskBytes }) => diskBytes > 0));
    const all = await settledRss(first);
    const perClient = (all - one) / (clientCount - 1) / mebibyte;
    assert.ok(perClient <= 1, `each further client costs ${perClient.toFixed(2)} MiB`);

    for (const client of others) client.close();
    await until('the clients are gone', async () => (await first.memory()).clients.length === 1);
    const after = await settledRss(first);
    assert.ok(
      after - all < 4 * mebibyte,
      `${((after - all) / mebibyte).toFixed(1)} MiB more after they left`,
    );
  });

  it('answers while Chroma hangs, and says so', async function () {
    if (process.platform === 'win32') this.skip();
    const path = fill(cli.folder(), 1, 4);
    const client = await open();
    await embedded(client, path);
    await client.request('lantern/search', { path, query: 'load' });
    const { chroma } = await client.memory();
    assert.ok(chroma !== null);
    process.kill(chroma.pid, 'SIGSTOP');
    try {
      for (const query of ['first', 'second']) {
        const { hits, coverage, elapsedMs } = await client.request('lantern/search', { path, query });
        assert.ok(elapsedMs < 2000, `${elapsedMs} ms`);
        assert.ok(hits.length > 0);
        assert.match(coverage.reason ?? '', /Chroma has not answered in time/);
      }
    } finally {
      process.kill(chroma.pid, 'SIGCONT');
    }
    await until('Chroma answers again', async () => {
      const { coverage } = await client.request('lantern/search', { path, query: 'third' });
      return coverage.reason === undefined;
    });
  });

  it(`${cacheCycles} cycles of load, embed and clear end where they began`, async function () {
    this.timeout(cacheCycles * 10_000);
    const path = fill(cli.folder(), 1, 4);
    const client = await open();
    await embedded(client, path);
    let tenth = 0;
    let last = 0;
    for (let cycle = 1; cycle <= cacheCycles; cycle++) {
      await client.request('lantern/preload', {});
      const { coverage } = await client.request('lantern/search', { path, query: `load ${cycle}` });
      assert.equal(coverage.semantic, true);
      assert.equal((await client.request('lantern/clearCache', {})).models, 1);
      last = (await client.memory()).daemon.rssBytes;
      if (cycle === Math.min(10, cacheCycles)) tenth = last;
    }
    const { totals, models } = await client.memory();
    assert.deepEqual([totals.loads, totals.releases, models.length], [cacheCycles, cacheCycles, 0]);
    const grown = (last - tenth) / mebibyte;
    assert.ok(grown < 10, `${grown.toFixed(1)} MiB more than after the tenth`);
  });

  describe('memory', () => {
    it('an idle model is unloaded and Chroma stops; terms answer meanwhile, and the next query loads it again', async () => {
      settings(cli, { model: { idleUnloadMinutes: 0.01 } });
      const path = fill(cli.folder(), 1, 4);
      const client = await open();
      await embedded(client, path);
      await until('the model is unloaded', async () => (await client.memory()).models.length === 0);
      await until('Chroma is gone', async () => (await client.memory()).chroma === null);
      const query = { path, query: 'weighs the stone' };
      const { hits, coverage } = await client.request('lantern/search', query);
      assert.ok(hits.length > 0);
      assert.equal(coverage.semantic, false);
      await until('vectors take part again', async () => {
        return (await client.request('lantern/search', query)).coverage.semantic;
      });
      assert.equal((await client.memory()).totals.loads, 2);
    });

    it('above the budget caches and the idle model are freed, and loaded again when they are needed', async () => {
      settings(cli, { daemon: { memoryBudgetMiB: 60 } });
      const path = fill(cli.folder(), 1, 4);
      const client = await open();
      await embedded(client, path);
      const shed = (what: string) => (): boolean =>
        logged('memory.shed').some((line) => line['what'] === what);
      await until('the model is shed', shed('model'));
      await until('Chroma gives its memory back', shed('chroma'));
      const answer = await client.request('lantern/search', { path, query: 'weighs the stone', wait: true });
      assert.equal(answer.coverage.semantic, true);
    });
  });

  describe('lifecycle', () => {
    it('does not exit while an index job runs that no client waits for, and does so after it', async () => {
      settings(cli, { daemon: { idleExitMinutes: 0.01 } });
      const path = cli.folder();
      const client = await open();
      await embedded(client, path);
      fill(path, 3, 150);
      await client.notify('workspace/didChangeWatchedFiles', {
        changes: [{ uri: pathToFileURL(join(path, 'any.ts')).href, type: 1 }],
      });
      const { daemon } = await client.memory();
      client.close();
      await until('the daemon has exited', () => !isAlive(daemon.pid));
      const [job] = logged('index.done');
      assert.equal(job?.['chunksEmbedded'], 150);
      assert.deepEqual(
        logged('daemon.exit').map((line) => [line['reason'], line['end']]),
        [['idle', 'clean']],
      );
      await until('Chroma is gone too', () => processesOf(cli.home).length === 0, 10);
    });

    it('stops within seconds while it indexes, and goes on from there at the next start', async () => {
      const path = fill(cli.folder(), 4, 200);
      const client = await open();
      const cut = assert.rejects(client.request('lantern/index', { path }));
      await until('it embeds', async () => {
        const [folder] = (await client.request('lantern/status', {})).folders;
        return folder?.chunks === 200 && folder.chunksPending <= 160;
      });
      const began = Date.now();
      await cli.run(['stop']);
      const took = Date.now() - began;
      await cut;
      assert.ok(took < 15_000, `it took ${took} ms`);
      assert.equal(logged('daemon.exit')[0]?.['end'], 'clean');
      assert.deepEqual(processesOf(cli.home), []);
      const rest = await embedded(await open(), path);
      assert.ok(rest > 0 && rest <= 200 - 32, `${rest} were left to do`);
    });

    it('ends Chroma when it is itself killed', async () => {
      const client = await open();
      await embedded(client, fill(cli.folder(), 1, 2));
      const { daemon, chroma } = await client.memory();
      assert.ok(chroma !== null);
      process.kill(daemon.pid, 'SIGKILL');
      await until('Chroma is gone', () => !isAlive(chroma.pid), 10);
    });

    it('shutdown and exit of a client end its session only', async () => {
      const [leaving, staying] = [await open('editor'), await open()];
      await leaving.call('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
      const closed = leaving.closed();
      await leaving.call('shutdown', null);
      await leaving.notify('exit', null);
      await closed;
      await until('one client is left', async () => (await staying.memory()).clients.length === 1);
    });

    it('a client killed in the middle of a request leaves no lease, job or session', async () => {
      const path = fill(cli.folder(), 5, 200);
      const watching = await open();
      const script = fileURLToPath(new URL('./support/daemonVictim.js', import.meta.url));
      const victim = fork(script, [cli.home, path]);
      const status = () => watching.request('lantern/status', {});
      await until('it embeds for the victim', async () => {
        const [folder] = (await status()).folders;
        return folder?.status.kind === 'indexing' && folder.status.done > 0;
      });
      assert.equal((await watching.memory()).models[0]?.leases, 1);
      victim.kill('SIGKILL');
      await until('nothing of it is left', async () => {
        const [{ models, clients: left }, { folders }] = [await watching.memory(), await status()];
        return models[0]?.leases === 0 && left.length === 1 && folders[0]?.status.kind === 'partial';
      });
      const pending = (await status()).folders[0]?.chunksPending ?? 0;
      assert.ok(pending > 0, 'the job went on for nobody');
    });
  });

  describe('folders', () => {
    it('a worktree and a branch that comes back are indexed without the model', async function () {
      const git = (...args: string[]): void => {
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
          cwd: repository,
          stdio: 'pipe',
        });
      };
      const repository = fill(cli.folder(), 6, 12);
      git('init', '-q', '-b', 'main');
      git('add', '.');
      git('commit', '-q', '-m', 'first');
      const client = await open();
      assert.equal(await embedded(client, repository), 12);

      const tree = join(cli.folder(), 'tree');
      git('worktree', 'add', '-q', tree);
      const report = await client.request('lantern/index', { path: tree });
      assert.deepEqual([report.filesTotal, report.chunksTotal, report.chunksEmbedded], [12, 12, 0]);

      git('switch', '-q', '-c', 'other');
      fill(repository, 7, 3);
      git('add', '.');
      git('rm', '-q', `${word(6)}6x0.ts`);
      git('commit', '-q', '-m', 'second');
      assert.equal(await embedded(client, repository), 3);
      for (const branch of ['main', 'other']) {
        git('switch', '-q', branch);
        const switched = await client.request('lantern/index', { path: repository });
        const files = branch === 'main' ? 12 : 14;
        assert.deepEqual([switched.filesTotal, switched.chunksEmbedded], [files, 0], branch);
      }
    });

    it('a folder that is being read for the first time answers as soon as there is a page of hits', async () => {
      const path = fill(cli.folder(), 6, 400);
      const client = await open();
      const job = client.request('lantern/index', { path });
      const ended = assert.rejects(job, /cancelled/);
      const known = async (): Promise<boolean> =>
        (await client.request('lantern/status', {})).folders.length === 1;
      await until('the folder is known', known);
      const query = { path, query: 'weighs the stone', mode: 'lexical' as const };
      // A search waits 300 ms at most, in which a loaded machine may read fewer files.
      await until('a page of hits', async () => {
        const { hits } = await client.request('lantern/search', query);
        return hits.length === 10;
      });
      const { folders } = await client.request('lantern/status', {});
      assert.ok(folders[0]!.files < 400, 'all files were read before');
      await client.request('lantern/remove', { path });
      await ended;
    });

    it('10,000 changed files are one job, also when they are named through a link', async function () {
      const path = cli.folder();
      mkdirSync(join(path, 'sub'));
      const link = join(cli.folder(), 'link');
      symlinkSync(path, link);
      settings(cli, { model: { idleUnloadMinutes: 0 } });
      const client = await open('editor');
      await embedded(client, path);
      // Equal texts in files that are not indexed: what counts here is reading, not embedding.
      for (let i = 0; i < 10_000; i++) writeFileSync(join(path, 'sub', `${i}.bin`), 'x\0y');
      fill(join(path, 'sub'), 8, 5);
      const changes = Array.from({ length: 10_000 }, (_, i) => ({
        uri: pathToFileURL(join(link, 'sub', `${i}.bin`)).href,
        type: 1,
      }));
      const began = Date.now();
      // An editor sends a checkout in several messages.
      for (let at = 0; at < changes.length; at += 1000) {
        await client.notify('workspace/didChangeWatchedFiles', { changes: changes.slice(at, at + 1000) });
      }
      await client.request('lantern/status', {});
      const answered = Date.now() - began;
      await until('the job is done', () => logged('index.done').length > 0);
      await sleep(500);
      assert.deepEqual(
        logged('index.done').map((line) => [line['folder'], line['filesAdded'], line['chunksEmbedded']]),
        [[path, 5, 5]],
      );
      assert.ok(answered < 5000, `a request waited for ${answered} ms`);
    });

    it('an outer folder that is opened while an inner one is being indexed absorbs it', async () => {
      const outer = cli.folder();
      const inner = join(outer, 'inner');
      mkdirSync(inner);
      fill(inner, 9, 60);
      const [a, b] = [await open(), await open()];
      const [inside, around, again] = await Promise.all([
        a.request('lantern/index', { path: inner }),
        b.request('lantern/index', { path: outer }),
        b.request('lantern/index', { path: outer }),
      ]);
      assert.deepEqual(new Set([around.folder, again.folder]), new Set([outer]));
      assert.ok([inner, outer].includes(inside.folder));
      const { folders } = await a.request('lantern/status', {});
      assert.deepEqual(
        folders.map(({ path, files, chunksPending }) => [path, files, chunksPending]),
        [[outer, 60, 0]],
      );
      const { hits } = await a.request('lantern/search', {
        path: inner,
        query: 'weighs the load',
        wait: true,
      });
      assert.ok(hits.length > 0 && hits.every(({ folder, path }) => folder === inner && !path.includes('/')));
    });

    it('a paused folder holds no model and stays searchable by terms; resumed, it is finished', async () => {
      const path = fill(cli.folder(), 10, 120);
      const client = await open();
      const running = client.request('lantern/index', { path });
      const folder = async () => (await client.request('lantern/status', {})).folders[0];
      await until('it embeds', async () => {
        const status = (await folder())?.status;
        return status?.kind === 'indexing' && status.done > 0;
      });
      await client.request('lantern/pause', { path });
      assert.equal((await folder())?.status.kind, 'paused');
      await until('the lease is given back', async () => (await client.memory()).models[0]?.leases === 0);
      const pending = (await folder())?.chunksPending ?? 0;
      assert.ok(pending > 0);
      const { hits, coverage } = await client.request('lantern/search', { path, query: 'weighs stone' });
      assert.ok(hits.length > 0 && coverage.filesPending > 0);
      assert.equal((await folder())?.chunksPending, pending);
      await client.request('lantern/resume', { path });
      await running;
      assert.deepEqual([(await folder())?.chunksPending, (await folder())?.status.kind], [0, 'idle']);
    });
  });

  it('logs neither source text nor queries', async () => {
    const path = cli.folder();
    writeFileSync(join(path, 'a.ts'), 'export const marzipan = "gooseberry";\n');
    const client = await open();
    await embedded(client, path);
    await client.request('lantern/search', { path, query: 'marzipan gooseberry', wait: true });
    await assert.rejects(client.request('lantern/search', { path, query: 'gooseberry', limit: -1 }));
    await assert.rejects(client.call('lantern/search', { path: 7, query: 'gooseberry' }));
    for (const name of ['logs/daemon.log', 'daemon-output.log']) {
      assert.doesNotMatch(readFileSync(join(cli.home, name), 'utf8'), /marzipan|gooseberry/);
    }
  });
});
