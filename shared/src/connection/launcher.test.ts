import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LauncherTarget, launcherPath, refreshLauncher, writeLauncher } from './launcher.js';

describe('the launcher', () => {
  let dataDir: string;
  const target = (script: string, more: Partial<LauncherTarget> = {}): LauncherTarget => ({
    platform: process.platform,
    dataDir,
    execPath: process.execPath,
    script: join(dataDir, script),
    electron: false,
    ...more,
  });
  const program = (name: string): void =>
    writeFileSync(
      join(dataDir, name),
      `console.log(JSON.stringify(['${name.slice(0, 3)}', process.env.ELECTRON_RUN_AS_NODE, ...process.argv.slice(2)]));`,
    );
  const launch = (path: string): unknown => {
    const words = ['mcp', "two words and a ' quote"];
    const [command, args] =
      process.platform === 'win32' ? [process.execPath, [path, ...words]] : [path, words];
    return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
  };

  beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), "lantern's launcher-"))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('starts the program with the words it was given, from a path with spaces and quotes', async () => {
    program('old.mjs');
    const path = await writeLauncher(target('old.mjs'));
    assert.deepEqual(launch(path), ['old', null, 'mcp', "two words and a ' quote"]);
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  it('starts the new program once it was refreshed, under the same path', async () => {
    program('old.mjs');
    program('new.mjs');
    const path = await writeLauncher(target('old.mjs'));
    await refreshLauncher(target('new.mjs', { electron: true }));
    const [name, electron] = launch(path) as unknown[];
    assert.equal(name, 'new');
    if (process.platform !== 'win32') assert.equal(electron, '1');
  });

  it('is not made by a refresh, and not written when nothing has changed', async () => {
    await refreshLauncher(target('old.mjs'));
    assert.ok(!existsSync(launcherPath(target('old.mjs'))));
    const path = await writeLauncher(target('old.mjs'));
    const { ino } = statSync(path);
    await refreshLauncher(target('old.mjs'));
    assert.equal(statSync(path).ino, ino);
  });

  it('is a module on Windows, where scripts need a shell', async () => {
    const path = await writeLauncher(target('old.mjs', { platform: 'win32' }));
    assert.ok(path.endsWith('lantern.mjs'));
    assert.equal(
      readFileSync(path, 'utf8'),
      `import ${JSON.stringify(pathToFileURL(join(dataDir, 'old.mjs')).href)};\n`,
    );
  });
});
