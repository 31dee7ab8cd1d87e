import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Agent, AgentEnvironment, BridgeCommand, Scope } from './agent.js';
import { AgentConfig, agentConfigs } from './agentConfig.js';
import { agentNamed, agents } from './agentTable.js';

const command: BridgeCommand = { command: '/usr/bin/node', args: ['/opt/lantern.js', 'mcp'], env: {} };
const moved: BridgeCommand = { ...command, args: ['/new/lantern.js', 'mcp'], env: { LANTERN_HOME: '/data' } };
const windows = process.platform === 'win32';

/** Files of users by syntax: without any server, with others, and damaged. */
const samples = (servers: string) => ({
  json: {
    plain: '{\n    "theme": "dark", // why\n    "list": [1, 2] /* both */\n}\n',
    others: `{ "${servers}": { "other": { "command": "x" } },\r\n  "theme": "dark" }`,
    damaged: `{ "${servers}": { `,
  },
  toml: {
    plain: '# mine\nmodel = "x" # why\n\n[tools] # these\nsearch = true\n# end\n',
    others: `[${servers}.other] # mine\r\ncommand = "x"\r\n\r\n[tools]\r\n`,
    damaged: `[${servers}.other\n`,
  },
  yaml: {
    plain: '# mine\nMODEL: x # why\nlist:\n- 1\n# end\n',
    others: `${servers}:\n    # about\n    other:\n        cmd: x # y\n\nMODEL: |\n  a\n`,
    damaged: `${servers}:\n  other: [\n`,
  },
});

describe('the configuration of an agent', () => {
  let folder: string;
  let home: string;
  let where: AgentEnvironment;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-agents-'));
    home = join(folder, 'home');
    mkdirSync(home);
    where = { env: {}, platform: 'linux', home };
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const config = (agent: Agent | string, scope: Scope = 'user'): AgentConfig =>
    new AgentConfig({
      agent: typeof agent === 'string' ? agentNamed(agent) : agent,
      scope,
      where,
      project: join(folder, 'project'),
      dataDir: join(folder, 'data'),
    });

  /** Writes the file before the configuration looks which one there is. */
  const configWith = (id: string, text: string | Buffer): AgentConfig => {
    const { file } = config(id);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return config(id);
  };
  const read = (file: string): string => readFileSync(file, 'utf8');
  const parsed = (file: string): unknown => JSON.parse(read(file));
  const receipts = (): string[] => {
    const path = join(folder, 'data', 'agents');
    return existsSync(path) ? readdirSync(path) : [];
  };

  for (const agent of agents) {
    it(`of ${agent.title} leaves nothing where there was nothing`, async () => {
      for (const scope of ['user', 'project'] as const) {
        if (scope === 'project' && agent.project === undefined) continue;
        const one = config(agent, scope);
        assert.deepEqual(await one.state(command), { kind: 'absent' });
        assert.equal(await one.install(command), 'added');
        const configured = { kind: 'configured', command: command.command, current: true };
        assert.deepEqual(await one.state(command), configured);
        assert.equal(read(one.file), one.print(command));
        if (!windows && scope === 'user') assert.equal(statSync(one.file).mode & 0o777, 0o600);
        assert.equal(await one.uninstall(), 'removed');
        assert.deepEqual(readdirSync(home), []);
        assert.ok(!existsSync(join(folder, 'project')));
        assert.deepEqual(receipts(), []);
      }
    });

    it(`of ${agent.title} is as before, byte for byte, when the server is gone`, async () => {
      const { plain, others } = samples(agent.servers)[agent.syntax];
      for (const before of [plain, others, '']) {
        const one = configWith(agent.id, before);
        chmodSync(one.file, 0o640);
        assert.equal(await one.install(command), 'added');
        assert.equal(await one.install(command), 'unchanged');
        assert.equal(await one.install(moved), 'changed');
        assert.equal((await one.state(moved)).kind, 'configured');
        if (!windows) assert.equal(statSync(one.file).mode & 0o777, 0o640);
        assert.equal(await one.uninstall(), 'removed');
        assert.equal(read(one.file), before);
        if (!windows) assert.equal(statSync(one.file).mode & 0o777, 0o640);
        assert.equal(await one.uninstall(), 'absent');
        assert.deepEqual(readdirSync(dirname(one.file)).length, 1);
      }
    });

    it(`of ${agent.title} is left as it is when it is damaged`, async () => {
      const { damaged } = samples(agent.servers)[agent.syntax];
      const one = configWith(agent.id, damaged);
      const refused = (error: Error): boolean =>
        error.message.includes(one.file) && error.message.includes('left as it is');
      await assert.rejects(one.install(command), refused);
      await assert.rejects(one.uninstall(), refused);
      assert.equal((await one.state(command)).kind, 'unreadable');
      assert.equal(read(one.file), damaged);
      assert.equal(readdirSync(dirname(one.file)).length, 1);
      assert.deepEqual(receipts(), []);
    });
  }

  it('is written through a link, which stays', async function () {
    if (windows) this.skip();
    const before = '{ "a": 1 }';
    const { file } = configWith('cursor', before);
    const real = join(folder, 'dotfiles.json');
    renameSync(file, real);
    symlinkSync(real, file);
    const one = config('cursor');
    await one.install(command);
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.notEqual(read(real), before);
    await one.uninstall();
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.equal(read(real), before);
    rmSync(real);
    await assert.rejects(config('cursor').install(command), /is a link to a file that does not exist/);
    assert.ok(!existsSync(real));
  });

  it('is not touched when it is not UTF-8', async () => {
    const before = Buffer.from('\ufeff{ "a": 1 }', 'utf16le');
    const one = configWith('cursor', before);
    await assert.rejects(one.install(command), /could not be read/);
    assert.deepEqual(readFileSync(one.file), before);
  });

  it('keeps what the user has set in the entry', async () => {
    const one = configWith('cursor', '{}');
    await one.install(command);
    const entry = {
      command: 'old',
      args: ['mcp'],
      env: { A: 'b' },
      disabled: false,
      autoApprove: ['search_code'],
    };
    writeFileSync(one.file, JSON.stringify({ mcpServers: { lantern: entry } }));
    assert.deepEqual(await one.state(command), { kind: 'configured', command: 'old', current: false });
    assert.equal(await one.install(command), 'changed');
    const { command: path, args } = command;
    const kept = { disabled: false, autoApprove: ['search_code'] };
    assert.deepEqual(parsed(one.file), { mcpServers: { lantern: { ...kept, command: path, args } } });
    assert.equal(await one.install(command), 'unchanged');
    writeFileSync(one.file, '{"mcpServers":{"lantern":{"url":"http://127.0.0.1:1/mcp","headers":{}}}}');
    assert.equal(await one.install(command), 'changed');
    assert.deepEqual(parsed(one.file), { mcpServers: { lantern: { command: path, args } } });
  });

  it('keeps what an agent added to a file that was made for Lantern', async () => {
    const one = config('claude-code');
    await one.install(command);
    writeFileSync(one.file, JSON.stringify({ ...(parsed(one.file) as object), starts: 1 }));
    await one.uninstall();
    assert.deepEqual(parsed(one.file), { starts: 1 });
    await one.install(command);
    await one.uninstall();
    assert.deepEqual(parsed(one.file), { starts: 1 });
  });

  it('made for Lantern is removed also after an agent has written it anew', async () => {
    const one = config('cursor');
    await one.install(command);
    writeFileSync(one.file, JSON.stringify(parsed(one.file)));
    await one.uninstall();
    assert.deepEqual(readdirSync(home), []);
  });

  it('loses the server and nothing else when there is no record', async () => {
    const one = configWith('cursor', '{"a":1}');
    await one.install(command);
    rmSync(join(folder, 'data'), { recursive: true });
    assert.equal(await one.uninstall(), 'removed');
    assert.deepEqual(parsed(one.file), { a: 1, mcpServers: {} });
  });

  it('is the file that the agent reads, where there are several', () => {
    assert.match(config('opencode').file, /opencode\.jsonc$/);
    const path = join(home, '.config', 'opencode', 'opencode.json');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '{}');
    assert.equal(config('opencode').file, path);
  });

  it('is found where the agent has been', () => {
    const found = (): string[] =>
      agentConfigs({ scope: 'user', where, project: folder, dataDir: folder })
        .filter((one) => one.found)
        .map(({ agent }) => agent.id);
    assert.deepEqual(found(), []);
    for (const path of ['.claude', '.codex', '.kiro', '.config/zed'])
      mkdirSync(join(home, path), { recursive: true });
    assert.deepEqual(found(), ['claude-code', 'codex', 'zed', 'kiro-cli']);
  });
});
