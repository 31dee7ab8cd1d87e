import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CallToolResult, Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { formKey } from '../src/mcp/answers/form.js';
import { testClient, textOf } from './support/testAgent.js';
import { packageRoot } from '../src/paths.js';
import { Cli, isAlive } from './support/cliHarness.js';
import { DaemonClient } from './support/daemonClient.js';

const program = join(packageRoot(import.meta.url), 'dist', 'lantern.js');

interface Endpoint {
  readonly url: string;
  readonly headers: Record<string, string>;
}

describe('agents and the daemon, as processes', function () {
  this.timeout(120_000);
  let cli: Cli;
  const clients: Client[] = [];

  before(() => (cli = new Cli()));
  after(async () => {
    for (const client of clients) await client.close().catch(() => undefined);
    await cli.dispose();
  });

  /** A folder with one function that no other has. */
  async function project(name: string): Promise<string> {
    const folder = cli.folder();
    mkdirSync(join(folder, 'src'));
    writeFileSync(
      join(folder, 'src', 'main.ts'),
      `// Opens the ${name} and lets the visitor in.\nexport function open${name}() {\n  return '${name}';\n}\n`,
    );
    await asEditor((editor) => editor.request('lantern/index', { path: folder }));
    return folder;
  }

  /** Does something in a session such as an editor has. */
  async function asEditor<T>(work: (editor: DaemonClient) => Promise<T>): Promise<T> {
    const editor = await DaemonClient.open(cli.home, 'editor');
    try {
      return await work(editor);
    } finally {
      editor.close();
    }
  }

  const status = () => asEditor((editor) => editor.request('lantern/status', {}));

  async function overStdio(cwd: string, mode: 'legacy' | 'auto' = 'legacy', roots?: string[], name?: string) {
    const client = testClient(roots, mode, name);
    const env = { PATH: process.env['PATH'] ?? '', LANTERN_HOME: cli.home };
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp'],
      cwd,
      env,
      stderr: 'pipe',
    });
    clients.push(client);
    await client.connect(transport);
    return { client, pid: transport.pid ?? 0 };
  }

  async function endpoint(): Promise<Endpoint> {
    const { stdout } = await cli.run(['mcp', 'config', '--client', 'http']);
    return JSON.parse(stdout) as Endpoint;
  }

  async function overHttp({ url, headers }: Endpoint, roots?: string[], name?: string): Promise<Client> {
    const client = testClient(roots, 'legacy', name);
    clients.push(client);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    return client;
  }

  const search = (client: Client, query = 'open and let the visitor in'): Promise<CallToolResult> =>
    client.callTool({ name: 'search_code', arguments: { query } });

  /** The code of the best hit. */
  const firstText = (answer: CallToolResult): string =>
    /^\[1\]\n((?:\d+\| .*\n?)+)/m.exec(textOf(answer))?.[1] ?? '';

  it('start the daemon through the bridge, which stays small and loads no model', async () => {
    const gate = await project('Gate');
    await cli.run(['stop']);
    const { client, pid } = await overStdio(gate);
    assert.match(firstText(await search(client)), /openGate/);
    const { pid: daemon } = await status();
    assert.notEqual(daemon, pid);
    if (process.platform === 'linux') {
      const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      assert.ok(kilobytes < 60 * 1024, `${kilobytes} KB`);
      const mapped = readFileSync(`/proc/${pid}/maps`, 'utf8');
      assert.ok(!/onnxruntime|libsql|chroma/.test(mapped));
    }
  });

  for (const mode of ['legacy', 'auto'] as const) {
    it(`call every tool over the bridge (${mode})`, async () => {
      const door = await project(`Door${mode}`);
      const { client } = await overStdio('/', mode, [door]);
      const call = async (name: string, args: Record<string, unknown> = {}) => {
        const answer = await client.callTool({ name, arguments: args });
        assert.ok(answer.isError !== true, textOf(answer));
        return answer;
      };
      assert.equal((await client.listTools()).tools.length, 7);
      assert.match(textOf(await call('index_directory', { path: door })), /is indexed: 1 files/);
      assert.match(firstText(await call('search_code', { query: 'visitor' })), new RegExp(`openDoor${mode}`));
      const structured = await client.callTool({
        name: 'search_code',
        arguments: { query: 'visitor' },
        _meta: { [formKey]: 'structured' },
      });
      assert.deepEqual(structured.content, []);
      assert.match(JSON.stringify(structured.structuredContent), new RegExp(`openDoor${mode}`));
      await call('find_related', { path: 'src/main.ts', line: 2, include_own_file: true });
      assert.match(textOf(await call('index_status')), /ready, 1 files/);
      assert.match(textOf(await call('list_folders')), /ready/);
      await call('get_cache_info');
      await call('clear_embedding_cache');
      await client.close();
    });
  }

  it('index the open folder with the first search', async () => {
    const fresh = cli.folder('multi-root/app');
    const { client } = await overStdio(fresh);
    const answer = await search(client, 'wait until the camera has seen the same ticket three times');
    assert.match(textOf(answer), /^Hits 1-\d+ of \d+\+?\. /);
    assert.match(textOf(answer), /^\[\d\] src\/ticketScanner\.ts:/m);
    const until = Date.now() + 60_000;
    let status = '';
    while (!status.includes(': ready, ') && Date.now() < until) {
      await new Promise((settle) => setTimeout(settle, 100));
      status = textOf(await client.callTool({ name: 'index_status', arguments: {} }));
    }
    assert.match(status, /: ready, /);
  });

  it('go on after the daemon was killed, and after it was stopped', async () => {
    const hatch = await project('Hatch');
    const { client, pid } = await overStdio(hatch);
    await search(client);
    const { pid: daemon } = await status();
    process.kill(daemon, 'SIGKILL');
    assert.match(firstText(await search(client)), /openHatch/);
    await cli.run(['stop']);
    assert.match(firstText(await search(client)), /openHatch/);
    assert.ok(isAlive(pid));
  });

  it('end the bridge with its client', async () => {
    const { client, pid } = await overStdio(cli.home);
    await client.close();
    const until = Date.now() + 10_000;
    while (isAlive(pid) && Date.now() < until) await new Promise((settle) => setTimeout(settle, 50));
    assert.ok(!isAlive(pid));
  });

  it('cancel a running job', async () => {
    const big = cli.folder('go-gateway');
    const { client } = await overStdio(big);
    const stop = new AbortController();
    const job = client.callTool(
      { name: 'index_directory', arguments: { path: big } },
      { signal: stop.signal, onprogress: ({ total }) => total !== undefined && stop.abort() },
    );
    await assert.rejects(job);
    const until = Date.now() + 10_000;
    let state = '';
    while (state !== 'partial' && Date.now() < until) {
      const { structuredContent } = await client.callTool({
        name: 'index_status',
        arguments: {},
        _meta: { [formKey]: 'structured' },
      });
      state = (structuredContent as { folders: { state: string }[] }).folders[0]?.state ?? '';
    }
    assert.equal(state, 'partial');
  });

  it('open the HTTP door with the token that the command prints, until it is rotated', async () => {
    const porch = await project('Porch');
    const where = await endpoint();
    assert.match(where.url, /^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    const client = await overHttp(where, [porch]);
    assert.match(firstText(await search(client)), /openPorch/);
    assert.equal((await cli.run(['mcp', 'token', 'rotate'])).code, 0);
    await assert.rejects(search(client));
    assert.match(firstText(await search(await overHttp(await endpoint(), [porch]))), /openPorch/);
    // The address stays when the daemon does not.
    await cli.run(['stop']);
    await cli.run(['start']);
    assert.equal((await endpoint()).url, where.url);
  });

  it('write what a client needs to start the bridge', async () => {
    const env = { HOME: cli.home, USERPROFILE: cli.home, APPDATA: cli.home, XDG_CONFIG_HOME: cli.home };
    const printed = await cli.run(['mcp', 'config', '--client', 'cursor'], { env });
    const {
      command,
      args,
      env: own,
    } = (
      JSON.parse(printed.stdout) as {
        mcpServers: { lantern: { command: string; args: string[]; env: Record<string, string> } };
      }
    ).mcpServers.lantern;
    const client = testClient(undefined, 'auto');
    clients.push(client);
    await client.connect(
      new StdioClientTransport({ command, args, env: own, cwd: cli.home, stderr: 'pipe' }),
    );
    assert.equal((await client.listTools()).tools.length, 7);
    const installed = await cli.run(['mcp', 'install', 'claude-code', 'codex', 'goose'], { env });
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(installed.stdout, /^(Added Lantern to .*\n){3}$/);
    const listed = await cli.run(['mcp', 'list'], { env });
    assert.match(listed.stdout, /claude-code +yes .*\n +codex +yes .*\n +goose +yes /);
    // Standard input is no terminal here.
    assert.equal((await cli.run(['mcp', 'uninstall'], { env })).code, 2);
    assert.equal((await cli.run(['mcp', 'uninstall', '--all'], { env })).code, 0);
    assert.equal((await cli.run(['mcp', 'config', '--client', 'emacs'], { env })).code, 2);
    assert.equal((await cli.run(['mcp', 'nonsense'])).code, 2);
  });

  it('are all served by one daemon with one model, each from its own folder', async () => {
    const names = ['Attic', 'Barn', 'Cellar', 'Dome', 'Eyrie', 'Forge', 'Grotto', 'Hall', 'Inn', 'Jetty'];
    const folders = await Promise.all(names.map(project));
    const where = await endpoint();
    const agents = await Promise.all(
      folders.map(async (folder, index) =>
        index % 2 === 0
          ? (await overStdio(folder, 'legacy', undefined, `agent-${index}`)).client
          : overHttp(where, [folder], `agent-${index}`),
      ),
    );
    const editors = folders
      .slice(0, 3)
      .map((path) =>
        asEditor((editor) => editor.request('lantern/search', { query: 'let the visitor in', path })),
      );
    const answers = await Promise.all(
      agents.flatMap((agent, index) =>
        Array.from({ length: 5 }, async () => [index, firstText(await search(agent))] as const),
      ),
    );
    for (const [index, text] of answers) assert.match(text, new RegExp(`open${names[index] ?? ''}`));
    for (const [index, { hits }] of (await Promise.all(editors)).entries()) {
      assert.match(hits[0]?.text ?? '', new RegExp(`open${names[index] ?? ''}`));
    }
    const { clients: sessions, agentSearches } = await status();
    const agentNames = sessions.map(({ name }) => name);
    for (const index of agents.keys())
      assert.ok(
        agentNames.some((name) => name.startsWith(`agent-${index}`)),
        agentNames.join(),
      );
    assert.ok(agentSearches.length >= 50);
    const { models } = await asEditor((editor) => editor.memory());
    assert.equal(models.length, 1);
    assert.equal(models[0]?.loads, 1);
  });
});
