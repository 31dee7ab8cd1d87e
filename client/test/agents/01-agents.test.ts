import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { boxHasFocus, eventually, indexed, lantern, showNotifications } from '../support/lantern.js';

const row = '.quick-input-list .monaco-list-row';
const names = [
  ...['clear_embedding_cache', 'find_related', 'get_cache_info', 'index_directory', 'index_status'],
  ...['list_folders', 'search_code'],
];

/** The editor's name of one of Lantern's tools: it puts the server's before ours. */
function toolNamed(name: string): string | undefined {
  return vscode.lm.tools.find((tool) => /lantern/i.test(tool.name) && tool.name.endsWith(name))?.name;
}

async function call(name: string, input: object): Promise<string> {
  const result = await vscode.lm.invokeTool(toolNamed(name) ?? name, {
    input,
    toolInvocationToken: undefined,
  });
  return result.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))
    .join('\n');
}

/** Types a command's title into the palette and runs it. */
async function runTyped(title: string): Promise<void> {
  await person.press('F1');
  await boxHasFocus();
  await person.type(title);
  await eventually('the command is offered', async () =>
    (await person.sees('.quick-input-list .focused')).some((text) => text.includes(title)),
  );
  await person.press('Enter');
}

/** Moves to a row with the keyboard and takes it. */
async function take(text: string): Promise<void> {
  await boxHasFocus();
  await eventually(`“${text}” is offered`, async () =>
    (await person.sees(row)).some((one) => one.includes(text)),
  );
  await person.click(`${row}:has-text("${text}")`);
}

describe("the editor's own agents", () => {
  before(async () => {
    await indexed();
  });

  it('are told when to use it, while it may be used', async () => {
    interface Told {
      readonly type: string;
      readonly extensionId: string;
      readonly uri: { readonly path: string };
    }
    const told = async (): Promise<string[]> =>
      (await vscode.commands.executeCommand<Told[]>('_listExtensionPromptFiles'))
        .filter(({ extensionId }) => extensionId === 'lantern.lantern')
        .map(({ type, uri }) => `${type} ${uri.path.split('/').slice(-2).join('/')}`)
        .sort();
    assert.deepEqual(await told(), [
      'instructions instructions/lantern.instructions.md',
      'skill lantern-code-search/SKILL.md',
    ]);
    const settings = vscode.workspace.getConfiguration('lantern');
    await settings.update('mcp.enabled', false, vscode.ConfigurationTarget.Global);
    await eventually('they are told nothing of it', async () => (await told()).length === 0);
    await settings.update('mcp.enabled', undefined, vscode.ConfigurationTarget.Global);
    await eventually('they are told of it again', async () => (await told()).length === 2);
  });

  it('list Lantern with nothing configured, and start it', async () => {
    await runTyped('MCP: List Servers');
    await eventually('Lantern is listed', async () =>
      (await person.sees(row)).some((text) => text.includes('Lantern')),
    );
    await person.photograph('mcp-servers');
    await take('Lantern');
    await take('Start Server');
    await eventually('its tools are there', () => names.every((name) => toolNamed(name) !== undefined));
    // Its output came up with the start.
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  it('find code of the open folder', async () => {
    const answer = await call('search_code', { query: 'throttle clients that send too many requests' });
    // The text: had the answer a structured form, the editor would show the model that in its place.
    assert.match(answer, /^Hits 1-\d+ of \d+\+?\. .*\n/);
    assert.match(answer, /^\[1\] src\/http\/rateLimiter\.ts:\d+-\d+/m);
    // The bridge is a client of the daemon that this window uses, and brings no model of its own.
    const { client } = await lantern();
    const { clients, daemon, models } = await client.request('lantern/memory', {});
    assert.deepEqual(client.state, { kind: 'connected', pid: daemon.pid });
    assert.ok(clients.length >= 2, JSON.stringify(clients));
    assert.ok(models.length <= 1);
  });

  it('are shown in the memory view with what they looked for', async () => {
    await call('search_code', { query: 'money that goes back to the customer' });
    await vscode.commands.executeCommand('lantern.showMemory');
    await eventually('the search is there', async () =>
      (await person.sees('#root')).some((text) => text.includes('money that goes back to the customer')),
    );
    await person.hover('#root table:has-text("money that goes back")');
    await person.photograph('memory-agents');
  });

  it('lose the server when it is switched off, and have it back when it is on', async () => {
    const setting = vscode.workspace.getConfiguration('lantern.mcp');
    const listed = async (): Promise<boolean> => {
      // It settles only when a server has been picked.
      void vscode.commands.executeCommand('workbench.mcp.listServer');
      await eventually('the list', async () => (await person.sees(row)).length > 0);
      const found = (await person.sees(row)).some((text) => text.includes('Lantern'));
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      return found;
    };
    await setting.update('enabled', false, vscode.ConfigurationTarget.Global);
    await eventually('it is gone', async () => !(await listed()));
    await setting.update('enabled', undefined, vscode.ConfigurationTarget.Global);
    await eventually('it is back', listed);
    await (await lantern()).settings.settled();
  });
});

describe('connecting another agent', () => {
  let home: string;
  const before = { home: process.env['HOME'], claude: process.env['CLAUDE_CONFIG_DIR'] };

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lantern-agent-'));
    process.env['HOME'] = process.env['USERPROFILE'] = home;
    process.env['CLAUDE_CONFIG_DIR'] = home;
  });

  afterEach(async () => {
    restore('HOME', before.home);
    restore('CLAUDE_CONFIG_DIR', before.claude);
    await vscode.commands.executeCommand('notifications.clearAll');
    await rm(home, { recursive: true, force: true });
  });

  it('adds the server to its configuration, and keeps what is there', async () => {
    const file = join(home, '.claude.json');
    const before = JSON.stringify({ theme: 'dark', mcpServers: { other: { command: 'x' } } });
    await writeFile(file, before);
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await runTyped('Lantern: Connect an Agent');
    await eventually('the agents are offered', async () => (await person.sees(row)).length >= 5);
    await person.photograph('connect-agent');
    await take('Claude Code');
    const written = await eventually('it is added', async () => {
      const config = JSON.parse(await readFile(file, 'utf8')) as Config;
      return config.mcpServers['lantern'] === undefined ? undefined : config;
    });
    assert.equal(written.theme, 'dark');
    assert.deepEqual(written.mcpServers['other'], { command: 'x' });
    await showNotifications();
    await eventually('it says where', async () =>
      (await person.sees('.notification-list-item')).some((text) => text.includes(file)),
    );
    assert.deepEqual(await toolsOf(written.mcpServers['lantern']!), names);
    await vscode.commands.executeCommand('notifications.clearAll');
    void vscode.commands.executeCommand('lantern.connectAgent');
    await take('Claude Code');
    await showNotifications();
    await person.click('.notification-list-item .monaco-button:text-is("Disconnect")');
    await eventually('it is as before', async () => (await readFile(file, 'utf8')) === before);
  });

  it('copies the command for an agent that it does not know', async () => {
    await vscode.env.clipboard.writeText('');
    void vscode.commands.executeCommand('lantern.connectAgent');
    await take('Another agent');
    const text = await eventually(
      'it is copied',
      async () => (await vscode.env.clipboard.readText()) || undefined,
    );
    const { mcpServers } = JSON.parse(text) as Config;
    assert.deepEqual(await toolsOf(mcpServers['lantern']!), names);
  });
});

interface Config {
  readonly theme?: string;
  readonly mcpServers: Record<string, { command: string; args?: string[]; env?: Record<string, string> }>;
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

/** Starts a configured server as an agent does, and gives the names of its tools. */
async function toolsOf({ command, args = [], env }: Config['mcpServers'][string]): Promise<string[]> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const send = (message: object): void => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    };
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'configured agent', version: '1' },
    };
    send({ id: 1, method: 'initialize', params });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/list', params: {} });
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      text += chunk as string;
      const answers = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Answer);
      const answer = answers.find(({ id }) => id === 2);
      if (answer !== undefined) return answer.result.tools.map(({ name }) => name).sort();
    }
    throw new Error(`${command} ended with ${child.exitCode} and said: ${text}`);
  } finally {
    child.kill();
  }
}

interface Answer {
  readonly id: number;
  readonly result: { readonly tools: readonly { readonly name: string }[] };
}
