import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Machine, checkMayIndex } from './mayIndex.js';

describe('checkMayIndex', () => {
  let top: string;
  let home: string;
  let project: string;

  const on = (): Machine => ({
    dataDir: join(top, 'data'),
    home,
    uid: process.getuid?.() ?? -1,
  });

  before(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-may-')));
    home = join(top, 'home');
    project = join(home, 'project');
    for (const folder of [
      project,
      join(home, '.ssh'),
      join(home, '.config', 'app'),
      join(home, '.config', 'gcloud', 'legacy'),
      join(home, '.aws'),
      join(top, 'data', 'logs'),
      join(project, '.gnupg'),
    ]) {
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(join(project, 'file.ts'), 'x');
    symlinkSync(home, join(project, 'link'));
  });

  after(() => rmSync(top, { recursive: true, force: true }));

  it('accepts a project of the user, by its real path', async () => {
    symlinkSync(project, join(top, 'alias'));
    assert.equal(await checkMayIndex(join(top, 'alias'), { isAgent: true }, on()), project);
  });

  const refused: [string, (paths: { home: string; project: string }) => string, RegExp][] = [
    ['the root', () => '/', /root of the file system/],
    ['the home folder', (at) => at.home, /home folder/],
    ['a folder that holds the home folder', (at) => dirname(at.home), /home folder/],
    ['the home folder through a link', (at) => join(at.project, 'link'), /home folder/],
    ['keys', (at) => join(at.home, '.ssh'), /keys and credentials/],
    ['keys inside a project', (at) => join(at.project, '.gnupg'), /keys and credentials/],
    ['keys of a cloud', (at) => join(at.home, '.aws'), /keys and credentials/],
    ['keys among settings', (at) => join(at.home, '.config', 'gcloud', 'legacy'), /keys and credentials/],
    ['Lantern’s own data', (at) => join(dirname(at.home), 'data', 'logs'), /own data/],
    ['what programs keep', (at) => join(at.home, '.config', 'app'), /keys and private data/],
    ['a file', (at) => join(at.project, 'file.ts'), /is a file/],
    ['what is not there', (at) => join(at.project, 'gone'), /gone/],
  ];
  for (const [what, path, message] of refused) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(checkMayIndex(path({ home, project }), { isAgent: true }, on()), message);
    });
  }

  it('refuses a person the same, and says how to insist', async () => {
    for (const path of [home, join(home, '.config', 'app'), dirname(home)]) {
      await assert.rejects(checkMayIndex(path, { isAgent: false }, on()), (error: Error) => {
        assert.match(error.message, /is not indexed: .+ Name the folder of one project, or say that/);
        assert.ok(error.message.includes(`lantern index --force "${path}"`), error.message);
        return true;
      });
      assert.equal(await checkMayIndex(path, { isAgent: false, force: true }, on()), path);
      await assert.rejects(checkMayIndex(path, { isAgent: true, force: true }, on()), /for an agent/);
    }
  });

  it('never accepts keys and Lantern’s own data, however much a person insists', async () => {
    for (const path of [
      join(home, '.ssh'),
      join(home, '.aws'),
      join(home, '.config', 'gcloud'),
      join(project, '.gnupg'),
      join(top, 'data'),
    ]) {
      await assert.rejects(
        checkMayIndex(path, { isAgent: false, force: true }, on()),
        /keys and cred|own data/,
      );
    }
  });

  it('refuses folders of the system and shared ones', async function () {
    if (process.platform === 'win32') this.skip();
    await assert.rejects(checkMayIndex('/etc', { isAgent: true }, on()), /belongs to the system/);
    await assert.rejects(
      checkMayIndex(realpathSync('/tmp'), { isAgent: true }, { ...on(), home: '/nowhere' }),
      /shared by all programs/,
    );
  });

  it('refuses what belongs to somebody else', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const theirs = join(top, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, 65_534, 65_534);
    assert.equal(await checkMayIndex(theirs, { isAgent: false }, on()), theirs);
    await assert.rejects(checkMayIndex(theirs, { isAgent: true }, on()), /does not belong to the user/);
  });
});
