import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { isElsewhere, parseCoreConfig } from './gitSettings.js';
import { fuzz } from '../../../shared/test/fuzz.js';
import { tried } from '../../../shared/test/tally.js';
import { TestFolder } from '../../test/support/testFolder.js';

/** What git lists as its own or untracked, without what it ignores. */
function gitFiles(folder: TestFolder, path = '.'): string[] {
  const git = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: join(folder.root, path),
    env: { ...folder.environment, PATH: process.env['PATH'] },
    encoding: 'utf8',
  });
  assert.equal(git.status, 0, git.stderr);
  return git.stdout.split('\0').filter(Boolean).sort();
}

describe('ignore rules', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => {
    folder.dispose();
  });

  /** Writes one-line files, walks, and leaves rule files out of the answer. */
  const found = async (
    files: Record<string, string>,
    path = '.',
    exclude: string[] = [],
  ): Promise<string[]> => {
    folder.write(files);
    const walked = await folder.walk({ exclude }, path);
    return walked.found.filter((file) => !file.endsWith('ignore'));
  };

  it('applies each .gitignore relative to its own directory', async () => {
    const files = {
      '.gitignore': '/top\n*.log\n',
      'a/.gitignore': '/top\n!keep.log\n',
      top: 'x',
      'a/top': 'x',
    };
    assert.deepEqual(
      await found({ ...files, 'a/b/top': 'x', 'a/keep.log': 'x', 'a/x.log': 'x', 'keep.log': 'x' }),
      ['a/b/top', 'a/keep.log'],
    );
  });

  it('cannot re-include what lies in an ignored directory, but the directory itself', async () => {
    assert.deepEqual(
      await found({
        '.gitignore': 'one/\n!one/file\ntwo/*\n!two/file\nthree\n!/sub/three\n',
        'one/file': 'x',
        'two/file': 'x',
        'two/other': 'x',
        'three/file': 'x',
        'sub/three/file': 'x',
      }),
      ['sub/three/file', 'two/file'],
    );
  });

  it('lets a deeper rule file re-include a directory that an anchored pattern above ignores', async () => {
    assert.deepEqual(
      await found({
        '.gitignore': 'a/b/\n*.tmp\n',
        'a/.gitignore': '!b/\n',
        'a/b/file': 'x',
        'a/b/x.tmp': 'x',
      }),
      ['a/b/file'],
    );
  });

  it('distinguishes directories from files of the same name', async () => {
    assert.deepEqual(await found({ '.gitignore': 'thing/\n', 'a/thing/x': 'x', 'b/thing': 'x' }), [
      'b/thing',
    ]);
  });

  it('reads .lanternignore after .gitignore, for better and for worse', async () => {
    assert.deepEqual(
      await found({
        '.gitignore': 'notes/\ndeep/notes/\n',
        '.lanternignore': '!notes/\nsecond.txt\n',
        'notes/first.txt': 'x',
        'notes/second.txt': 'x',
        'deep/notes/third.txt': 'x',
      }),
      ['deep/notes/third.txt', 'notes/first.txt'],
    );
  });

  it('lets .lanternignore re-include built-in excludes, but no secret and no .git', async () => {
    folder.makeRepository();
    assert.deepEqual(
      await found({
        '.lanternignore': '!node_modules/\n!yarn.lock\n!.env\n!.git/\n!*.pem\n!.ssh/\n',
        'node_modules/a.js': 'x',
        'node_modules/yarn.lock': 'x',
        'package-lock.json': 'x',
        '.env': 'x',
        'a.pem': 'x',
        '.ssh/known_hosts': 'x',
      }),
      ['node_modules/a.js', 'node_modules/yarn.lock'],
    );
  });

  it("lets the user's setting decide before every rule file", async () => {
    const files = {
      '.gitignore': 'a.txt\n',
      '.lanternignore': '!b.txt\n',
      'a.txt': 'x',
      'b.txt': 'x',
      'c/d.txt': 'x',
    };
    assert.deepEqual(await found(files, '.', ['b.txt', '!a.txt', '/c/']), ['a.txt']);
  });

  it('reads info/exclude of a repository, of a worktree and of a submodule', async () => {
    folder.makeRepository();
    folder.makeRepository('.git/modules/sub');
    assert.deepEqual(
      await found({
        '.git/info/exclude': 'private\n',
        '.git/modules/sub/info/exclude': 'own\n',
        '.git/worktrees/tree/HEAD': 'ref: refs/heads/other\n',
        '.git/worktrees/tree/commondir': '../..\n',
        'sub/.git': 'gitdir: ../.git/modules/sub\n',
        'tree/.git': `gitdir: ${join(folder.root, '.git/worktrees/tree')}\n`,
        private: 'x',
        'sub/own': 'x',
        'sub/private': 'x',
        'tree/own': 'x',
        'tree/private': 'x',
      }),
      ['sub/private', 'tree/own'],
    );
  });

  it("ends the outer repository's rules at a repository inside it, but not the user's", async () => {
    folder.makeRepository();
    folder.makeRepository('inner/.git');
    assert.deepEqual(
      await found(
        {
          '.gitignore': '*.out\n',
          'inner/a.out': 'x',
          'inner/b.mine': 'x',
          'not/.git/config': '',
          'not/c.out': 'x',
        },
        '.',
        ['*.mine'],
      ),
      ['inner/a.out'],
    );
  });

  it('reads the excludes file of the user, at its usual place or where core.excludesFile says', async () => {
    folder.makeRepository();
    mkdirSync(join(folder.home, '.config/git'), { recursive: true });
    writeFileSync(join(folder.home, '.config/git/ignore'), '*.usual\n');
    const files = { 'a.usual': 'x', 'b.named': 'x', 'c.repo': 'x' };
    assert.deepEqual(await found(files), ['b.named', 'c.repo']);
    assert.deepEqual(gitFiles(folder), ['b.named', 'c.repo']);
    writeFileSync(join(folder.home, 'mine'), '*.named\n');
    writeFileSync(
      join(folder.home, '.gitconfig'),
      '[user]\n\tname = x\n[Core]\n\tExcludesFile = "~/mine" ; mine\n',
    );
    assert.deepEqual(await found(files), ['a.usual', 'c.repo']);
    assert.deepEqual(gitFiles(folder), ['a.usual', 'c.repo']);
    writeFileSync(join(folder.home, 'of-repo'), '*.repo\n');
    folder.makeRepository('.git', `[core]\n\texcludesFile = ${join(folder.home, 'of-repo')}\n`);
    assert.deepEqual(await found(files), ['a.usual', 'b.named']);
    assert.deepEqual(gitFiles(folder), ['a.usual', 'b.named']);
  });

  it('follows core.ignorecase', async () => {
    folder.makeRepository('.git', '[core]\n\tignorecase = false\n');
    const files = { '.gitignore': '*.LOG\n', 'a.log': 'x' };
    assert.deepEqual(await found(files), ['a.log']);
    folder.makeRepository('.git', '[core]\n\tignorecase = true\n');
    assert.deepEqual(await found(files), []);
  });

  it('counts the rules between the repository and a root inside it', async () => {
    folder.makeRepository();
    const files = {
      '.git/info/exclude': 'x3\n',
      '.gitignore': '*.log\n/pkg/app/gen/\n',
      'pkg/.gitignore': 'x1\n!keep.log\n',
      'pkg/app/.gitignore': 'x2\n',
      'pkg/app/gen/file': 'x',
      'pkg/app/lib/gen/file': 'x',
      'pkg/app/x1': 'x',
      'pkg/app/x2': 'x',
      'pkg/app/x3': 'x',
      'pkg/app/a.log': 'x',
      'pkg/app/keep.log': 'x',
    };
    assert.deepEqual(await found(files, 'pkg/app'), ['keep.log', 'lib/gen/file']);
    assert.deepEqual(
      gitFiles(folder, 'pkg/app').filter((file) => file !== '.gitignore'),
      ['keep.log', 'lib/gen/file'],
    );
  });

  it('looks into a root that the repository around it ignores, since the user has named it', async () => {
    folder.makeRepository();
    const files = {
      '.gitignore': '/data/\ndata/set/\n*.log\n',
      'data/set/a': 'x',
      'data/set/b.log': 'x',
      'data/c': 'x',
    };
    assert.deepEqual(await found(files, 'data/set'), ['a']);
    assert.deepEqual(await found(files, 'data'), ['c']);
  });

  it('does not follow a rule file that is a link, and survives one that is a directory', async () => {
    folder.write({ 'a/.gitignore/x': 'x', 'b/file': 'x', rules: 'file\n' });
    symlinkSync(join(folder.root, 'rules'), join(folder.root, 'b/.gitignore'));
    assert.deepEqual(await found({}), ['a/.gitignore/x', 'b/file', 'rules']);
  });

  it('escapes directory names that look like patterns when it re-includes them', async () => {
    const name = '[a]*?';
    assert.deepEqual(
      await found({
        '.gitignore': '/x/**/\n/x/*\n',
        '.lanternignore': `!/x/\\[a\\]\\*\\?/\n!/x/*/file\n`,
        [`x/${name}/file`]: 'x',
        'x/[a]bc/file': 'x',
      }),
      [`x/${name}/file`],
    );
  });

  it('agrees with git on generated trees', function () {
    if (spawnSync('git', ['--version']).status !== 0) {
      if (this.test) this.test.title += ' (skipped: there is no git to compare with)';
      this.skip();
    }
    // ASCII only: for git `?` is one byte, here it is one character.
    const names = ['a', 'b', 'ab', 'c.x', 'd.y', 'e f', '[g]', 'B'];
    const name = fc.constantFrom(...names);
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    const segment = fc.constantFrom(
      ...names.map((n) => n.replace('[', '\\[')),
      '*',
      '**',
      '*.x',
      '?',
      'a*',
      '[a-c]',
      '[!a]',
      '*b*',
      '?.[xy]',
    );
    const pattern = fc
      .tuple(
        fc.constantFrom('', '', '!'),
        fc.constantFrom('', '', '/', '**/'),
        fc.array(segment, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '', '/', '/**', '/*', ' ', '\r'),
      )
      .map(([negation, start, segments, end]) => negation + start + segments.join('/') + end);
    const rules = fc.array(
      fc.oneof({ weight: 9, arbitrary: pattern }, fc.constantFrom('# note', '', '   ')),
      { maxLength: 6 },
    );
    const tree = fc.record({
      files: fc.array(path, { minLength: 5, maxLength: 40 }),
      ignores: fc.array(
        fc.tuple(
          fc.oneof(
            fc.constant(''),
            path.map((p) => `${p}/`),
          ),
          rules,
        ),
        { maxLength: 4 },
      ),
      info: rules,
      root: path,
    });
    const run = async ({
      files,
      ignores,
      info,
      root,
    }: typeof tree extends fc.Arbitrary<infer T> ? T : never): Promise<void> => {
      const one = new TestFolder();
      try {
        one.makeRepository();
        one.write({ '.git/info/exclude': info.join('\n') });
        const write = (file: string, text: string): void => {
          try {
            one.write({ [file]: text });
          } catch {
            // A file stands where a directory is wanted, or the other way round: one of them is enough.
          }
        };
        for (const [at, lines] of ignores) write(`${at}.gitignore`, `${lines.join('\n')}\n`);
        for (const file of files) write(file, 'x');
        const expected = gitFiles(one);
        assert.deepEqual((await one.walk()).found, expected);
        // The same from a folder inside, unless git ignores all of it.
        const inside = expected.filter((file) => file.startsWith(`${root}/`));
        if (inside.length === 0) return;
        assert.deepEqual(
          (await one.walk({}, root)).found,
          inside.map((file) => file.slice(root.length + 1)),
        );
      } finally {
        one.dispose();
      }
    };
    return fuzz(tree, 40, run);
  });
});

describe('rules that are made to hold up whoever reads them', () => {
  const hostile: Readonly<Record<string, string>> = {
    'many ** between names': `${'a/**/'.repeat(12)}b`,
    'many ** with stars': `${'**/a*/'.repeat(6)}b`,
    'a run of *** between names': `${'***/a/'.repeat(12)}b`,
    'many stars': `${'*a'.repeat(120)}b`,
    'many classes': '[[:alpha:]]'.repeat(6000),
    'a line of a million characters': 'a'.repeat(1_000_000),
    'white space without an end': `${' '.repeat(1_000_000)}x`,
    'backslashes without an end': '\\'.repeat(1_000_000),
    'open brackets': '['.repeat(100_000),
  };
  for (const [what, line] of Object.entries(hostile)) {
    it(`take no time, and take no other rule along: ${what}`, async function () {
      this.timeout(10_000);
      const deep = `${'a/'.repeat(60)}c.ts`;
      const folder = new TestFolder({ '.gitignore': `${line}\n*.log\n`, [deep]: 'x', 'b.log': 'x' });
      try {
        const began = performance.now();
        const { found, skipped } = await folder.walk({ maxFileBytes: 10_000_000 });
        assert.deepEqual(found, ['.gitignore', deep]);
        assert.deepEqual(skipped, { 'b.log': 'ignored' });
        assert.ok(performance.now() - began < 5000);
        tried('attacks');
      } finally {
        folder.dispose();
      }
    });
  }

  it('keep what they mean on paths that people have', async () => {
    const folder = new TestFolder({
      '.gitignore': 'a/**/b/**/c/**/d\n',
      'a/x/b/c/y/z/d': 'x',
      'a/x/b/c/y/z/e': 'x',
    });
    try {
      assert.deepEqual((await folder.walk()).skipped, { 'a/x/b/c/y/z/d': 'ignored' });
    } finally {
      folder.dispose();
    }
  });
});

describe('isElsewhere', () => {
  it('is a share that a repository on a disk names, on Windows only', () => {
    const share = String.raw`\\attacker\share\x`;
    assert.ok(isElsewhere(share, String.raw`C:\work\.git`, 'win32'));
    assert.ok(isElsewhere('//attacker/share/x', String.raw`C:\work`, 'win32'));
    assert.ok(!isElsewhere(share, String.raw`\\home\work`, 'win32'));
    assert.ok(!isElsewhere(String.raw`D:\main\.git`, String.raw`C:\work`, 'win32'));
    assert.ok(!isElsewhere('//a/b', '/work', 'linux'));
  });
});

describe('parseCoreConfig', () => {
  const excludesFile = (text: string): string | undefined => parseCoreConfig(text).excludesFile;

  it('takes the last value of [core], with quotes, escapes and comments undone', () => {
    assert.equal(excludesFile('[core]\nexcludesfile = /a\n[other]\nexcludesfile = /b\n'), '/a');
    assert.equal(excludesFile('[core]\n\texcludesFile=/a\n\texcludesFile = "/b c" # why\n'), '/b c');
    assert.equal(excludesFile('[core]\r\n\texcludesFile = C:\\\\x y  \r\n'), 'C:\\x y');
    assert.equal(excludesFile('[core "sub"]\nexcludesfile = /a\n'), undefined);
  });

  it('reads booleans as git does', () => {
    assert.equal(parseCoreConfig('[core]\n\tignorecase\n').ignoreCase, true);
    assert.equal(parseCoreConfig('[core]\n\tignoreCase = Yes\n').ignoreCase, true);
    assert.equal(parseCoreConfig('[core]\n\tignoreCase = 0\n').ignoreCase, false);
    assert.equal(parseCoreConfig('').ignoreCase, undefined);
  });
});
