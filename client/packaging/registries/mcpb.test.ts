import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { cacheFolder } from '../../test/harness/cache.js';
import { runQuietly } from '../../test/harness/npm.js';
import { faults, mcpbForm } from '../allowList.js';
import { type Entry, filesBelow } from '../files.js';
import { mcpb, mcpbContents, writeMcpb } from './mcpb.js';
import { nodeFor } from '../modules.js';
import { hostTarget, targetNamed, targets } from '../targets.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const limitBytes = 150e6;

interface Manifest {
  readonly version: string;
  readonly server: {
    readonly mcp_config: { readonly command: string; readonly args: readonly string[] };
  };
}

describe('the bundle for Claude Desktop', function () {
  this.timeout(5 * 60_000);
  let dir: string;
  let file: string;
  let unpacked: string;
  let entries: Entry[];

  before(async function () {
    if (!targets.some(({ name }) => name === hostTarget)) this.skip();
    const target = targetNamed(hostTarget);
    dir = await realpath(await mkdtemp(join(tmpdir(), 'lb-')));
    file = join(dir, 'lantern.mcpb');
    unpacked = join(dir, 'un packed');
    const node = await nodeFor(target, cacheFolder());
    const licensed = await nodeFor(targetNamed('linux-x64'), cacheFolder());
    const licence = join(licensed, 'LICENSE');
    entries = await mcpbContents(root, join(root, 'node_modules'), node, licence, target);
    await writeMcpb(file, join(dir, 'staged'), entries, target);
    await mcpb(dir, ['unpack', file, unpacked]);
  });

  after(() => rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

  const manifest = async (): Promise<Manifest> =>
    JSON.parse(await readFile(join(unpacked, 'manifest.json'), 'utf8')) as Manifest;

  it('holds what was chosen and nothing else, for the right processor, within its size', async () => {
    assert.deepEqual(faults(entries, targetNamed(hostTarget), mcpbForm), []);
    assert.deepEqual((await filesBelow(unpacked)).sort(), entries.map(({ path }) => path).sort());
    const { size } = await stat(file);
    assert.ok(size <= limitBytes, `${size} bytes`);
    for (const { path, bytes } of entries)
      if (/\.(js|json)$/.test(path)) assert.ok(!bytes.includes(root), `${path} names ${root}`);
    const extra = [...entries, { path: 'dist/extension.cjs', bytes: Buffer.from('x') }];
    assert.match(faults(extra, targetNamed(hostTarget), mcpbForm).join(), /not on the allow-list/);
  });

  it('is of the version of the extension, and refused with a manifest that is wrong', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await manifest()).version, version);
    const broken = entries.map((entry) =>
      entry.path === 'manifest.json' ? { ...entry, bytes: Buffer.from('{"manifest_version":"0.3"}') } : entry,
    );
    const other = join(dir, 'broken.mcpb');
    await assert.rejects(writeMcpb(other, join(dir, 'broken'), broken, targetNamed(hostTarget)), /name/);
    assert.ok(!existsSync(other));
  });

  it('finds code, started as its manifest says, with no Node on the machine', async () => {
    const shop = join(dir, 'shop');
    await cp(join(root, 'test-fixtures', 'typescript-shop'), shop, { recursive: true });
    const { command, args } = (await manifest()).server.mcp_config;
    const placed = [command, ...args].map((part) => part.replace('${__dirname}', unpacked));
    const [program = '', ...rest] = placed;
    const env = {
      ...(process.platform === 'win32' ? (process.env as Record<string, string>) : {}),
      PATH: join(dir, 'nothing'),
      HOME: dir,
      LANTERN_HOME: join(dir, 'home'),
    };
    const client = new Client({ name: 'bundle-test', version: '1.0.0' });
    await client.connect(new StdioClientTransport({ command: program, args: rest, env, cwd: dir }));
    try {
      await client.callTool({ name: 'index_directory', arguments: { path: shop } });
      const query = 'card was declined, try again later';
      const { content } = await client.callTool({ name: 'search_code', arguments: { query, folder: shop } });
      assert.match(JSON.stringify(content), /src\/payments\/chargeWithRetry\.ts/);
    } finally {
      await client.close();
      await runQuietly(program, [rest[0] ?? '', 'stop'], dir, env);
    }
  });
});
