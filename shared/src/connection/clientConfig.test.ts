import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type BridgeCommand,
  type ClientEnvironment,
  clientConfig,
  clientNames,
  writeClientConfig,
} from './clientConfig.js';

const command: BridgeCommand = { command: '/usr/bin/node', args: ['/opt/lantern.js', 'mcp'], env: {} };
const entry = { command: '/usr/bin/node', args: ['/opt/lantern.js', 'mcp'] };

describe('the configuration of clients', () => {
  let home: string;
  let where: ClientEnvironment;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'lantern-clients-'));
    where = { env: {}, platform: 'linux', home };
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

  it('lies where each client looks for it', () => {
    const files = clientNames.map((client) =>
      clientConfig(client, command, where).file.slice(home.length + 1),
    );
    assert.deepEqual(files, [
      '.claude.json',
      '.config/Claude/claude_desktop_config.json',
      '.cursor/mcp.json',
      '.config/Code/User/mcp.json',
    ]);
    const mac = clientConfig('vscode', command, { ...where, platform: 'darwin' }).file;
    assert.equal(mac, join(home, 'Library/Application Support/Code/User/mcp.json'));
  });

  for (const client of clientNames) {
    const servers = client === 'vscode' ? 'servers' : 'mcpServers';
    const typed = client === 'vscode' || client === 'claude-code';
    const expected = typed ? { type: 'stdio', ...entry } : entry;

    it(`is printed as ${client} reads it`, () => {
      assert.deepEqual(JSON.parse(clientConfig(client, command, where).text), {
        [servers]: { lantern: expected },
      });
    });

    it(`makes a file for ${client} that only the user can read`, async () => {
      const { file, outcome, backup } = await writeClientConfig(client, command, where);
      assert.deepEqual([outcome, backup], ['written', undefined]);
      assert.deepEqual(read(file), { [servers]: { lantern: expected } });
      if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    });

    it(`keeps what ${client} had, and a copy of it`, async () => {
      const { file } = clientConfig(client, command, where);
      mkdirSync(dirname(file), { recursive: true });
      const before = {
        theme: 'dark',
        [servers]: { other: { command: 'x' }, lantern: { command: 'old' } },
        list: [1],
      };
      const text = JSON.stringify(before, null, '\t');
      writeFileSync(file, text);
      chmodSync(file, 0o640);
      const written = await writeClientConfig(client, command, where);
      assert.deepEqual(read(file), { ...before, [servers]: { other: { command: 'x' }, lantern: expected } });
      assert.equal(readFileSync(written.backup ?? '', 'utf8'), text);
      assert.match(readFileSync(file, 'utf8'), /^\t"theme"/m);
      if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o640);
      assert.equal((await writeClientConfig(client, command, where)).outcome, 'unchanged');
    });
  }

  it('leaves a file alone that it does not understand', async () => {
    const { file } = clientConfig('cursor', command, where);
    mkdirSync(dirname(file), { recursive: true });
    for (const text of ['{ // mine\n "mcpServers": {} }', '[]', '{"mcpServers": []}']) {
      writeFileSync(file, text);
      await assert.rejects(writeClientConfig('cursor', command, where), /left as it is|is no object/);
      assert.equal(readFileSync(file, 'utf8'), text);
      assert.ok(!existsSync(`${file}.before-lantern`));
    }
  });

  it('names the clients it knows', async () => {
    for (const name of ['', 'emacs', 'constructor']) {
      assert.throws(
        () => clientConfig(name, command, where),
        /claude-code, claude-desktop, cursor, vscode, http/,
      );
    }
    await assert.rejects(writeClientConfig('emacs', command, where), /no client that is known/);
  });
});
