import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LanternError } from '../../shared/src/errors.js';
import { extensionName, npmPackageName } from '../../shared/src/packageNames.js';
import { modelsDir, packageRoot } from './paths.js';

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
    await mkdir(join(folder, 'out', 'server', 'src'), { recursive: true });
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'out', 'package.json'), '{"type":"module"}');
    for (const name of [extensionName, npmPackageName]) {
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name }));
      for (const file of ['out/server/src/api.js', 'dist/lantern.mjs', 'dist/package.json/x.js']) {
        assert.equal(packageRoot(pathToFileURL(join(folder, file)).href), folder);
        assert.equal(packageRoot(join(folder, file)), folder);
      }
    }
  });

  it('says so when there is no package above', async () => {
    await writeFile(join(folder, 'package.json'), '{ damaged');
    assert.throws(
      () => packageRoot(join(folder, 'x.js')),
      (error) => error instanceof LanternError && error.message.includes('Install Lantern again'),
    );
  });
});
