import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buffer } from 'node:stream/consumers';
import { type ZipFile, openPromise } from 'yauzl';
import { guideText } from '../../shared/src/agents/projectGuide.js';
import { faults } from './allowList.js';
import { contents, nativeFolder } from './contents.js';
import { type Entry, stage } from './files.js';
import { nativeFile, stripElf } from './nativeFile.js';
import { hostTarget, targetNamed, targets } from './targets.js';
import { vsce, writeVsix } from './vsix.js';

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

/** Names that vsce changes, as galleries expect. */
const renamed: Readonly<Record<string, string>> = {
  'readme.md': 'README.md',
  'changelog.md': 'CHANGELOG.md',
  'LICENSE.txt': 'LICENSE',
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
}

/** Runs a staged program with its data in `home`. */
function runProgram(program: string, home: string, args: readonly string[]): Promise<Ran> {
  const env: NodeJS.ProcessEnv = { ...process.env, LANTERN_HOME: home };
  delete env['NODE_PATH'];
  return new Promise((settle) => {
    execFile(process.execPath, [program, ...args], { cwd: dirname(home), env }, (error, stdout, stderr) =>
      settle({ code: Number(error?.code ?? 0), stdout: stdout + stderr }),
    );
  });
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
      for (const { os, cpu } of targets.filter(({ onnxruntime }) => onnxruntime)) {
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

  it('refuses a target that there is none of', () => {
    assert.throws(() => targetNamed('sunos-sparc'), /no target sunos-sparc.*linux-x64/);
  });

  describe('the VSIX of this machine', function () {
    this.timeout(180_000);
    let entries: Entry[];
    let file: string;
    let staged: string;
    let chosen: Entry[];
    let shop: string;

    before(async function () {
      if (!targets.some(({ name }) => name === hostTarget)) this.skip();
      await stat(join(root, 'dist', 'extension.cjs')).catch(() => {
        throw new Error('There is nothing to package: run "npm run build".');
      });
      const target = targetNamed(hostTarget);
      file = join(dir, 'lantern.vsix');
      staged = join(dir, 'staged');
      chosen = await contents(root, modules, target);
      await writeVsix(file, staged, chosen, target);
      entries = await readZip(file);
      shop = join(dir, 'shop');
      await cp(join(root, 'test-fixtures', 'typescript-shop'), shop, { recursive: true });
    });

    const inside = (): Entry[] =>
      entries
        .filter(({ path }) => path.startsWith('extension/'))
        .map(({ path, bytes }) => ({ path: path.slice('extension/'.length), bytes }))
        .map(({ path, bytes }) => ({ path: renamed[path] ?? path, bytes }));

    it('holds what is allowed and needed, for the right processor, within its size', async () => {
      assert.deepEqual(faults(inside(), targetNamed(hostTarget)), []);
      const others = entries.map(({ path }) => path).filter((path) => !path.startsWith('extension/'));
      assert.deepEqual(others.sort(), ['[Content_Types].xml', 'extension.vsixmanifest']);
      const { size } = await stat(file);
      assert.ok(size <= (limits[hostTarget] ?? 150e6), `${size} bytes`);
    });

    it('holds what vsce lists, which is what was chosen', async () => {
      const chosenPaths = chosen.map(({ path }) => path).sort();
      const listed = (await vsce(staged, ['ls'])).trim().split('\n').sort();
      assert.deepEqual(listed, chosenPaths);
      assert.deepEqual(
        inside()
          .map(({ path }) => path)
          .sort(),
        chosenPaths,
      );
    });

    it('has what a gallery shows, without links that lead nowhere', () => {
      const text = (name: string): string =>
        entries.find(({ path }) => path === name)?.bytes.toString('utf8') ?? '';
      const described = text('extension.vsixmanifest');
      assert.match(described, new RegExp(`TargetPlatform="${hostTarget}"`));
      for (const part of ['Icons.Default', 'Content.Details', 'Content.Changelog', 'Content.License']) {
        assert.match(described, new RegExp(`Services\\.${part.replace('.', '\\.')}`));
      }
      assert.doesNotMatch(text('extension/readme.md'), /\]\((?!https:|#)/);
    });

    it('holds the skill and the instructions for agents that its manifest names', () => {
      const files = new Map(inside().map(({ path, bytes }) => [path, bytes.toString('utf8')]));
      const { contributes } = JSON.parse(files.get('package.json') ?? '') as {
        contributes: Record<'chatSkills' | 'chatInstructions', { path: string }[]>;
      };
      const [skill] = contributes.chatSkills.map(({ path }) => path.replace('./', ''));
      const [, folder] = /\/skills\/([\w-]+)\/SKILL\.md$/.exec(skill ?? '') ?? [];
      // VS Code loads a skill only under the name of its folder.
      assert.match(
        files.get(skill ?? '') ?? '',
        new RegExp(`^---\\nname: ${folder}\\ndescription: .{1,1024}\\n---\\n`),
      );
      const [told = ''] = contributes.chatInstructions.map(({ path }) => path.replace('./', ''));
      assert.ok(told.endsWith('.instructions.md'));
      // The same words as in AGENTS.md.
      const [, , text] = (files.get(told) ?? '').split(/^---\n/m);
      assert.equal(text, `\n${guideText}`);
    });

    it('holds the pictures that the walkthrough shows', () => {
      const files = new Map(inside().map(({ path, bytes }) => [path, bytes]));
      const pages = [...files].filter(([path]) => path.startsWith('client/media/walkthrough/'));
      const pictures = pages.flatMap(([path, bytes]) =>
        [...bytes.toString('utf8').matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, to = '']) =>
          posix.join(posix.dirname(path), to),
        ),
      );
      assert.equal(pictures.length, 2);
      for (const picture of pictures) assert.ok(files.has(picture), picture);
    });

    it('has pictures in its README where there is an address for them', async () => {
      const target = targetNamed(hostTarget);
      const readme = (await contents(root, modules, target, true)).filter(({ path }) => path === 'README.md');
      const small = join(dir, 'small');
      const kept = chosen.filter(({ path }) =>
        /^(package\.json|LICENSE|client\/.*|dist\/extension\.cjs)$/.test(path),
      );
      await writeVsix(
        join(dir, 'small.vsix'),
        small,
        [...kept, ...readme],
        target,
        'https://example.test/raw',
      );
      const page = (await readZip(join(dir, 'small.vsix'))).find(
        ({ path }) => path === 'extension/readme.md',
      );
      const pictures = page?.bytes.toString('utf8').match(/!\[[^\]]+\]\([^)]+\)/g) ?? [];
      assert.equal(pictures.length, 2);
      for (const picture of pictures) {
        const [, path = ''] =
          /\(https:\/\/example\.test\/raw\/(docs\/images\/[\w-]+\.png)\)/.exec(picture) ?? [];
        await stat(join(root, path));
      }
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
      assert.match(with_(`${nativeFolder}sharp/package.json`), /not on the allow-list/);
      assert.match(with_('dist/grammars/x.wasm.br', await readFile(library)), /is for \w+-x64, not for/);
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
        if (path.startsWith('dist/') && !path.startsWith(nativeFolder))
          assert.ok(!bytes.includes('//# sourceMappingURL='), path);
      }
    });

    it('indexes and searches with nothing of the repository beside it, also after it was removed', async () => {
      const extension = join(dir, 'extension');
      await stage(extension, inside());
      const home = join(dir, 'home');
      let cli = join(extension, 'dist', 'lantern.js');
      const lantern = (...args: string[]): Promise<Ran> => runProgram(cli, home, args);
      try {
        const indexed = await lantern('index', shop);
        assert.equal(indexed.code, 0, indexed.stdout);
        const doctor = await lantern('doctor');
        assert.equal(doctor.code, 0, doctor.stdout);
        assert.match(doctor.stdout, /ok +chroma/);
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

    it('searches by terms, and says why, where onnxruntime has no binary', async () => {
      const without = join(dir, 'without');
      const home = join(dir, 'home-without');
      const target = { ...targetNamed(hostTarget), onnxruntime: false };
      const kept = await contents(root, modules, target);
      assert.deepEqual(faults(kept, target), []);
      await stage(without, kept);
      const lantern = (...args: string[]): Promise<Ran> =>
        runProgram(join(without, 'dist', 'lantern.js'), home, args);
      try {
        // Reads the folder, and fails for want of vectors.
        await lantern('index', shop);
        const found = await lantern('search', 'RetryOptions', '--path', shop, '--json');
        assert.equal(found.code, 0, found.stdout);
        const answer = JSON.parse(found.stdout) as {
          hits: { path: string }[];
          coverage: { semantic: boolean; reason?: string };
        };
        assert.ok(answer.hits.some(({ path }) => path === 'src/payments/chargeWithRetry.ts'));
        assert.ok(!answer.coverage.semantic);
        const doctor = await lantern('doctor');
        assert.match(doctor.stdout, /FAIL model +onnxruntime does not load on .*searches go by terms alone/);
      } finally {
        await lantern('stop');
      }
    });
  });
});
