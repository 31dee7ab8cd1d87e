import assert from 'node:assert/strict';
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import {
  type Fault,
  FaultPoints,
  fileFault,
  http500,
  httpLostAnswer,
  httpRefused,
  spread,
  threadFault,
} from '../support/faultPoints.js';
import { until } from '../support/daemonClient.js';
import { LiveServices } from '../support/liveServices.js';
import { tried } from '../../../shared/test/tally.js';
import { TestFolder } from '../support/testFolder.js';
import { isLongRun, roundsOr, seedOr } from '../../../shared/test/runLength.js';

/** Most calls of a scenario that fail, spread over all of them; `LANTERN_TEST_ROUNDS` raises it. */
const most = roundsOr(1);
const seed = seedOr(Date.now() % 1000);
/** The short run has one scenario. */
const isLong = isLongRun;
/** An attempt that takes longer hangs. */
const longestMs = 60_000;

const queries = ['where is the river measured', 'ledger total', 'violet meadow'];

/** More files than the main thread reads by itself, so that the threads that scan and write take part. */
const count = 30;
const words = ['river', 'ledger', 'violet', 'harbor', 'copper', 'meadow', 'signal'];
const word = (n: number): string => words[n % words.length] ?? '';
const sourceOf = (n: number, version = 0): string =>
  `/** Measures the ${word(n)} of part ${n}. */\nexport function ${word(n + 1)}${n}(total: number): number {\n  return total + ${n + version};\n}\n`;

interface Scenario {
  readonly name: string;
  readonly before: (live: LiveServices, folder: TestFolder) => Promise<void>;
  readonly act: (live: LiveServices, folder: TestFolder) => Promise<unknown>;
}

const write = (folder: TestFolder, path: string, text: string): void => {
  folder.write({ [path]: text });
  const at = new Date(Date.now() - 60_000);
  utimesSync(join(folder.root, path), at, at);
};

const index = (live: LiveServices, folder: TestFolder): Promise<unknown> => live.index(folder.root);

const scenarios: readonly Scenario[] = [
  { name: 'the first index of a folder', before: () => Promise.resolve(), act: index },
  {
    name: 'an edit',
    before: async (live, folder) => {
      await index(live, folder);
      for (const n of [3, 9]) write(folder, `part${n}.ts`, sourceOf(n, 7));
      write(folder, 'fresh.ts', sourceOf(40));
      rmSync(join(folder.root, 'part5.ts'));
    },
    act: index,
  },
  {
    name: 'a search after the model was unloaded',
    before: async (live, folder) => {
      await index(live, folder);
      await live.service.clearCache();
    },
    act: (live, folder) => live.hits(folder.root, queries),
  },
];

interface Door {
  readonly name: string;
  readonly open: (points: FaultPoints, live: LiveServices, folder: TestFolder) => void;
  readonly faults: Readonly<Record<string, Fault>>;
}

const doors: readonly Door[] = [
  {
    name: 'the file system',
    open: (points, live, folder) => points.openFiles([folder.root, live.home]),
    faults: { 'an error of the disk': fileFault('EIO'), 'too many open files': fileFault('EMFILE') },
  },
  {
    name: 'Chroma',
    open: (points) => points.openHttp(),
    faults: { 'a refused connection': httpRefused, 'a lost answer': httpLostAnswer, 'status 500': http500 },
  },
  { name: 'a worker thread', open: (points) => points.openThreads(), faults: { 'its end': threadFault } },
];

function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${longestMs} ms`)), longestMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Errors that a user can act on. A failure of the system may pass through with the system's own words. */
function assertClear(error: unknown): void {
  const message = errorMessage(error);
  assert.ok(message.length > 10, `"${message}" says nothing`);
  assert.ok(error instanceof LanternError || message.includes('injected'), `not a clear error: ${message}`);
}

for (const door of doors) {
  describe(`a failing call to ${door.name}`, function () {
    this.timeout(3_600_000);
    this.slow(60_000);
    let live: LiveServices;

    before(async () => {
      live = new LiveServices();
      await live.open();
    });
    after(() => live.dispose());

    async function endState(folder: TestFolder): Promise<unknown> {
      const hits = await live.hits(folder.root, queries);
      // The reason of a job that failed in the background stays until the next one, which a later search begins.
      await until('the folder is idle and complete', async () => {
        await live.search(folder.root, queries[0] ?? '');
        const status = live.service.indexedFolders().find(({ path }) => path === folder.root);
        return status?.status.kind === 'idle' && status.chunksPending + status.filesPending === 0;
      });
      // Hits are right at once. What Chroma has missed follows by itself.
      await live.collectionFilled(folder.root, 100);
      const { models } = await live.service.memory([]);
      assert.ok(
        models.every(({ leases }) => leases === 0),
        'a lease is left',
      );
      await until('no job is left', () => live.jobs.size === 0, 10);
      return hits;
    }

    async function run(
      scenario: Scenario,
      disturb: (points: FaultPoints, folder: TestFolder) => Promise<void>,
    ): Promise<unknown> {
      const files = Array.from({ length: count }, (_, n) => [`part${n}.ts`, sourceOf(n)] as const);
      const folder = new TestFolder();
      const points = new FaultPoints();
      try {
        for (const [path, text] of files) write(folder, path, text);
        await scenario.before(live, folder);
        door.open(points, live, folder);
        await disturb(points, folder);
        points.dispose();
        await inTime(scenario.act(live, folder));
        const state = await endState(folder);
        await live.service.remove(folder.root);
        return state;
      } finally {
        points.dispose();
        folder.dispose();
      }
    }

    for (const scenario of isLong ? scenarios : scenarios.slice(0, 1)) {
      it(`during ${scenario.name} is reported or made good, and the next attempt gives the undisturbed result`, async () => {
        let total = 0;
        const undisturbed = await run(scenario, async (points, folder) => {
          points.count();
          await scenario.act(live, folder);
          total = points.disarm();
        });
        assert.ok(total > 0, `${total} calls`);
        for (const [kind, fault] of Object.entries(door.faults)) {
          for (const n of spread(total, most, seed)) {
            let what = '';
            const state = await run(scenario, async (points, folder) => {
              points.arm(n, fault);
              await inTime(scenario.act(live, folder)).catch(assertClear);
              points.disarm();
              what = points.calls[n - 1] ?? 'not reached';
            }).catch((error: unknown) => {
              throw new Error(`${kind} at call ${n} of ${total} (${what}): ${errorMessage(error)}`, {
                cause: error,
              });
            });
            assert.deepEqual(state, undisturbed, `${kind} at call ${n} of ${total} (${what})`);
            tried('faults');
          }
        }
      });
    }
  });
}
