import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkMayIndex } from './mayIndex.js';

describe('checkMayIndex', () => {
  let top: string;
  let home: string;
  let project: string;

  before(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-may-')));
    home = join(top, 'home');
    project = join(home, 'project');
    for (const folder of [
      project,
      join(home, '.ssh'),
      join(home, '.config', 'app'),
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
    assert.equal(await checkMayIndex(join(top, 'alias'), home), project);
  });

  const refused: [string, (paths: { home: string; project: string }) => string, RegExp][] = [
    ['the root', () => '/', /root of the file system/],
    ['the home folder', (at) => at.home, /home folder/],
    ['a folder that holds the home folder', (at) => dirname(at.home), /home folder/],
    ['the home folder through a link', (at) => join(at.project, 'link'), /home folder/],
    ['keys', (at) => join(at.home, '.ssh'), /keys and credentials/],
    ['keys inside a project', (at) => join(at.project, '.gnupg'), /keys and credentials/],
    ['what programs keep', (at) => join(at.home, '.config', 'app'), /keys and private data/],
    ['a file', (at) => join(at.project, 'file.ts'), /is a file/],
    ['what is not there', (at) => join(at.project, 'gone'), /gone/],
  ];
  for (const [what, path, message] of refused) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(checkMayIndex(path({ home, project }), home), message);
    });
  }

  it('refuses folders of the system and shared ones', async function () {
    if (process.platform === 'win32') this.skip();
    await assert.rejects(checkMayIndex('/etc', home), /belongs to the system/);
    await assert.rejects(checkMayIndex(realpathSync('/tmp'), '/nowhere'), /shared by all programs/);
  });

  it('refuses what belongs to somebody else', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const theirs = join(top, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, 65_534, 65_534);
    await assert.rejects(checkMayIndex(theirs, home), /does not belong to the user/);
  });
});
