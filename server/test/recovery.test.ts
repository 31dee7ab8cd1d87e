import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cli, fixtures } from './support/cliHarness.js';
import { DaemonClient, processesOf, until } from './support/daemonClient.js';
import { type EndState, hitsOf, storesOf } from './support/recoveryState.js';
import { tried } from './support/tally.js';

const rounds = Number(process.env['LANTERN_TEST_ROUNDS'] ?? 4);
/** Repeats the moments of a run that failed. */
const seed = Number(process.env['LANTERN_TEST_SEED'] ?? Date.now() % 100_000);
const victims = [['daemon'], ['chroma'], ['daemon', 'chroma']] as const;

interface Question {
  readonly workspace: string;
  readonly query: string;
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomNumbers(from: number): () => number {
  let state = from;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('kill -9 in the middle of an index job', function () {
  this.slow(60_000);
  const random = randomNumbers(seed);
  let source: Cli;
  let path: string;
  let queries: string[];
  let undisturbed: EndState;
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
    undisturbed = await endState(source);
    assert.ok(undisturbed.catalog.length > 40);
    assert.deepEqual(
      [undisturbed.chroma.length, undisturbed.untold, undisturbed.unlike],
      [undisturbed.catalog.length, 0, []],
    );
  });
  after(() => source.dispose());

  /** Hits of the daemon as it is; then it is stopped, and its stores are read. */
  async function endState(cli: Cli): Promise<EndState> {
    const client = await DaemonClient.open(cli.home);
    const hits = await hitsOf(client, path, queries);
    client.close();
    await cli.run(['stop']);
    assert.deepEqual(processesOf(cli.home), [], 'orphans');
    return { hits, ...(await storesOf(cli.home)) };
  }

  /** Process ids as the two leave them on disk, as soon as they have. */
  async function pidsOf(home: string, what: 'daemon' | 'chroma'): Promise<number[]> {
    const file = what === 'daemon' ? join(home, 'daemon.json') : join(home, 'chroma', 'chroma.pid.json');
    let pids: number[] = [];
    const found = (): boolean => {
      if (!existsSync(file)) return false;
      try {
        const record = JSON.parse(readFileSync(file, 'utf8')) as { pid?: number; pids?: number[] };
        pids = record.pids ?? (record.pid === undefined ? [] : [record.pid]);
      } catch {
        return false;
      }
      return pids.length > 0;
    };
    await until(`${what} has started`, found);
    return pids;
  }

  for (let round = 0; round < rounds; round++) {
    const killed = victims[round % victims.length] ?? victims[0];

    it(`of ${killed.join(' and ')} is made good by the next call (${round + 1} of ${rounds}, seed ${seed})`, async function () {
      this.timeout(180_000);
      const cli = new Cli();
      try {
        const moment = Math.round(random() * jobMs);
        const job = cli.run(['index', path]);
        await sleep(moment);
        for (const pids of await Promise.all(killed.map((what) => pidsOf(cli.home, what)))) {
          for (const pid of pids) {
            try {
              process.kill(pid, 'SIGKILL');
            } catch {
              // It had ended by itself, with the daemon that owned it.
            }
          }
        }
        const { code, stderr } = await job;
        assert.ok(code === 0 || /lantern: ./.test(stderr), `exit ${code}: ${stderr}`);

        const next = await cli.run(['search', queries[0] ?? '', '--path', path]);
        assert.equal(next.code, 0, `after ${moment} ms: ${next.stderr}`);
        await until('vectors are with Chroma again', async () => {
          await cli.index(path);
          return (await cli.status()).vectors.kind === 'running';
        });
        assert.deepEqual(await endState(cli), undisturbed, `killed after ${moment} ms`);
      } finally {
        await cli.dispose();
      }
      assert.deepEqual(processesOf(cli.home), []);
      tried('kills', killed.length);
    });
  }
});
