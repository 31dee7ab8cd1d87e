import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverJson } from './mcpRegistry.js';
import { npmManifest } from './npmPackage.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

interface Server {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly repository?: unknown;
  readonly packages: readonly [{ identifier: string; version: string; registryType: string }];
}

describe('server.json for the MCP registry', () => {
  it('keeps to the limits of the registry, and agrees with the package on npm', async () => {
    const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Parameters<
      typeof serverJson
    >[0] &
      Parameters<typeof npmManifest>[0];
    const server = serverJson(fields) as Server;
    const own = npmManifest(fields) as { name: string; version: string; mcpName: string };
    assert.match(server.name, /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
    assert.ok(server.name.length <= 200);
    for (const text of [server.title, server.description])
      assert.ok(text.length > 0 && text.length <= 100, text);
    assert.match(server.version, /^\d+\.\d+\.\d+$/);
    const [{ registryType, identifier, version }] = server.packages;
    assert.deepEqual([registryType, identifier, version], ['npm', own.name, own.version]);
    assert.deepEqual([server.name, server.version], [own.mcpName, own.version]);
  });

  it('names the repository where there is one on GitHub', () => {
    const fields = { displayName: 'L', description: 'd', version: '1.0.0' };
    const at = (url: string): unknown =>
      (serverJson({ ...fields, repository: { url } }) as Server).repository;
    assert.deepEqual(at('git+https://github.com/a/b.git'), {
      url: 'https://github.com/a/b',
      source: 'github',
    });
    assert.equal(at('https://example.test/a/b'), undefined);
    assert.equal((serverJson(fields) as Server).repository, undefined);
  });
});
