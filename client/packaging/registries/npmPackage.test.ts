import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { npmPackageName } from '../../../shared/src/packageNames.js';
import { emptyHome } from '../../test/firstRun/emptyHome.js';
import { makePackage, npm, runQuietly } from '../../test/harness/npm.js';
import { type Entry, bytesOf, filesBelow } from '../files.js';
import { npmContents, packNpm } from './npmPackage.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const limitBytes = 45e6;

describe('the package on npm', function () {
  this.timeout(5 * 60_000);
  let dir: string;
  let app: string;
  let archive: string;
  let installed: string;
  let entries: Entry[];
  let env: Record<string, string>;

  before(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'ln-')));
    app = join(dir, 'app');
    installed = join(app, 'node_modules', npmPackageName);
    env = await emptyHome(join(dir, 'home'));
    entries = await npmContents(root);
    archive = await packNpm(join(dir, 'package'), entries);
    await mkdir(app);
    await makePackage(app, { [npmPackageName]: `file:${archive}` });
    // `npm ci` has filled the cache with the dependencies.
    await npm(app, ['install', '--ignore-scripts', '--prefer-offline']);
  });

  after(async () => {
    if (existsSync(installed)) await lantern('stop');
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  // npm makes a script of it on Windows, which only a shell starts.
  const lantern = (...args: string[]): Promise<string> =>
    process.platform === 'win32'
      ? runQuietly(process.execPath, [join(installed, 'dist', 'lantern.js'), ...args], app, env)
      : runQuietly(join(app, 'node_modules', '.bin', 'lantern'), args, app, env);

  it('holds what runs and nothing else, within its size', async () => {
    const there = await filesBelow(installed);
    assert.deepEqual(there.sort(), entries.map(({ path }) => path).sort());
    assert.ok(bytesOf(entries) <= limitBytes, `${bytesOf(entries)} bytes`);
    for (const { path, bytes } of entries) {
      if (/\.(js|ts|json|md)$/.test(path)) assert.ok(!bytes.includes(root), `${path} names ${root}`);
    }
  });

  it('has no install script, and what it loads as dependencies of one version', async () => {
    const own = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      scripts?: unknown;
      dependencies: Record<string, string>;
      optionalDependencies: Record<string, string>;
    };
    assert.equal(own.scripts, undefined);
    const versions = { ...own.dependencies, ...own.optionalDependencies };
    for (const [name, version] of Object.entries(versions)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
    // Every package that esbuild left outside the bundles is one of them.
    const bundles = entries.filter(({ path }) => path.endsWith('.js'));
    const imports = bundles.flatMap(({ bytes }) =>
      [...bytes.toString('utf8').matchAll(/^(?!\s*\*).*?(?:\bfrom |\bimport\()"([^."/][^"]*)"/gm)].map(
        ([, name]) => name ?? '',
      ),
    );
    const packages = [...new Set(imports)].filter((name) => !isBuiltin(name)).sort();
    // The first is Chroma's own model, which Lantern does without.
    assert.deepEqual(packages, ['@chroma-core/default-embed', 'libsql', 'onnxruntime-node']);
    for (const name of packages.slice(1)) assert.ok(name in versions, name);
  });

  it('indexes and searches as the command', async () => {
    const shop = join(dir, 'shop');
    await cp(join(root, 'test-fixtures', 'typescript-shop'), shop, { recursive: true });
    const question = 'card was declined, try again later';
    const text = await lantern('search', question, '--path', shop, '--wait', '--json');
    const answer = JSON.parse(text) as { hits: { path: string }[]; coverage: { semantic: boolean } };
    assert.equal(answer.hits[0]?.path, 'src/payments/chargeWithRetry.ts');
    assert.ok(answer.coverage.semantic);
    assert.match(await lantern('doctor'), /ok +grammars[^]*ok +model[^]*ok +chroma/);
    assert.deepEqual((await readdir(app)).sort(), ['node_modules', 'package-lock.json', 'package.json']);
  });

  it('answers an agent as `lantern mcp`', async () => {
    const client = new Client({ name: 'package-test', version: '1.0.0' });
    const command = process.platform === 'win32' ? process.execPath : join(app, 'node_modules/.bin/lantern');
    const args = process.platform === 'win32' ? [join(installed, 'dist', 'lantern.js'), 'mcp'] : ['mcp'];
    await client.connect(new StdioClientTransport({ command, args, env, cwd: app }));
    try {
      const { tools } = await client.listTools();
      assert.ok(
        tools.some(({ name }) => name === 'search_code'),
        tools.map(({ name }) => name).join(),
      );
    } finally {
      await client.close();
    }
  });

  it('run by npx, makes agents start it by npx, not from the folder that npx cleans up', async () => {
    const home = join(dir, 'npx-home');
    const cache = join(dir, 'npx-cache');
    await mkdir(join(home, '.cursor'), { recursive: true });
    await mkdir(cache);
    // Packages that were downloaded before, but not what npx has installed from them.
    const downloaded = join((await runQuietly('npm', ['config', 'get', 'cache'], app)).trim(), '_cacache');
    await symlink(downloaded, join(cache, '_cacache'), 'junction');
    await runQuietly(
      'npm',
      ['exec', '--yes', '--ignore-scripts', '--prefer-offline', `--package=file:${archive}`, '--'].concat([
        'lantern',
        'mcp',
        'install',
        'cursor',
      ]),
      app,
      { ...env, HOME: home, USERPROFILE: home, npm_config_cache: cache },
    );
    assert.equal((await readdir(join(cache, '_npx'))).length, 1);
    const { mcpServers } = JSON.parse(await readFile(join(home, '.cursor', 'mcp.json'), 'utf8')) as {
      mcpServers: { lantern: { command: string; args: string[] } };
    };
    const { command, args } = mcpServers.lantern;
    assert.deepEqual([command, ...args].slice(-5), ['npx', '-y', '--ignore-scripts', npmPackageName, 'mcp']);
  });

  const use = `
    const [vector] = await lantern.getEmbeddingFunction().generate(['where is the retry logic']);
    const { cacheSize, loads } = lantern.getCacheInfo();
    await lantern.clearEmbeddingCache();
    console.log(JSON.stringify([vector.length, cacheSize, loads, lantern.getCacheInfo().cacheSize]));`;
  const programs: readonly (readonly [kind: string, file: string, text: string])[] = [
    ['an ES module', 'use.mjs', `import * as lantern from '${npmPackageName}';${use}`],
    ['CommonJS', 'use.cjs', `const lantern = require('${npmPackageName}');(async () => {${use}})();`],
  ];
  for (const [kind, file, text] of programs) {
    it(`is a library for ${kind}`, async () => {
      await writeFile(join(app, file), text);
      const printed = await runQuietly(process.execPath, [file], app, env);
      assert.deepEqual(JSON.parse(printed), [384, 1, 1, 0]);
    });
  }

  it('has types that need no other package', async () => {
    const consumer = `
      import { clearEmbeddingCache, getCacheInfo, getEmbeddingFunction, preloadEmbeddingModel } from '${npmPackageName}';
      await preloadEmbeddingModel();
      export const vectors: number[][] = await getEmbeddingFunction().generate(['a']);
      export const size: number = getCacheInfo().cacheSize;
      await clearEmbeddingCache();`;
    const wrong = `import { getCacheInfo } from '${npmPackageName}';\nexport const size: string = getCacheInfo().cacheSize;`;
    await writeFile(join(app, 'consumer.mts'), consumer);
    await writeFile(join(app, 'wrong.mts'), wrong);
    const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const check = (file: string): Promise<string> =>
      runQuietly(
        process.execPath,
        [compiler, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', file],
        app,
      );
    await check('consumer.mts');
    await assert.rejects(check('wrong.mts'), /'number' is not assignable to type 'string'/);
  });
});
