import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeDaemonRecord } from './daemonRecord.js';
import { runtimeManifestName, runtimeScript } from './runtimeCopy.js';

const build = { version: '1.2.3', builtAt: 1000 };
const files = {
  'package.json': '{"name":"lantern"}',
  'dist/daemon.js': 'start();',
  'node_modules/part/deep/part.node': 'native',
};

describe('the copy that the daemon runs from', () => {
  let dir: string;
  let root: string;
  let dataDir: string;
  let script: string;

  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  const writeManifest = (paths: readonly (readonly [string, number | null])[]): Promise<void> =>
    write(`dist/${runtimeManifestName}`, JSON.stringify({ files: paths }));
  const runtime = (): Promise<string[]> => readdir(join(dataDir, 'runtime'));

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lantern-runtime-'));
    root = join(dir, 'extension');
    dataDir = join(dir, 'data');
    script = join(root, 'dist', 'daemon.js');
    for (const [file, text] of Object.entries(files)) await write(file, text);
    await write('dist/extension.cjs', 'not for the daemon');
    await writeManifest(Object.entries(files).map(([file, text]) => [file, text.length] as const));
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is the checkout itself, which has no list of files', async () => {
    await rm(join(root, 'dist', runtimeManifestName));
    assert.equal(await runtimeScript({ script, dataDir, build }), script);
    await assert.rejects(runtime(), /ENOENT/);
  });

  it('has the files that a daemon needs, and outlives the extension’s folder', async () => {
    const copy = await runtimeScript({ script, dataDir, build });
    assert.equal(copy, join(dataDir, 'runtime', '1.2.3-1000', 'dist', 'daemon.js'));
    await rm(root, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      assert.equal(await readFile(join(dataDir, 'runtime', '1.2.3-1000', file), 'utf8'), text);
    }
    assert.deepEqual(await readdir(dirname(copy)), ['daemon.js']);
  });

  it('is made once, and again when a file of it is lost or cut', async () => {
    let placed = 0;
    const placeFile = async (from: string, to: string): Promise<void> => {
      placed++;
      await copyFile(from, to);
    };
    const copy = await runtimeScript({ script, dataDir, build, placeFile });
    assert.equal(await runtimeScript({ script, dataDir, build, placeFile }), copy);
    assert.equal(placed, 3);
    await writeFile(copy, 'cut');
    assert.equal(await runtimeScript({ script, dataDir, build, placeFile }), copy);
    assert.equal(placed, 6);
    assert.equal(await readFile(copy, 'utf8'), files['dist/daemon.js']);
    assert.deepEqual(await runtime(), ['1.2.3-1000']);
  });

  it('is whole for each of many that start at once', async () => {
    const placeFile = async (from: string, to: string): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      await copyFile(from, to);
    };
    const copies = await Promise.all(
      Array.from({ length: 8 }, () => runtimeScript({ script, dataDir, build, placeFile })),
    );
    assert.equal(new Set(copies).size, 1);
    assert.equal(await readFile(copies[0]!, 'utf8'), files['dist/daemon.js']);
    assert.deepEqual(await runtime(), ['1.2.3-1000']);
  });

  it('takes a file that the editor has written into since, where its size is left open', async () => {
    await writeManifest([
      ['package.json', null],
      ['dist/daemon.js', files['dist/daemon.js'].length],
    ]);
    await write('package.json', '{"name":"lantern","__metadata":{}}');
    const copy = await runtimeScript({ script, dataDir, build });
    await rm(join(dataDir, 'runtime', '1.2.3-1000', 'package.json'));
    assert.equal(await runtimeScript({ script, dataDir, build }), copy);
    assert.match(await readFile(join(dirname(copy), '..', 'package.json'), 'utf8'), /metadata/);
  });

  it('is not there at all when it could not be filled, and the reason is told', async () => {
    const placeFile = async (from: string, to: string): Promise<void> => {
      if (from.endsWith('part.node')) throw new Error('ENOSPC: no space left on device');
      await copyFile(from, to);
    };
    await assert.rejects(
      runtimeScript({ script, dataDir, build, placeFile }),
      /could not be copied.*no space left.*Free some disk space/,
    );
    assert.deepEqual(await runtime(), []);
    await write('node_modules/part/deep/part.node', 'nat');
    await assert.rejects(runtimeScript({ script, dataDir, build }), /missing or cut/);
    assert.deepEqual(await runtime(), []);
  });

  it('takes nothing from outside the package', async () => {
    await writeManifest([['../../secret', 1]]);
    await assert.rejects(runtimeScript({ script, dataDir, build }), /outside the package/);
  });

  it('removes copies of other builds, but not one that a daemon runs from or that was just used', async () => {
    const hour = 60 * 60_000;
    const now = Date.now();
    const older = (builtAt: number): Promise<string> =>
      runtimeScript({ script, dataDir, build: { ...build, builtAt } });
    for (const builtAt of [1, 2, 3]) await older(builtAt);
    const age = async (name: string, ms: number): Promise<void> =>
      utimes(join(dataDir, 'runtime', name), (now - ms) / 1000, (now - ms) / 1000);
    await age('1.2.3-1', 5 * hour);
    await age('1.2.3-2', 5 * hour);
    await age('1.2.3-3', hour / 2);
    await mkdir(join(dataDir, 'runtime', '1.2.3-0.77-5.partial'));
    await age('1.2.3-0.77-5.partial', 2 * hour);
    const record = {
      pid: process.pid,
      host: 'here',
      startedAt: now,
      build: { ...build, builtAt: 2 },
      protocol: 1,
      endpoint: 'e',
    };
    await writeDaemonRecord(dataDir, { ...record, clean: false });
    await runtimeScript({ script, dataDir, build, now });
    assert.deepEqual((await runtime()).sort(), ['1.2.3-1000', '1.2.3-2', '1.2.3-3']);
    // That daemon has gone, and an hour passes.
    await writeDaemonRecord(dataDir, { ...record, clean: true });
    await runtimeScript({ script, dataDir, build, now: now + hour });
    assert.deepEqual(await runtime(), ['1.2.3-1000']);
    const used = (await stat(join(dataDir, 'runtime', '1.2.3-1000'))).mtimeMs;
    assert.ok(Math.abs(used - now - hour) < 1000, 'each start renews its own');
  });
});
