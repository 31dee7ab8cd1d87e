import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type Server, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type McpServer, fromJsonSchema } from '@modelcontextprotocol/server';
import { HttpTransport } from '../src/mcp/transports/httpTransport.js';
import { formKey } from '../src/mcp/answers/form.js';
import { createMcpServer } from '../src/mcp/mcpServer.js';
import { TestAgents } from './support/testAgent.js';
import { readToken } from '../src/mcp/transports/token.js';
import type { McpDependencies } from '../src/mcp/tool.js';
import { packageRoot } from '../src/paths.js';
import { Cli } from './support/cliHarness.js';
import { defaultHttpLimits } from '../src/mcp/transports/httpLimits.js';

const root = packageRoot(import.meta.url);
const conformance = join(root, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
const inspector = join(
  root,
  'node_modules',
  '@modelcontextprotocol',
  'inspector',
  'clients',
  'launcher',
  'build',
  'index.js',
);

/** Scenarios that ask nothing but what a server of tools has. `docs/agents.md` says why the others do not apply. */
const scenarios = [
  'server-initialize',
  'ping',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-error',
  'tools-call-with-progress',
  'json-schema-2020-12',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

describe('other implementations of the protocol', function () {
  this.timeout(120_000);
  const node = newerNode();
  let scratch: string;

  before(function () {
    // Both programs are written for a later Node than Lantern asks for.
    if (node === undefined) this.skip();
    scratch = mkdtempSync(join(tmpdir(), 'lantern-interop-'));
  });
  after(() => {
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  function run(
    script: string,
    args: readonly string[],
  ): Promise<{ code: number | null; stdout: string; all: string }> {
    const env = { ...process.env, HOME: scratch, NO_COLOR: '1' };
    const child = spawn(node ?? '', [script, ...args], {
      cwd: scratch,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (all += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, all }));
    });
  }

  describe('the official conformance scenarios', () => {
    let agents: TestAgents;
    let door: HttpTransport;
    let proxy: Server;
    let url: string;

    before(async () => {
      agents = new TestAgents();
      const limits = { ...defaultHttpLimits, requestsPerSecond: 1000, burst: 1000 };
      door = await HttpTransport.open(agents.deps, agents.home, { limits, makeServer: withScenarioTools });
      proxy = await addingToken(door.url, await readToken(agents.home));
      url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`;
    });
    after(async () => {
      proxy.close();
      proxy.closeAllConnections();
      await door.dispose();
      await agents.dispose();
    });

    for (const scenario of scenarios) {
      it(`pass: ${scenario}`, async () => {
        const { code, all } = await run(conformance, ['server', '--url', url, '--scenario', scenario]);
        assert.equal(code, 0, all.slice(0, 3000));
        assert.match(all, /Passed: [1-9]\d*\/\d+, 0 failed, 0 warnings/);
      });
    }
  });

  describe('the official inspector', () => {
    let cli: Cli;
    let folder: string;
    let doors: Record<string, string[]>;

    before(async () => {
      cli = new Cli();
      folder = cli.folder('multi-root/app');
      await cli.index(folder);
      const { url, headers } = JSON.parse((await cli.run(['mcp', 'config', '--client', 'http'])).stdout) as {
        url: string;
        headers: { Authorization: string };
      };
      doors = {
        http: [url, '--transport', 'http', '--header', `Authorization: ${headers.Authorization}`],
        stdio: ['-e', `LANTERN_HOME=${cli.home}`, '--cwd', folder],
      };
    });
    after(() => cli.dispose());

    /** One call; the program of the stdio door comes last. */
    async function inspect(door: string, args: readonly string[]): Promise<string> {
      const program = door === 'stdio' ? [process.execPath, join(root, 'dist', 'lantern.js'), 'mcp'] : [];
      const { code, stdout, all } = await run(inspector, [
        '--cli',
        ...(doors[door] ?? []),
        ...args,
        ...program,
      ]);
      assert.equal(code, 0, all.slice(0, 3000));
      return stdout;
    }

    for (const door of ['http', 'stdio']) {
      it(`lists the tools over ${door}, and finds their schemas portable`, async () => {
        const listed = await inspect(door, ['--method', 'tools/list', '--strict']);
        const { tools } = JSON.parse(listed) as { tools: { name: string }[] };
        assert.equal(tools.length, 7);
      });

      it(`calls every tool over ${door}`, async () => {
        const calls: [string, Record<string, unknown>][] = [
          ['index_directory', { path: folder }],
          ['search_code', { query: 'start', folder }],
          ['find_related', { path: join(folder, firstFile(folder)), line: 1 }],
          ['index_status', { folder }],
          ['list_folders', {}],
          ['get_cache_info', {}],
          ['clear_embedding_cache', {}],
        ];
        for (const [name, args] of calls) {
          const method = [
            '--method',
            'tools/call',
            '--tool-name',
            name,
            '--tool-args-json',
            JSON.stringify(args),
          ];
          const answer = JSON.parse(await inspect(door, method)) as {
            isError?: boolean;
            content: { type: string }[];
            structuredContent?: unknown;
          };
          assert.ok(answer.isError !== true, JSON.stringify(answer));
          assert.equal(answer.content[0]?.type, 'text', name);
          assert.equal(answer.structuredContent, undefined, name);
          const asked = ['--tool-metadata', `${formKey}=structured`, ...method];
          const structured = JSON.parse(await inspect(door, asked)) as { structuredContent?: unknown };
          assert.ok(structured.structuredContent !== undefined, name);
        }
      });
    }
  });
});

/** A source file of a folder, relative to it. */
function firstFile(folder: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
    /\.(ts|js)$/.test(name),
  );
  assert.ok(found !== undefined);
  return found;
}

/** This Node if it is recent enough, else one that the tests of the extension have installed. */
function newerNode(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  const { LANTERN_TEST_CACHE: chosen, XDG_CACHE_HOME: xdg } = process.env;
  const cache = chosen ?? join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'lantern-test');
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .filter((name) => !name.endsWith('.partial'))
    .map((name) =>
      join(cache, name, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node'),
    )
    .find((path) => existsSync(path));
}

/** Stands between a program that knows no tokens and the door. */
function addingToken(target: string, token: string): Promise<Server> {
  const { hostname, port } = new URL(target);
  const server = createServer((request, response) => {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const { method, url: path } = request;
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Our server with the tools beside ours that the scenarios call by name. */
function withScenarioTools(deps: McpDependencies): McpServer {
  const server = createMcpServer(deps);
  server.registerTool('test_simple_text', { description: 'Answers with a text' }, () => ({
    content: [{ type: 'text', text: 'This is a simple text response for testing.' }],
  }));
  server.registerTool('test_error_handling', { description: 'Fails' }, () => ({
    isError: true,
    content: [{ type: 'text', text: 'This tool intentionally returns an error for testing' }],
  }));
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Tells of its progress' },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken ?? 0;
      for (const progress of [0, 50, 100]) {
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100 },
        });
      }
      return { content: [{ type: 'text', text: String(progressToken) }] };
    },
  );
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description: 'Takes what a schema can say',
      inputSchema: fromJsonSchema({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: {
          address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } },
        },
        properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
        additionalProperties: false,
      }),
    },
    () => ({ content: [] }),
  );
  return server;
}
