import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuietly } from '../test/harness/npm.js';
import { CannotBeHad } from '../test/harness/cache.js';
import { ensureChromium } from '../test/harness/chromium.js';
import { ensureVscodeServer } from '../test/harness/vscodeServer.js';
import { openWebWindow } from '../test/harness/webWindow.js';
import type { EditorWindow } from '../test/harness/window.js';
import { type Place, makePlace, removePlace } from '../test/harness/workspaces.js';
import { contents } from './contents.js';
import { hostTarget, targetNamed, targets } from './targets.js';
import { writeVsix } from './vsix.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

describe('the VSIX, installed in VS Code', function () {
  // The first time VS Code itself is installed, once for all clones.
  this.timeout(10 * 60_000);
  let place: Place | undefined;
  let window: EditorWindow | undefined;
  let extensions: string;

  before(async function () {
    // VS Code as a server runs there only, see client/test/harness.
    const known = targets.some(({ name }) => name === hostTarget);
    if (!known || process.platform === 'win32') this.skip();
    try {
      const { node } = await ensureVscodeServer(() => undefined);
      await ensureChromium(node, () => undefined);
    } catch (error) {
      if (error instanceof CannotBeHad) this.skip();
      throw error;
    }
    place = await makePlace(join(root, 'test-fixtures'), 'typescript-shop');
    extensions = join(place.root, 'editor', 'extensions');
  });

  after(async () => {
    await window?.close();
    if (place === undefined) return;
    const env = { ...process.env, LANTERN_HOME: place.home };
    await runQuietly(process.execPath, [join(root, 'dist', 'lantern.js'), 'stop'], root, env);
    await removePlace(place);
  });

  it('is activated, indexes and searches', async () => {
    assert.ok(place);
    const target = targetNamed(hostTarget);
    const file = join(place.root, 'lantern.vsix');
    const entries = await contents(root, join(root, 'node_modules'), target);
    await writeVsix(file, join(place.root, 'staged'), entries, target);
    const { node, main } = await ensureVscodeServer(() => undefined);
    const dataFolder = join(place.root, 'editor');
    await runQuietly(
      node,
      [
        main,
        '--accept-server-license-terms',
        '--server-data-dir',
        dataFolder,
        '--install-extension',
        file,
        '--force',
      ],
      place.root,
    );
    const log: string[] = [];
    window = await openWebWindow(
      {
        extension: await makeProbe(join(place.root, 'probe')),
        suite: join(place.root, 'probe', 'installedSuite.js'),
        workspace: place.workspace,
        trusted: true,
        settings: { 'lantern.autoIndex': 'never', 'telemetry.telemetryLevel': 'off' },
        env: { LANTERN_HOME: place.home, LANTERN_TEST_EXTENSIONS: extensions },
        dataFolder,
        onLog: (line) => log.push(line),
      },
      () => undefined,
    );
    const code = await window.exitCode;
    assert.equal(code, 0, log.slice(-30).join('\n'));
  });
});

/** VS Code runs a suite only with an extension under development: an empty one, which carries the suite. */
async function makeProbe(folder: string): Promise<string> {
  await mkdir(folder);
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'probe',
      publisher: 'lantern-test',
      version: '0.0.0',
      type: 'module',
      engines: { vscode: '*' },
    }),
  );
  await copyFile(
    fileURLToPath(new URL('./installedSuite.js', import.meta.url)),
    join(folder, 'installedSuite.js'),
  );
  return folder;
}
