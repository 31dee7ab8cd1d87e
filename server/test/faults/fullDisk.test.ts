import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LogFile } from '../../src/daemon/logFile.js';
import { LanternError } from '../../../shared/src/errors.js';
import { until } from '../support/daemonClient.js';
import { LiveServices } from '../support/liveServices.js';
import { SmallDisk } from '../support/smallDisk.js';
import { tried } from '../../../shared/test/tally.js';
import { TestFolder } from '../support/testFolder.js';
import { isLongRun } from '../../../shared/test/runLength.js';

const sourceOf = (n: number): string =>
  `/** Measures part ${n} of the river. */\nexport function river${n}(stone: number): number {\n  return stone + ${n};\n}\n`;
const rows = (n: number): string =>
  Array.from(
    { length: 60 },
    (_, i) => `export const copper${n}x${i} = violet(${i * n}, 'meadow ${i}');\n`,
  ).join('');

/** Waits for half a minute where a job is tried again, so only the long run has it. */
const whenLong = isLongRun ? it : it.skip;

describe('a full disk', function () {
  this.timeout(180_000);
  this.slow(30_000);
  let disk: SmallDisk;
  let folder: TestFolder;
  let live: LiveServices;

  beforeEach(function () {
    const mounted = SmallDisk.mount(48);
    if (mounted === undefined) this.skip();
    disk = mounted;
    folder = new TestFolder();
    for (let n = 0; n < 12; n++) folder.write({ [`part${n}.ts`]: sourceOf(n) });
    const home = join(disk.root, 'home');
    mkdirSync(home);
    live = new LiveServices(home);
  });
  afterEach(async () => {
    disk.free();
    await live.close();
    folder.dispose();
    disk.dispose();
  });

  const more = (): void => {
    for (let n = 20; n < 44; n++) folder.write({ [`more${n}.ts`]: sourceOf(n) + rows(n) });
  };
  const status = (): unknown => live.service.indexedFolders()[0]?.status;

  whenLong(
    'is an error of the job with its reason, searches answer from what is there, and with room again all goes on',
    async () => {
      await live.open();
      await live.index(folder.root);
      more();
      disk.fill(64 * 1024);
      await assert.rejects(live.index(folder.root), (error) => {
        assert.ok(error instanceof LanternError, String(error));
        assert.equal(error.code, 'disk-full');
        assert.match(error.message, /Free some/);
        return true;
      });
      assert.match(JSON.stringify(status()), /"failed".*Free some/);
      for (const wait of [false, true]) {
        const { hits, coverage } = await live.search(folder.root, 'river stone part 3', wait);
        assert.ok(
          hits.some(({ path }) => path === 'part3.ts'),
          'no hit of what is indexed',
        );
        if (wait) assert.match(coverage.reason ?? '', /Free some/);
      }
      const { checks } = await live.doctor();
      assert.ok(checks.some(({ name, ok }) => name === 'disk' && !ok));

      disk.free();
      // Nobody asks for it. Chroma may leave its first write after a full disk without an answer, and is then started
      // again after a minute.
      await until('the index is complete', () => JSON.stringify(status()) === '{"kind":"idle"}', 150);
      const { hits } = await live.search(folder.root, 'river stone part 40', false);
      assert.ok(hits.some(({ path }) => path === 'more40.ts'));
      await live.collectionFilled(folder.root, 90);
      tried('faults');
    },
  );

  it('before the first start is named, and the next start works', async () => {
    disk.fill();
    await assert.rejects(live.open(), (error) => {
      assert.ok(error instanceof LanternError, String(error));
      assert.match(error.message, /could not be|cannot be|disk is full|Free some/);
      return true;
    });
    disk.free();
    await live.open();
    await live.index(folder.root);
    assert.ok((await live.search(folder.root, 'river')).hits.length > 0);
    tried('faults');
  });

  whenLong(
    'under Chroma alone: vectors come from the catalog meanwhile, and Chroma gets the rest by itself',
    async () => {
      const other = new LiveServices();
      try {
        mkdirSync(join(disk.root, 'chroma'));
        // The folder of Chroma may be a link to another disk.
        symlinkSync(join(disk.root, 'chroma'), join(other.home, 'chroma'));
        await other.open();
        await other.index(folder.root);
        more();
        disk.fill();
        // Chroma is tried again every few seconds, and counts as running in between.
        const details = new Set<string>();
        const looking = setInterval(() => details.add(other.service.status([]).vectors.detail ?? ''), 20);
        try {
          await other.index(folder.root);
        } finally {
          clearInterval(looking);
        }
        assert.match([...details].join(), /the disk is full\. Free some space/);
        const { hits, coverage } = await other.search(folder.root, 'river stone part 40');
        assert.ok(hits.some(({ path }) => path === 'more40.ts'));
        assert.equal(coverage.filesPending, 0);
        disk.free();
        await other.collectionFilled(folder.root, 90);
        assert.equal(other.service.status([]).vectors.kind, 'running');
        tried('faults');
      } finally {
        disk.free();
        await other.dispose();
      }
    },
  );

  it('under the log drops lines, counts them, and nothing else', () => {
    let now = 0;
    const path = join(disk.root, 'log', 'daemon.log');
    const log = new LogFile({ path, now: () => now });
    log.write('info', 'before');
    disk.fill();
    for (let n = 0; n < 200; n++) log.write('info', 'lost', { text: 'x'.repeat(500) });
    assert.ok(log.dropped > 0);
    disk.free();
    now += 10_000;
    log.write('info', 'after');
    log.dispose();
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    assert.ok(lines.some((line) => line.includes('log.dropped')));
    assert.ok(lines.at(-1)?.includes('"after"'));
    tried('faults');
  });
});
