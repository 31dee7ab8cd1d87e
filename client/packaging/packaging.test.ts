import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buffer } from 'node:stream/consumers';
import { type ZipFile, openPromise } from 'yauzl';
import { faults } from './allowList.js';
import { type Entry, contents } from './contents.js';
import { nativeFile, stripElf } from './nativeFile.js';
import { hostTarget, targetNamed, targets } from './targets.js';
import { contentTypes, vsixManifest, writeVsix } from './vsix.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const modules = join(root, 'node_modules');
const limits: Readonly<Record<string, number>> = { 'linux-x64': 120e6 };

async function readZip(file: string): Promise<Entry[]> {
  const zip: ZipFile = await openPromise(file);
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    entries.push({ path: entry.fileName, bytes: await buffer(await zip.openReadStreamPromise(entry)) });
  }
  return entries;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
}

describe('packaging', () => {
  it('gives the plugin for Claude Code the version of the extension', async () => {
    const versionIn = async (file: string): Promise<unknown> =>
      (JSON.parse(await readFile(join(root, file), 'utf8')) as { version: unknown }).version;
    assert.equal(
      await versionIn('client/plugin/.claude-plugin/plugin.json'),
      await versionIn('package.json'),
    );
  });

  let dir: string;
  before(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'lp-')));
  });
  after(() => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

  describe('native files', () => {
    it('are known by their headers, for every target', async () => {
      const bin = join(modules, 'onnxruntime-node', 'bin', 'napi-v6');
      for (const { os, cpu } of targets) {
        const bytes = await readFile(join(bin, os, cpu, 'onnxruntime_binding.node'));
        assert.deepEqual(nativeFile(bytes), { os, cpu });
      }
      assert.equal(nativeFile(await readFile(join(root, 'LICENSE'))), undefined);
      assert.equal(nativeFile(Buffer.alloc(10)), undefined);
      assert.equal(nativeFile(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(80, 0xff)])), undefined);
    });

    it('lose what only a debugger reads', () => {
      // One loaded segment of 32 bytes behind the headers, and 400 bytes of sections behind that.
      const library = Buffer.alloc(552, 1);
      library.write('\x7fELF', 'latin1');
      library.set([2, 1], 4);
      library.writeBigUInt64LE(64n, 32);
      library.writeBigUInt64LE(500n, 40);
      library.writeUInt16LE(56, 54);
      library.writeUInt16LE(1, 56);
      library.writeBigUInt64LE(120n, 64 + 8);
      library.writeBigUInt64LE(32n, 64 + 32);
      const stripped = stripElf(library);
      assert.equal(stripped.length, 152);
      assert.equal(stripped.readBigUInt64LE(40), 0n);
      assert.deepEqual(stripped.subarray(64), library.subarray(64, 152));
      assert.throws(() => stripElf(library.subarray(0, 140)), /cut/);
      assert.throws(() => stripElf(Buffer.from('no library')), /no 64-bit/);
    });
  });

  describe('descriptions', () => {
    const fields = {
      name: 'lantern',
      version: '1.0.0',
      publisher: 'lantern',
      displayName: 'A & B <"C">',
      description: 'd',
      license: 'Apache-2.0',
      engines: { vscode: '^1.101.0' },
    };

    it('name the target, and escape what XML would read', () => {
      const text = vsixManifest(
        fields,
        [{ path: 'README.md', bytes: Buffer.alloc(0) }],
        targetNamed('win32-x64'),
      );
      assert.match(text, /TargetPlatform="win32-x64"/);
      assert.match(text, /<DisplayName>A &amp; B &lt;&quot;C&quot;&gt;</);
      assert.match(text, /Content\.Details" Path="extension\/README\.md"/);
      assert.doesNotMatch(text, /Changelog/);
    });

    it('give a type to every file', () => {
      const paths = ['LICENSE', 'dist/a.js', 'b.node', 'lib.so.1'];
      const text = contentTypes(paths.map((path) => ({ path, bytes: Buffer.alloc(0) })));
      for (const part of ['".js"', '".node"', '".1"', '".vsixmanifest"', 'PartName="/extension/LICENSE"']) {
        assert.ok(text.includes(part), part);
      }
    });

    it('refuse a target that there is none of', () => {
      assert.throws(() => targetNamed('sunos-sparc'), /no target sunos-sparc.*linux-x64/);
    });
  });

  describe('the VSIX of this machine', function () {
    this.timeout(180_000);
    let entries: Entry[];
    let file: string;

    before(async function () {
      if (!targets.some(({ name }) => name === hostTarget)) this.skip();
      await stat(join(root, 'dist', 'extension.cjs')).catch(() => {
        throw new Error('There is nothing to package: run "npm run build".');
      });
      const target = targetNamed(hostTarget);
      file = join(dir, 'lantern.vsix');
      await writeVsix(file, await contents(root, modules, target), target);
      entries = await readZip(file);
    });

    const inside = (): Entry[] =>
      entries
        .filter(({ path }) => path.startsWith('extension/'))
        .map(({ path, bytes }) => ({ path: path.slice('extension/'.length), bytes }));

    it('holds what is allowed and needed, for the right processor, within its size', async () => {
      assert.deepEqual(faults(inside(), targetNamed(hostTarget)), []);
      const others = entries.map(({ path }) => path).filter((path) => !path.startsWith('extension/'));
      assert.deepEqual(others, ['extension.vsixmanifest', '[Content_Types].xml']);
      const { size } = await stat(file);
      assert.ok(size <= (limits[hostTarget] ?? 150e6), `${size} bytes`);
    });

    it('is refused with a file too many, one too few, or one for another machine', async () => {
      const target = targetNamed(hostTarget);
      const foreign = target.os === 'win32' ? 'linux' : 'win32';
      const library = join(
        modules,
        'onnxruntime-node',
        'bin',
        'napi-v6',
        foreign,
        'x64',
        'onnxruntime_binding.node',
      );
      const with_ = (path: string, bytes = Buffer.from('x')): string =>
        faults([...inside(), { path, bytes }], target).join('\n');
      assert.match(with_('dist/daemon.js.map'), /daemon\.js\.map is not on the allow-list/);
      assert.match(with_('node_modules/sharp/package.json'), /not on the allow-list/);
      assert.match(with_('dist/grammars/x.wasm', await readFile(library)), /is for \w+-x64, not for/);
      const cut = inside().filter(({ path }) => !/daemon\.js|index\.node/.test(path));
      assert.match(faults(cut, target).join('\n'), /dist\/daemon\.js is missing[^]*0 files match.*libsql/);
    });

    it('tells VS Code only what it needs, and no path of this machine', () => {
      const files = new Map(inside().map(({ path, bytes }) => [path, bytes]));
      const own = JSON.parse(files.get('package.json')!.toString()) as Record<string, unknown>;
      assert.equal(own['type'], 'module');
      assert.equal(own['name'], 'lantern');
      for (const field of ['scripts', 'devDependencies', 'private']) assert.equal(own[field], undefined);
      for (const [path, bytes] of files) {
        if (!/\.(c?js|json|md)$/.test(path)) continue;
        assert.ok(!bytes.includes(root), `${path} names ${root}`);
        if (path.startsWith('dist/')) assert.ok(!bytes.includes('//# sourceMappingURL='), path);
      }
    });

    it('indexes and searches with nothing of the repository beside it, also after it was removed', async () => {
      const extension = join(dir, 'extension');
      for (const { path, bytes } of inside()) {
        await mkdir(dirname(join(extension, path)), { recursive: true });
        await writeFile(join(extension, path), bytes);
      }
      const shop = join(dir, 'shop');
      await cp(join(root, 'test-fixtures', 'typescript-shop'), shop, { recursive: true });
      const home = join(dir, 'home');
      const env: NodeJS.ProcessEnv = { ...process.env, LANTERN_HOME: home };
      delete env['NODE_PATH'];
      let cli = join(extension, 'dist', 'lantern.js');
      const lantern = (...args: string[]): Promise<Ran> =>
        new Promise((settle) => {
          execFile(process.execPath, [cli, ...args], { cwd: dir, env }, (error, stdout, stderr) =>
            settle({ code: Number(error?.code ?? 0), stdout: stdout + stderr }),
          );
        });
      try {
        const indexed = await lantern('index', shop);
        assert.equal(indexed.code, 0, indexed.stdout);
        const doctor = await lantern('doctor');
        assert.equal(doctor.code, 0, doctor.stdout);
        if (targetNamed(hostTarget).chroma !== undefined) assert.match(doctor.stdout, /ok +chroma/);
        const copies = await readdir(join(home, 'runtime'));
        assert.equal(copies.length, 1);
        // The daemon goes on without the folder that it came from.
        const moved = join(dir, 'moved');
        await cp(extension, moved, { recursive: true });
        await rm(extension, { recursive: true });
        cli = join(moved, 'dist', 'lantern.js');
        const found = await lantern('search', 'how is the discount computed', '--path', shop, '--json');
        assert.equal(found.code, 0, found.stdout);
        const answer = JSON.parse(found.stdout) as {
          hits: { path: string }[];
          coverage: { semantic: boolean };
        };
        assert.ok(answer.coverage.semantic);
        assert.ok(answer.hits.length > 0);
      } finally {
        await lantern('stop');
      }
    });
  });
});
