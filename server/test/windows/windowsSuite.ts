import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type {
  DoctorResult,
  IndexReport,
  MemoryResult,
  SearchResult,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import { packageRoot } from '../../src/paths.js';
import { type CliResult, fixtures } from '../support/cliHarness.js';
import { processesOf, until } from '../support/daemonClient.js';
import { unpack } from './vsix.js';
import { Wine, inWindows, whatIsMissing } from './wine.js';

const root = packageRoot(import.meta.url);

describe('The VSIX for Windows, under Wine', function () {
  this.timeout(180_000);
  let wine: Wine;
  let started = false;
  let script: string;
  const dataFolder = 'Daten über alles';
  let home: string;
  const penguins = 'export function countPenguins(rows: string[]): number {\n  return rows.length;\n}\n';

  const lantern = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
    wine.node(script, args, { LANTERN_HOME: home, ...env });

  async function json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await lantern([...args, '--json']);
    assert.notEqual(stdout, '', `lantern ${args.join(' ')} printed nothing (exit ${code}): ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Searches when everything is indexed. */
  const search = (query: string, path: string, ...more: readonly string[]): Promise<SearchResult> =>
    json('search', query, '--path', path, '--wait', ...more);

  const memory = (): Promise<MemoryResult> => json('memory');

  /** The processes of Lantern. Those of Wine itself have the same environment when a command has started them. */
  const nodes = (): number[] =>
    processesOf(home).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('node.exe'));

  before(async function () {
    const missing = whatIsMissing();
    if (missing !== undefined) {
      process.stdout.write(`    Skipped: ${missing}\n`);
      this.skip();
    }
    const packed = readdirSync(join(root, 'dist-vsix')).find((name) => name.startsWith('lantern-win32-x64-'));
    assert.ok(packed !== undefined, 'Run npm run package -- --target win32-x64 first.');
    wine = new Wine();
    started = true;
    home = inWindows(join(wine.folder, dataFolder));
    const extension = await unpack(join(root, 'dist-vsix', packed), join(wine.folder, 'extensions'));
    script = inWindows(join(extension, 'dist', 'lantern.js'));
    assert.equal(await wine.evaluate('process.platform + process.arch'), 'win32x64');
  });

  after(async () => {
    if (!started) return;
    await lantern(['stop']);
    wine.dispose();
  });

  let shop: string;
  before(() => {
    const files: Record<string, string> = {};
    const from = join(fixtures, 'typescript-shop');
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) files[file.slice(from.length + 1)] = readFileSync(file, 'utf8');
    }
    shop = wine.write('Geschäft & Söhne/shop', { ...files, 'straße/pinguïn zählen.ts': penguins });
  });

  it('indexes a folder with spaces and umlauts in its path, and finds by meaning', async () => {
    const report = await json<IndexReport>('index', shop);
    assert.equal(report.folder, shop);
    assert.ok(report.filesTotal > 10 && report.chunksTotal > report.filesTotal, JSON.stringify(report));
    const { hits, coverage } = await search('which tax rate does a product have', shop);
    assert.equal(coverage.semantic, true);
    assert.ok(
      hits.some(({ path }) => /tax/i.test(path)),
      hits.map(({ path }) => path).join(', '),
    );
    const { hits: named } = await search('count the penguins', shop, '--limit', '1');
    assert.equal(named[0]?.path, 'straße/pinguïn zählen.ts');
  });

  it('takes a folder by any spelling for the same one', async () => {
    const spellings = [
      shop.replace('Z:', 'z:'),
      `${shop.replaceAll('\\', '/')}/`,
      `${shop}\\`,
      shop.replace('shop', 'SHOP'),
    ];
    for (const path of spellings) assert.ok((await search('tax rate', path)).hits.length > 0, path);
    const { folders } = await json<StatusResult>('status');
    assert.deepEqual(
      folders.map(({ path }) => path),
      [shop],
    );
  });

  it('reads files whose path is longer than 260 characters', async () => {
    const deep = Array.from({ length: 8 }, (_, at) => `a-rather-long-name-of-a-folder-${at}`).join('/');
    const path = wine.write('deep', { [`${deep}/penguins.ts`]: penguins });
    const { hits } = await search('count penguins', path);
    assert.ok(`${path}/${deep}`.length > 260);
    assert.deepEqual(
      hits.map((hit) => hit.path),
      [`${deep}/penguins.ts`],
    );
    assert.equal((await lantern(['remove', path])).code, 0);
  });

  it('obeys .gitignore and finds text with line ends of Windows', async () => {
    const path = wine.write('rules', {
      '.gitignore': 'Ignored/\r\n*.log.ts\r\n',
      'ignored/a.ts': penguins,
      'x.log.ts': penguins,
      'src/seen.ts': penguins.replaceAll('\n', '\r\n'),
    });
    const { hits } = await search('count penguins', path);
    assert.deepEqual(
      hits.map((hit) => hit.path),
      ['src/seen.ts', '.gitignore'],
    );
    assert.equal((await lantern(['remove', path])).code, 0);
  });

  it('sees at the next search what has changed, and what was deleted', async () => {
    const path = wine.write('changing', { 'a.ts': penguins });
    assert.equal((await search('count penguins', path)).hits[0]?.path, 'a.ts');
    wine.write('changing', { 'a.ts': 'export const nothing = 1;\n', 'b/new.ts': penguins });
    const { hits } = await search('count penguins', path);
    assert.deepEqual([hits[0]?.path, hits[0]?.startLine], ['b/new.ts', 1]);
    assert.equal((await lantern(['remove', path])).code, 0);
    assert.match((await lantern(['remove', path])).stderr, /not indexed/);
  });

  it('says the memory of the daemon and of Chroma', async () => {
    await search('tax rate', shop);
    const { daemon, chroma } = await memory();
    assert.ok(daemon.rssBytes > 50e6);
    assert.ok(chroma !== null && chroma.rssBytes !== null && chroma.rssBytes > 10e6, JSON.stringify(chroma));
    assert.match((await lantern(['memory'])).stdout, /chroma +[\d.]+ MiB \(process \d+\)/);
  });

  it('passes every check of doctor', async () => {
    const { checks } = await json<DoctorResult>('doctor');
    assert.deepEqual(
      checks.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(checks.some(({ name }) => name === 'chroma'));
  });

  it('serves an agent over standard input and output', async () => {
    const args = JSON.stringify({ query: 'which tax rate does a product have', folder: shop });
    const agent = inWindows(join(root, 'server', 'test', 'windows', 'agent.mjs'));
    const { code, stdout, stderr } = await wine.node(agent, [script, 'search_code', args], {
      LANTERN_HOME: home,
    });
    assert.equal(code, 0, stderr);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; result: unknown });
    assert.deepEqual(
      answers.map(({ id }) => id),
      [1, 2],
    );
    assert.match(JSON.stringify(answers[1]?.result), /tax/);
  });

  it('sets up an agent, whose entry names files that exist, and undoes it', async () => {
    const file = join(wine.profile, '.cursor', 'mcp.json');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{}\r\n');
    const installed = await lantern(['mcp', 'install', 'cursor']);
    assert.equal(installed.code, 0, installed.stderr);
    const { mcpServers } = JSON.parse(readFileSync(file, 'utf8')) as {
      mcpServers: { lantern: { command: string; args: string[] } };
    };
    const { command, args } = mcpServers.lantern;
    for (const named of [command, args[0]])
      assert.equal(await wine.evaluate(`fs.existsSync(${JSON.stringify(named)})`), 'true', named);
    assert.equal((await lantern(['mcp', 'uninstall', 'cursor'])).code, 0);
    assert.equal(readFileSync(file, 'utf8'), '{}\r\n');
  });

  it('starts Chroma again after it was killed', async () => {
    const { chroma } = await memory();
    assert.ok(chroma !== null);
    await wine.kill(chroma.pid);
    await until('Chroma runs again', async () => {
      const { hits } = await search('which tax rate does a product have', shop);
      assert.ok(hits.length > 0);
      const now = (await memory()).chroma;
      return now !== null && now.pid !== chroma.pid;
    });
  });

  it('starts a daemon again after it was killed, without the Chroma of the one before', async () => {
    const { daemon, chroma } = await memory();
    assert.ok(chroma !== null);
    await wine.kill(daemon.pid);
    await until('Chroma has ended with it', () => nodes().length === 0);
    const { hits } = await search('which tax rate does a product have', shop);
    assert.ok(hits.length > 0);
    const after = await memory();
    assert.notEqual(after.daemon.pid, daemon.pid);
    assert.equal(
      (await json<DoctorResult>('doctor')).checks.every(({ ok }) => ok),
      true,
    );
  });

  it('starts one daemon for ten commands at once', async () => {
    await lantern(['stop']);
    const all = await Promise.all(Array.from({ length: 10 }, () => json<StatusResult>('status')));
    assert.equal(new Set(all.map(({ pid }) => pid)).size, 1);
  });

  it('frees the memory of model and Chroma', async () => {
    await search('tax rate', shop);
    const before = await memory();
    assert.equal(before.models.length, 1);
    const { code, stderr } = await lantern(['cache', 'clear']);
    assert.equal(code, 0, stderr);
    const after = await memory();
    assert.deepEqual([after.models, after.chroma], [[], null]);
    assert.ok((await search('tax rate', shop)).hits.length > 0);
  });

  it('removes an index and stops, and leaves no process', async () => {
    assert.ok(nodes().length >= 2, 'the daemon and Chroma');
    assert.equal((await lantern(['remove', shop])).code, 0);
    assert.equal((await lantern(['stop'])).code, 0);
    assert.deepEqual(nodes(), []);
    // Written by a clean end alone.
    assert.ok(existsSync(join(wine.folder, dataFolder, 'catalog.db.closed')));
  });
});
