import { dirname, join } from 'node:path';
import { LanternError } from '../errors.js';
import type { Agent, AgentEnvironment, BridgeCommand, Entry } from './agent.js';

/** Where applications of the desktop keep the user's settings. */
function applicationData({ env, platform, home }: AgentEnvironment): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  return xdgConfig({ env, platform, home });
}

/** Where programs for the terminal keep them, on every platform. */
function xdgConfig({ env, home }: AgentEnvironment): string {
  const xdg = env['XDG_CONFIG_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.config');
}

const vscodeUser = (where: AgentEnvironment): string => join(applicationData(where), 'Code', 'User');

/** A file in a folder of the agent's own, which a variable of the environment can move. */
const inHome =
  (folder: string, file: string, variable?: string) =>
  ({ env, home }: AgentEnvironment): string[] => [
    join((variable === undefined ? undefined : env[variable]) ?? join(home, folder), file),
  ];

const standard = ({ command, args, env }: BridgeCommand): Entry => ({
  command,
  args: [...args],
  ...(Object.keys(env).length > 0 && { env }),
});

/** Command and arguments in one array. */
const oneArray = ({ command, args, env }: BridgeCommand): Entry => ({
  type: 'local',
  command: [command, ...args],
  enabled: true,
  ...(Object.keys(env).length > 0 && { environment: env }),
});

const typed = (command: BridgeCommand): Entry => ({ type: 'stdio', ...standard(command) });

const mcpServers = { syntax: 'json', servers: 'mcpServers', entry: standard } as const;

/** The agents in the order in which they are listed. */
export const agents: readonly Agent[] = [
  {
    id: 'claude-code',
    title: 'Claude Code',
    ...mcpServers,
    files: ({ env, home }) => [join(env['CLAUDE_CONFIG_DIR'] ?? home, '.claude.json')],
    signs: ({ env, home }) => {
      const folder = env['CLAUDE_CONFIG_DIR'];
      return folder === undefined ? [join(home, '.claude'), join(home, '.claude.json')] : [folder];
    },
    project: ['.mcp.json'],
    entry: typed,
    next: 'Start a new session; /mcp there shows the server.',
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    ...mcpServers,
    files: (where) => [join(applicationData(where), 'Claude', 'claude_desktop_config.json')],
    next: 'Quit and start Claude Desktop.',
  },
  {
    id: 'codex',
    title: 'Codex',
    syntax: 'toml',
    servers: 'mcp_servers',
    files: inHome('.codex', 'config.toml', 'CODEX_HOME'),
    project: ['.codex/config.toml'],
    entry: standard,
  },
  {
    id: 'cursor',
    title: 'Cursor',
    ...mcpServers,
    files: inHome('.cursor', 'mcp.json'),
    project: ['.cursor/mcp.json'],
    next: 'Settings → MCP shows the server.',
  },
  {
    id: 'vscode',
    title: 'VS Code',
    syntax: 'json',
    servers: 'servers',
    files: (where) => [join(vscodeUser(where), 'mcp.json')],
    project: ['.vscode/mcp.json'],
    entry: typed,
    next: 'Run “MCP: List Servers”. With the Lantern extension installed none of this is needed.',
  },
  {
    id: 'gemini-cli',
    title: 'Gemini CLI',
    ...mcpServers,
    files: inHome('.gemini', 'settings.json'),
    project: ['.gemini/settings.json'],
  },
  {
    id: 'opencode',
    title: 'OpenCode',
    syntax: 'json',
    servers: 'mcp',
    files: (where) =>
      ['opencode.jsonc', 'opencode.json'].map((file) => join(xdgConfig(where), 'opencode', file)),
    project: ['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'],
    entry: oneArray,
  },
  {
    id: 'github-copilot-cli',
    title: 'GitHub Copilot CLI',
    ...mcpServers,
    files: inHome('.copilot', 'mcp-config.json', 'COPILOT_HOME'),
    project: ['.mcp.json'],
    entry: (command, scope) => ({ ...typed(command), ...(scope === 'user' && { tools: ['*'] }) }),
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    ...mcpServers,
    files: inHome('.codeium/windsurf', 'mcp_config.json'),
  },
  {
    id: 'zed',
    title: 'Zed',
    syntax: 'json',
    servers: 'context_servers',
    files: (where) =>
      where.platform === 'win32'
        ? [join(applicationData(where), 'Zed', 'settings.json')]
        : [join(xdgConfig(where), 'zed', 'settings.json')],
    project: ['.zed/settings.json'],
    entry: standard,
  },
  {
    id: 'cline',
    title: 'Cline in VS Code',
    ...mcpServers,
    files: (where) => [
      join(
        ...[vscodeUser(where), 'globalStorage', 'saoudrizwan.claude-dev', 'settings'],
        'cline_mcp_settings.json',
      ),
    ],
  },
  {
    id: 'cline-cli',
    title: 'Cline CLI',
    ...mcpServers,
    files: inHome('.cline', 'data/settings/cline_mcp_settings.json', 'CLINE_DIR'),
  },
  {
    id: 'kilo-code',
    title: 'Kilo Code',
    syntax: 'json',
    servers: 'mcp',
    files: (where) => ['kilo.json', 'kilo.jsonc'].map((file) => join(xdgConfig(where), 'kilo', file)),
    signs: (where) => [
      join(xdgConfig(where), 'kilo'),
      join(vscodeUser(where), 'globalStorage', 'kilocode.kilo-code'),
    ],
    project: ['kilo.json', 'kilo.jsonc', '.kilo/kilo.json', '.kilo/kilo.jsonc'],
    entry: oneArray,
  },
  {
    id: 'goose',
    title: 'Goose',
    syntax: 'yaml',
    servers: 'extensions',
    files: (where) =>
      where.platform === 'win32'
        ? [join(applicationData(where), 'Block', 'goose', 'config', 'config.yaml')]
        : [join(xdgConfig(where), 'goose', 'config.yaml')],
    entry: ({ command, args, env }) => ({
      name: 'lantern',
      description: 'Semantic code search',
      type: 'stdio',
      enabled: true,
      cmd: command,
      args: [...args],
      envs: env,
      timeout: 300,
    }),
  },
  {
    id: 'antigravity',
    title: 'Antigravity',
    ...mcpServers,
    files: inHome('.gemini/config', 'mcp_config.json'),
  },
  {
    id: 'kiro-cli',
    title: 'Kiro',
    ...mcpServers,
    files: inHome('.kiro/settings', 'mcp.json'),
    signs: ({ home }) => [join(home, '.kiro')],
    project: ['.kiro/settings/mcp.json'],
  },
  {
    id: 'kimi-code',
    title: 'Kimi Code',
    ...mcpServers,
    files: inHome('.kimi-code', 'mcp.json', 'KIMI_CODE_HOME'),
    project: ['.kimi-code/mcp.json'],
    entry: (command) => ({ transport: 'stdio', ...standard(command) }),
  },
  {
    id: 'grok-build',
    title: 'Grok Build',
    syntax: 'toml',
    servers: 'mcp_servers',
    files: inHome('.grok', 'config.toml', 'GROK_HOME'),
    project: ['.grok/config.toml'],
    entry: standard,
  },
  {
    id: 'pi',
    title: 'Pi',
    ...mcpServers,
    files: inHome('.pi/agent', 'mcp.json', 'PI_CODING_AGENT_DIR'),
    project: ['.pi/mcp.json'],
  },
  {
    id: 'mastracode',
    title: 'Mastra Code',
    ...mcpServers,
    files: inHome('.mastracode', 'mcp.json'),
    project: ['.mastracode/mcp.json'],
  },
  {
    id: 'mcporter',
    title: 'MCPorter',
    ...mcpServers,
    files: ({ home }) => ['mcporter.json', 'mcporter.jsonc'].map((file) => join(home, '.mcporter', file)),
    project: ['config/mcporter.json'],
  },
  {
    id: 'fx',
    title: 'fx',
    syntax: 'json',
    servers: 'mcp',
    files: inHome('.fx', 'mcp.json'),
    entry: oneArray,
  },
];

/** Throws when no agent has this name. */
export function agentNamed(id: string): Agent {
  const agent = agents.find((one) => one.id === id);
  if (agent !== undefined) return agent;
  const names = agents.map((one) => one.id).join(', ');
  throw new LanternError('bad-request', `“${id}” is no agent that Lantern knows. It knows ${names}.`);
}

/** Paths of which one exists where the agent is installed. */
export const signsOf = ({ files, signs }: Agent, where: AgentEnvironment): readonly string[] =>
  signs?.(where) ?? files(where).map((file) => dirname(file));
