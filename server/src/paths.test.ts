import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LanternError } from '../../shared/src/errors.js';
import { dataDir, modelsDir, packageRoot } from './paths.js';

describe('paths', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lantern paths ü-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('finds the package that holds this file', () => {
    assert.ok(existsSync(join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2', 'tokenizer.json')));
  });

  it('walks past folders and packages of other names, from compiled files and from bundles', async () => {
    await writeFile(join(folder, 'package.json'), '{"name":"lantern"}');
    await mkdir(join(folder, 'out', 'server', 'src'), { recursive: true });
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'out', 'package.json'), '{"type":"module"}');
    for (const file of ['out/server/src/api.js', 'dist/lantern.mjs', 'dist/package.json/x.js']) {
      assert.equal(packageRoot(pathToFileURL(join(folder, file)).href), folder);
      assert.equal(packageRoot(join(folder, file)), folder);
    }
  });

  it('says so when there is no package above', async () => {
    await writeFile(join(folder, 'package.json'), '{ damaged');
    assert.throws(
      () => packageRoot(join(folder, 'x.js')),
      (error) => error instanceof LanternError && error.message.includes('Install Lantern again'),
    );
  });

  it('keeps data in LANTERN_HOME, or in the usual place of the platform', () => {
    const home = '/home/u';
    const on = (platform: NodeJS.Platform, env: Record<string, string>): string =>
      dataDir({ platform, env, home });
    assert.equal(on('linux', { LANTERN_HOME: '/x/y', XDG_DATA_HOME: '/d' }), '/x/y');
    assert.equal(on('linux', { XDG_DATA_HOME: '/d' }), '/d/lantern');
    assert.equal(on('linux', { XDG_DATA_HOME: 'relative' }), '/home/u/.local/share/lantern');
    assert.equal(on('linux', {}), '/home/u/.local/share/lantern');
    assert.equal(on('darwin', {}), '/home/u/Library/Application Support/lantern');
    assert.equal(on('win32', { LOCALAPPDATA: '/local' }), '/local/lantern');
  });
});
