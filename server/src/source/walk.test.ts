import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import { nodeDisk } from './disk.js';
import { checkFolder, walk } from './walk.js';
import { TestFolder } from '../../test/support/testFolder.js';

const fault = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code });
const hasCode = (code: string) => (error: unknown) => error instanceof LanternError && error.code === code;

describe('walk', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => {
    folder.dispose();
  });

  it('finds nothing in an empty folder', async () => {
    assert.deepEqual(await folder.walk(), { found: [], skipped: {} });
  });

  it('says path, size and time of each file, in an order that stays', async () => {
    folder.write({ 'b/two.ts': 'xx', 'a.ts': 'x', 'b/a/one.ts': 'é' });
    const batches = [];
    for await (const batch of walk(folder.root, folder.options())) batches.push(...batch);
    assert.deepEqual(
      batches.map(({ path, size }) => [path, size]),
      [
        ['a.ts', 1],
        ['b/two.ts', 2],
        ['b/a/one.ts', 2],
      ],
    );
    assert.equal(batches[0]?.mtimeMs, nodeDisk.stat(join(folder.root, 'a.ts'))?.mtimeMs);
  });

  it('keeps names with spaces, quotes, line feeds and other scripts as they are', async () => {
    const names = [
      'a b.ts',
      `it's "q".ts`,
      'line\nfeed.ts',
      'caf\u00e9.ts',
      'cafe\u0301.ts',
      '日本/語.ts',
      '-rf',
      '\\',
    ];
    // Where the file system normalizes or forbids names, the walk shows what it made of them.
    const kept = process.platform === 'linux' ? names : ['a b.ts', '日本/語.ts'];
    folder.write(Object.fromEntries(kept.map((name) => [name, 'x'])));
    folder.write({ '.gitignore': '*.log\n/a/b\n' });
    assert.deepEqual((await folder.walk()).found, [...kept, '.gitignore'].sort());
  });

  it('skips and reports names that are not valid UTF-8, even when two of them look the same', async function () {
    if (process.platform !== 'linux') this.skip();
    const raw = (...bytes: number[]): Buffer =>
      Buffer.concat([Buffer.from(`${folder.root}/f`), Buffer.from(bytes)]);
    writeFileSync(raw(0xff), 'x');
    writeFileSync(raw(0xfe), 'x');
    mkdirSync(raw(0xc3, 0x28));
    folder.write({ 'real\uFFFD.ts': 'x' });
    const { found, skipped } = await folder.walk();
    assert.deepEqual(found, ['real\uFFFD.ts']);
    assert.deepEqual(skipped, { 'f\uFFFD': 'bad-name', 'f\uFFFD(/': 'bad-name' });
  });

  it('leaves out by name and size what nobody searches, and says why', async () => {
    folder.write({
      'src/a.ts': 'x',
      'empty.ts': '',
      'big.ts': 'x'.repeat(100_001),
      'fits.ts': 'x'.repeat(100_000),
      'logo.PNG': 'x',
      'jquery.min.js': 'x',
      'api_pb2.py': 'x',
      'bundle.js.map': 'x',
      'linker.map': 'x',
      'Cargo.lock': 'x',
      '.env': 'x',
      '.env.example': 'x',
      'node_modules/x/index.js': 'x',
      '.git': 'x',
    });
    const { found, skipped } = await folder.walk();
    assert.deepEqual(found, ['.env.example', 'fits.ts', 'linker.map', 'src/a.ts']);
    assert.deepEqual(skipped, {
      'empty.ts': 'empty',
      'big.ts': 'too-large',
      'logo.PNG': 'binary',
      'jquery.min.js': 'minified',
      'api_pb2.py': 'generated',
      'bundle.js.map': 'generated',
      'Cargo.lock': 'excluded',
      '.env': 'secret',
      'node_modules/': 'excluded',
      '.git': 'excluded',
    });
  });

  it('indexes build, dist and the like unless a manifest excludes them and no .gitignore applies', async () => {
    const files = { 'package.json': '{}', 'dist/a.js': 'x', 'lib/build/b.ts': 'x', 'bin/c.js': 'x' };
    folder.write(files);
    assert.deepEqual((await folder.walk()).found, ['bin/c.js', 'lib/build/b.ts', 'package.json']);
    folder.write({ '.gitignore': '*.log\n' });
    assert.deepEqual((await folder.walk()).found, [
      '.gitignore',
      'bin/c.js',
      'dist/a.js',
      'lib/build/b.ts',
      'package.json',
    ]);
  });

  it('recognises dependencies and caches by their content', async () => {
    folder.write({
      '.gitignore': '*.log\n',
      'vendor/modules.txt': 'x',
      'vendor/a.go': 'x',
      'shop/vendor/model.ts': 'x',
      'py3/pyvenv.cfg': 'x',
      'py3/lib.py': 'x',
      'cached/CACHEDIR.TAG': 'x',
    });
    const { found, skipped } = await folder.walk();
    assert.deepEqual(found, ['.gitignore', 'shop/vendor/model.ts']);
    assert.deepEqual(skipped, { 'cached/': 'excluded', 'py3/': 'excluded', 'vendor/': 'excluded' });
  });

  it('does not follow links, so that no file is found twice and no loop is endless', async () => {
    const outside = new TestFolder({ 'secret.ts': 'x' });
    try {
      folder.write({ 'a/file.ts': 'x' });
      symlinkSync('..', join(folder.root, 'a/up'));
      symlinkSync('a', join(folder.root, 'b'));
      symlinkSync('a/file.ts', join(folder.root, 'file.ts'));
      symlinkSync('round', join(folder.root, 'round'));
      symlinkSync('nowhere', join(folder.root, 'broken'));
      symlinkSync(outside.root, join(folder.root, 'out'));
      symlinkSync(join(outside.root, 'secret.ts'), join(folder.root, 'out.ts'));
      // A sibling whose path begins like the root's is outside all the same.
      mkdirSync(`${folder.root}-sibling`);
      symlinkSync(`${folder.root}-sibling`, join(folder.root, 'sibling'));
      const { found, skipped } = await folder.walk();
      assert.deepEqual(found, ['a/file.ts']);
      assert.deepEqual(skipped, {
        'a/up': 'symlink',
        b: 'symlink',
        'file.ts': 'symlink',
        round: 'symlink',
        broken: 'symlink',
        out: 'symlink-outside',
        'out.ts': 'symlink-outside',
        sibling: 'symlink-outside',
      });
    } finally {
      outside.dispose();
    }
  });

  it('walks a root that is itself a link', async () => {
    folder.write({ 'real/a.ts': 'x', 'real/.gitignore': 'b.ts\n', 'real/b.ts': 'x' });
    symlinkSync('real', join(folder.root, 'link'));
    assert.deepEqual((await folder.walk({}, 'link')).found, ['.gitignore', 'a.ts']);
  });

  it('opens no FIFO, not even one called .gitignore', async function () {
    const made = spawnSync('mkfifo', [join(folder.root, 'pipe.ts'), join(folder.root, '.gitignore')]);
    if (made.status !== 0) this.skip();
    folder.write({ 'a.ts': 'x' });
    assert.deepEqual(await folder.walk(), {
      found: ['a.ts'],
      skipped: { '.gitignore': 'special', 'pipe.ts': 'special' },
    });
  });

  it('descends a thousand levels', async () => {
    const deep = `${'d/'.repeat(1000)}a.ts`;
    folder.write({ [deep]: 'x', '.gitignore': '/e/f\n' });
    assert.deepEqual((await folder.walk()).found, ['.gitignore', deep]);
  });

  // Injected, because permissions do not stop a test that runs as root.
  it('reports what the system refuses to list or stat, and goes on', async () => {
    folder.write({ 'a/x.ts': 'x', 'b/x.ts': 'x', 'b/y.ts': 'x', 'c.ts': 'x' });
    const disk = {
      ...nodeDisk,
      list: (path: string) => {
        if (path.includes('/a')) throw fault('EACCES');
        return nodeDisk.list(path);
      },
      stat: (path: string) => {
        if (path.endsWith('b/x.ts')) throw fault('EIO');
        return nodeDisk.stat(path);
      },
    };
    assert.deepEqual(await folder.walk({ disk }), {
      found: ['b/y.ts', 'c.ts'],
      skipped: { 'a/': 'unreadable', 'b/x.ts': 'unreadable' },
    });
  });

  it('says nothing of files and directories that vanish meanwhile', async () => {
    folder.write({ 'a/x.ts': 'x', 'b.ts': 'x', 'c.ts': 'x' });
    const disk = {
      ...nodeDisk,
      list: (path: string) => {
        if (path.includes('/a')) rmSync(path, { recursive: true });
        return nodeDisk.list(path);
      },
      stat: (path: string) => {
        if (path.endsWith('b.ts')) rmSync(path);
        return nodeDisk.stat(path);
      },
    };
    assert.deepEqual(await folder.walk({ disk }), { found: ['c.ts'], skipped: {} });
  });

  it('throws when the root cannot be listed, lest it look empty', async () => {
    const list = (): never => {
      throw fault('EIO');
    };
    await assert.rejects(folder.walk({ disk: { ...nodeDisk, list } }), hasCode('not-readable'));
    await assert.rejects(folder.walk({}, 'missing'), hasCode('not-found'));
  });

  it('stops when cancelled: at once, between batches, and within a slice', async () => {
    folder.write(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}.ts`, 'x'])));
    await assert.rejects(folder.walk({ signal: AbortSignal.abort() }), hasCode('cancelled'));

    const between = new AbortController();
    let batches = 0;
    const consume = async (): Promise<void> => {
      for await (const batch of walk(folder.root, folder.options({ signal: between.signal }))) {
        batches += batch.length > 0 ? 1 : 0;
        between.abort();
      }
    };
    await assert.rejects(consume(), hasCode('cancelled'));
    assert.equal(batches, 1);

    const within = new AbortController();
    let stats = 0;
    const stat: typeof nodeDisk.stat = (path) => {
      // A disk so slow that each call takes a slice of its own.
      for (const end = performance.now() + 10; performance.now() < end;);
      stats++;
      return nodeDisk.stat(path);
    };
    setImmediate(() => {
      within.abort();
    });
    await assert.rejects(
      folder.walk({ signal: within.signal, disk: { ...nodeDisk, stat } }),
      hasCode('cancelled'),
    );
    assert.ok(stats <= 2, `${stats} files were looked at after the signal`);
  });
});

describe('checkFolder', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder({ 'a/file.ts': 'x', '.ssh/config': 'x' });
  });
  afterEach(() => {
    folder.dispose();
  });

  it('returns the real path, of a relative path and of a link too', async () => {
    symlinkSync('a', join(folder.root, 'link'));
    assert.equal(await checkFolder(join(folder.root, 'link')), join(folder.root, 'a'));
    assert.equal(await checkFolder('.'), await checkFolder(process.cwd()));
  });

  const rejected: [what: string, path: (root: string) => string, code: string, words: RegExp][] = [
    ['a missing folder', (root) => join(root, 'none'), 'not-found', /none.*Check the path/],
    ['a path through a file', (root) => join(root, 'a/file.ts/x'), 'not-found', /Check the path/],
    [
      'a file',
      (root) => join(root, 'a/file.ts'),
      'bad-request',
      /is a file.*Name the folder that holds it: .*a$/,
    ],
    ['a folder of keys', (root) => join(root, '.ssh'), 'bad-request', /keys and credentials/],
    ['an empty path', () => '', 'bad-request', /Name a folder/],
    ['a path with NUL', () => 'a\0b', 'bad-request', /Name a folder/],
    ['a path that is too long', (root) => join(root, 'x'.repeat(5000)), 'bad-request', /too long/],
  ];
  for (const [what, path, code, words] of rejected) {
    it(`rejects ${what} as ${code}`, async () => {
      await assert.rejects(
        checkFolder(path(folder.root)),
        (error) => hasCode(code)(error) && words.test(String(error)),
      );
    });
  }

  it('rejects a link that leads in a circle', async () => {
    symlinkSync('circle', join(folder.root, 'circle'));
    await assert.rejects(checkFolder(join(folder.root, 'circle')), hasCode('bad-request'));
  });
});
