import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmPackageName } from '../../../shared/src/packageNames.js';
import { npmContents, packNpm } from '../../packaging/registries/npmPackage.js';
import { CannotBeHad } from '../harness/cache.js';
import { npm, runQuietly } from '../harness/npm.js';
import { ClaudeCode, ensureClaudeCode } from './claudeCode.js';
import { emptyHome } from './emptyHome.js';
import { ScriptedModel } from './scriptedModel.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const windows = process.platform === 'win32';
const tool = 'mcp__lantern__search_code';
const query = 'card was declined, try again later';
const answering = 'src/payments/chargeWithRetry.ts';

describe('from an empty home to the answer of an agent', function () {
  this.timeout(5 * 60_000);
  let dir: string;
  let home: string;
  let shop: string;
  let prefix: string;
  let env: Record<string, string>;

  before(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'ln-')));
    home = join(dir, 'home');
    shop = join(dir, 'shop');
    prefix = join(dir, 'global');
    env = await emptyHome(home);
    await cp(join(root, 'test-fixtures', 'typescript-shop'), shop, { recursive: true });
    const archive = await packNpm(join(dir, 'package'), await npmContents(root));
    // `npm ci` has filled the cache with the dependencies.
    await npm(dir, ['install', '-g', '--prefix', prefix, '--ignore-scripts', '--prefer-offline', archive]);
  });

  after(async () => {
    if (existsSync(script())) await lantern('stop');
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  const script = (): string =>
    join(prefix, ...(windows ? [] : ['lib']), 'node_modules', npmPackageName, 'dist', 'lantern.js');

  // npm makes a script of it on Windows, which only a shell starts.
  const lantern = (...args: string[]): Promise<string> =>
    windows
      ? runQuietly(process.execPath, [script(), ...args], shop, env)
      : runQuietly(join(prefix, 'bin', 'lantern'), args, shop, env);

  it('says how it is used', async () => {
    assert.match(await lantern('--help'), /^Usage: lantern COMMAND\n[^]* {2}search QUERY /);
    assert.match(await lantern('--version'), /^\d+\.\d+\.\d+\n$/);
  });

  it('answers the first search in a folder that was never seen', async () => {
    const printed = await lantern('search', query, '--wait');
    assert.ok(printed.startsWith(`${answering}:`), printed);
    assert.match(printed, /^\S+ {2}chargeWithRetry {2}strong .*\n[^]*\n10 hits, in 18 files, \d+ ms\n$/);
  });

  it('makes the file of an agent that has none, and removes it again', async () => {
    const file = join(home, '.claude.json');
    assert.match(await lantern('mcp', 'install', 'claude-code'), /^Added Lantern to Claude Code/);
    assert.match(await readFile(file, 'utf8'), /"lantern"/);
    await lantern('mcp', 'uninstall', 'claude-code');
    assert.ok(!existsSync(file));
  });

  describe('with Claude Code', () => {
    const model = new ScriptedModel({
      tool,
      input: { query },
      say: (result) => `It is in ${/^\[1\] (\S+)/m.exec(result)?.[1] ?? 'no file'}.`,
    });
    let claude: ClaudeCode;
    const ask = (): Promise<string> =>
      claude.run(shop, '-p', `Find this: ${query}`, '--model', 'sonnet', '--allowedTools', tool);

    before(async function () {
      try {
        claude = new ClaudeCode(await ensureClaudeCode(() => undefined), home, env, await model.listen());
      } catch (error) {
        if (!(error instanceof CannotBeHad)) throw error;
        process.stdout.write(`    Skipped: ${error.message}\n`);
        this.skip();
      }
    });
    after(() => model.close());

    it('has no tool of Lantern before it is added', async () => {
      assert.equal((await ask()).trim(), `No tool is called ${tool}.`);
      assert.match(await claude.run(shop, 'mcp', 'list'), /No MCP servers configured/);
    });

    it('is left as it was, byte for byte, when it is taken out again', async () => {
      const before = await claude.settings();
      await lantern('mcp', 'install', 'claude-code');
      assert.notEqual(await claude.settings(), before);
      await lantern('mcp', 'uninstall', 'claude-code');
      assert.equal(await claude.settings(), before);
    });

    it('calls search_code and gets a true hit', async () => {
      await lantern('mcp', 'install', 'claude-code');
      const said = await ask();
      assert.deepEqual(model.unknown, []);
      assert.equal(model.results.length, 1, model.results.join('\n\n'));
      const [result = ''] = model.results;
      const place = new RegExp(`^\\[1\\] ${answering.replaceAll('.', '\\.')}:(\\d+)-(\\d+) `, 'm').exec(
        result,
      );
      assert.ok(place, result);
      assert.equal(said.trim(), `It is in ${answering}:${place[1]}-${place[2]}.`);
      // The code of the first hit, each line after its number, is what the file has there.
      const lines = (await readFile(join(shop, answering), 'utf8')).split('\n');
      const code = /^\[1\]\n([^]*?)\n\[2\]\n/m.exec(result)?.[1]?.split('\n') ?? [];
      const [from, to] = [Number(place[1]), Number(place[2])];
      assert.deepEqual(
        code,
        lines.slice(from - 1, to).map((line, index) => `${from + index}| ${line}`),
      );
    });

    it('says that it is connected', async () => {
      assert.match(await claude.run(shop, 'mcp', 'list'), /^lantern: .*lantern\.js mcp - ✓ Connected$/m);
    });

    it('has lost Lantern alone when it is taken out after Claude Code has written its file', async () => {
      const { mcpServers, ...others } = JSON.parse(await claude.settings()) as Record<string, unknown>;
      assert.deepEqual(Object.keys(mcpServers as object), ['lantern']);
      await lantern('mcp', 'uninstall', 'claude-code');
      const { mcpServers: left = {}, ...now } = JSON.parse(await claude.settings()) as Record<
        string,
        unknown
      >;
      assert.deepEqual([left, now], [{}, others]);
      assert.equal((await ask()).trim(), `No tool is called ${tool}.`);
    });
  });
});
