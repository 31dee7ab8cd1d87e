import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cli, type CliResult, fixtures } from './support/cliHarness.js';
import { DaemonClient, processesOf, until } from './support/daemonClient.js';
import { type EndState, hitsOf, storesOf } from './support/recoveryState.js';
import { tried } from '../../shared/test/tally.js';
import { roundsOr, seedOr } from '../../shared/test/runLength.js';
import { randomNumbers } from './support/randomNumbers.js';

/** Kills in all. */
const rounds = roundsOr(4);
/** Repeats the moments of a run that failed. */
const seed = seedOr(Date.now() % 100_000);
const victims = [['daemon'], ['chroma'], ['daemon', 'chroma']] as const;
/** Each data folder suffers this many kills before it is compared. */
const killsPerHome = 5;
/** Data folders that are tried at the same time. */
const atOnce = Math.max(1, availableParallelism());

interface Question {
  readonly workspace: string;
  readonly query: string;
}

/** What runs while something is killed. All leave the folder as it was, or another action makes it so. */
const actions = ['index', 'edit', 'rebuild', 'stop'] as const;
type Action = (typeof actions)[number];

describe('kill -9 at any moment', function () {
  this.slow(60_000);
  let source: Cli;
  let path: string;
  let queries: string[];
  let undisturbed: EndState;
  /** How long the first index of the folder takes, which is more than every other action. */
  let jobMs: number;

  before(async function () {
    this.timeout(120_000);
    source = new Cli();
    path = source.folder('typescript-shop');
    const questions = JSON.parse(readFileSync(join(fixtures, 'questions.json'), 'utf8')) as Question[];
    queries = questions
      .filter(({ workspace }) => workspace === 'typescript-shop')
      .map(({ query }) => query)
      .slice(0, 20);
    assert.equal(queries.length, 20);
    const began = performance.now();
    await source.index(path);
    jobMs = performance.now() - began;
    undisturbed = await endState(source, path);
    assert.ok(undisturbed.catalog.length > 40);
    assert.deepEqual(
      [undisturbed.chroma.length, undisturbed.untold, undisturbed.unlike],
      [undisturbed.catalog.length, 0, []],
    );
  });
  after(() => source.dispose());

  /** Hits of the daemon as it is; then it is stopped, and its stores are read. */
  async function endState(cli: Cli, path: string): Promise<EndState> {
    const client = await DaemonClient.open(cli.home);
    const hits = await hitsOf(client, path, queries);
    client.close();
    await cli.run(['stop']);
    assert.deepEqual(processesOf(cli.home), [], 'orphans');
    return { hits, ...(await storesOf(cli.home)) };
  }

  /** The processes that a data folder names and that run for it. A number of a process that has ended may be another's. */
  function runningOf(home: string, what: 'daemon' | 'chroma'): number[] {
    const file = what === 'daemon' ? join(home, 'daemon.json') : join(home, 'chroma', 'chroma.pid.json');
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as { pid?: number; pids?: number[] };
      const pids = record.pids ?? (record.pid === undefined ? [] : [record.pid]);
      const own = processesOf(home);
      return process.platform === 'linux' ? pids.filter((pid) => own.includes(pid)) : pids;
    } catch {
      return [];
    }
  }

  /** Kills as soon as there is somebody to kill, or nobody when the job ends before. Returns how many. */
  async function kill(
    cli: Cli,
    whom: readonly ('daemon' | 'chroma')[],
    job: Promise<unknown>,
  ): Promise<number> {
    const state = { ended: false };
    void job.then(() => (state.ended = true));
    let killed = 0;
    for (const what of whom) {
      await until(`${what} has started`, () => state.ended || runningOf(cli.home, what).length > 0);
      const pids = runningOf(cli.home, what);
      if (pids.length > 0) killed++;
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It had ended by itself, with the daemon that owned it.
        }
      }
    }
    return killed;
  }

  /** Files of the folder's own, changed so that their chunks differ. */
  function edit(path: string, n: number): void {
    for (const name of readdirSync(join(path, 'src'), { recursive: true, encoding: 'utf8' })) {
      const file = join(path, 'src', name);
      if (!name.endsWith('.ts') || name.length % 2 === n % 2) continue;
      writeFileSync(file, `${readFileSync(file, 'utf8')}\nexport const edited${n} = 'copper ${n}';\n`);
    }
    writeFileSync(join(path, `fresh${n}.ts`), `export const fresh${n} = 'violet meadow';\n`);
  }

  async function act(cli: Cli, path: string, action: Action, n: number): Promise<CliResult> {
    if (action === 'edit') edit(path, n);
    if (action === 'rebuild') {
      await cli.run(['stop']);
      rmSync(join(cli.home, 'chroma'), { recursive: true, force: true });
    }
    return cli.run(action === 'stop' ? ['stop'] : ['index', path]);
  }

  /** Kills several times, each after a random part of the action, and compares what the next calls make of it. */
  async function round(first: number): Promise<void> {
    // Its own numbers, so that a seed means the same moments whatever runs beside it.
    const random = randomNumbers(seed * 1000 + first);
    const cli = new Cli();
    const told: string[] = [];
    let killed = 0;
    try {
      const path = cli.folder('typescript-shop');
      const last = Math.min(first + killsPerHome, rounds);
      for (let n = first; n < last; n++) {
        const action = actions[n % actions.length] ?? 'index';
        const whom = victims[Math.floor(random() * victims.length)] ?? victims[0];
        // A stop is over at once.
        const moment = Math.round(random() * (action === 'stop' ? 300 : jobMs));
        told.push(`${whom.join(' and ')} ${moment} ms into ${action}`);
        const job = act(cli, path, action, n);
        await Promise.race([sleep(moment), job]);
        killed += await kill(cli, whom, job);
        const { code, stderr } = await job;
        assert.ok(code === 0 || /lantern: ./.test(stderr), `${told.join(', ')}: exit ${code}: ${stderr}`);
      }
      rmSync(path, { recursive: true });
      cpSync(join(fixtures, 'typescript-shop'), path, { recursive: true });
      const next = await cli.run(['search', queries[0] ?? '', '--path', path]);
      assert.equal(next.code, 0, `${told.join(', ')}: ${next.stderr}`);
      await until(`vectors are with Chroma again after ${told.join(', ')}`, async () => {
        await cli.index(path);
        return (await cli.status()).vectors.kind === 'running';
      });
      assert.deepEqual(await endState(cli, path), undisturbed, told.join(', '));
      tried('kills', killed);
    } finally {
      await cli.dispose();
    }
    assert.deepEqual(processesOf(cli.home), [], told.join(', '));
  }

  for (let first = 0; first < rounds; first += killsPerHome * atOnce) {
    const last = Math.min(first + killsPerHome * atOnce, rounds);

    it(`is made good by the next call (kills ${first + 1} to ${last} of ${rounds}, seed ${seed})`, async function () {
      this.timeout(300_000);
      const starts = Array.from({ length: atOnce }, (_, i) => first + i * killsPerHome);
      await Promise.all(starts.filter((start) => start < rounds).map(round));
    });
  }
});
