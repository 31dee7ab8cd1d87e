import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../../shared/src/connection/daemonRecord.js';
import { stopDaemon } from '../../../shared/src/connection/dial.js';
import { type DaemonSetup, endClients, reaching, startClients } from '../support/singletonPrograms.js';
import { tried } from '../../../shared/test/tally.js';
import { isLongRun, roundsOr } from '../../../shared/test/runLength.js';

const processes = 8;
const clientsEach = 8;
/** `LANTERN_TEST_ROUNDS=200` runs those of the release check. */
const rounds = roundsOr(3);

(process.platform === 'win32' ? describe.skip : describe)(
  '64 clients that connect at once from nothing',
  function () {
    this.timeout(30_000 + rounds * 10_000);
    let dir: string;
    let clients: ChildProcess[];

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'ln-'));
      await mkdir(join(dir, 'run'), { mode: 0o700 });
      clients = await startClients(processes);
    });
    after(async () => {
      await endClients(clients);
      await rm(dir, { recursive: true });
    });

    it(`find one daemon in each of ${rounds} rounds, and all are answered`, async () => {
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const dataDir = join(dir, `data${round}`);
        await mkdir(dataDir);
        const setup: DaemonSetup = {
          dataDir,
          build: { version: '1.0.0', builtAt: 100 },
          env: { XDG_RUNTIME_DIR: join(dir, 'run') },
        };
        const answers = clients.map((client) => once(client, 'message'));
        const began = performance.now();
        for (const client of clients) client.send({ ...setup, clients: clientsEach });
        const heard = (await Promise.all(answers)).map(
          ([answer]) => answer as { readonly pids?: readonly number[]; readonly error?: string },
        );
        took.push(performance.now() - began);
        assert.deepEqual(
          heard.filter(({ error }) => error !== undefined),
          [],
        );
        const pids = heard.flatMap(({ pids = [] }) => pids);
        assert.equal(pids.length, processes * clientsEach);
        assert.equal(new Set(pids).size, 1, 'one daemon answered all');
        const owners = (await readFile(join(dataDir, 'owners'), 'utf8')).trim().split('\n');
        assert.deepEqual(owners, [String(pids[0])], 'nobody else owned the folder meanwhile');
        assert.equal(await stopDaemon(await reaching(setup)), 'stopped');
        for (const pid of pids.slice(0, 1)) while (isAlive(pid)) await sleep(10);
        await rm(dataDir, { recursive: true });
        tried('rounds of load');
      }
      took.sort((a, b) => a - b);
      if (isLongRun)
        process.stdout.write(
          `      from nothing to 64 answers: median ${Math.round(took[took.length >> 1] ?? 0)} ms, worst ${Math.round(took.at(-1) ?? 0)} ms\n`,
        );
    });
  },
);
