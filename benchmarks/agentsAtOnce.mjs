import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Workspace, fixtures, percentile, questions } from './workspace.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = join(root, 'dist', 'lantern.js');

const agentCount = 10;
const windowCount = 3;
const queriesEach = 40;
/** Think time between an answer and the next query; it varies from half to one and a half. */
const thinkMs = 1000;
const goal = 3;

/** Ten agents and three windows, each in its own folder, against one agent alone. */
export const agentsAtOnce = {
  what: 'p95 of a search by ten agents and three windows at once against that of one agent alone',
  async run(say) {
    const workspace = new Workspace();
    const agents = [];
    try {
      const asked = questions('typescript-shop');
      const folders = Array.from({ length: agentCount }, () => {
        const folder = workspace.folder(0);
        cpSync(join(fixtures, 'typescript-shop'), folder, { recursive: true });
        return folder;
      });
      const windows = [];
      for (let i = 0; i < windowCount; i++) windows.push(await workspace.client());
      for (const path of folders) await windows[0].request('lantern/index', { path });
      for (const [index, folder] of folders.entries()) {
        agents.push(
          await (index % 2 === 0 ? overStdio(workspace.home, folder) : overHttp(workspace.home, folder)),
        );
      }
      say(
        `${agentCount} agents (half over stdio, half over HTTP) and ${windowCount} windows, ${queriesEach} searches each`,
      );

      const byAgent = (index) => async (query) => {
        const { structuredContent, isError } = await agents[index].callTool({
          name: 'search_code',
          arguments: { query },
          _meta: { 'lantern/form': 'structured' },
        });
        if (isError) throw new Error(`an agent got an error for "${query}"`);
        const { folders: searched, hits } = structuredContent;
        if (hits.length === 0 || searched.join() !== folders[index])
          throw new Error('an answer from another folder');
      };
      const byWindow = (index) => async (query) => {
        const { hits } = await windows[index].request('lantern/search', { path: folders[index], query });
        if (hits.some(({ folder }) => folder !== folders[index]))
          throw new Error('a hit from another folder');
      };
      const times = async (search, count) => {
        const found = [];
        for (let i = 0; i < count; i++) {
          await sleep(thinkMs * (0.5 + Math.random()));
          const began = performance.now();
          await search(asked[i % asked.length]);
          found.push(performance.now() - began);
        }
        return found;
      };

      for (const index of folders.keys()) await byAgent(index)(asked[0]);
      const alone = await times(byAgent(0), queriesEach);
      const aloneHttp = await times(byAgent(1), queriesEach);
      const together = (
        await Promise.all([
          ...folders.map((_, index) => times(byAgent(index), queriesEach)),
          ...windows.map((_, index) => times(byWindow(index), queriesEach)),
        ])
      ).flat();
      const { models, clients } = await windows[0].request('lantern/memory', {});
      if (models.length !== 1 || models[0].loads !== 1) throw new Error('more than one model was loaded');
      say(`one model, loaded once, for ${clients.length} clients`);

      const single = percentile([...alone, ...aloneHttp], 0.95);
      const all = percentile(together, 0.95);
      return [
        { measure: 'one agent alone, p50', value: percentile([...alone, ...aloneHttp], 0.5), unit: 'ms' },
        { measure: 'one agent alone, p95', value: single, unit: 'ms' },
        { measure: 'all at once, p50', value: percentile(together, 0.5), unit: 'ms' },
        { measure: 'all at once, p95', value: all, unit: 'ms' },
        {
          measure: 'p95 at once / alone',
          value: all / single,
          unit: 'x',
          goal: `≤ ${goal}`,
          met: all <= goal * single,
        },
      ];
    } finally {
      for (const agent of agents) await agent.close().catch(() => undefined);
      workspace.dispose();
    }
  },
};

function newClient() {
  return new Client({ name: 'bench-agent', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } });
}

async function overStdio(home, cwd) {
  const client = newClient();
  const env = { PATH: process.env.PATH ?? '', LANTERN_HOME: home };
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp'],
      cwd,
      env,
      stderr: 'ignore',
    }),
  );
  return client;
}

async function overHttp(home, folder) {
  const env = { ...process.env, LANTERN_HOME: home };
  const { stdout } = spawnSync(process.execPath, [program, 'mcp', 'config', '--client', 'http'], { env });
  const { url, headers } = JSON.parse(stdout.toString());
  const client = new Client(
    { name: 'bench-agent', version: '1.0.0' },
    { capabilities: { roots: {} }, versionNegotiation: { mode: 'legacy' } },
  );
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: `file://${folder}` }] }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}
