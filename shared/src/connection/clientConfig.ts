import { copyFile, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LanternError, errorMessage, systemCode } from '../errors.js';

/** What the paths of the clients' files depend on. Tests give their own. */
export interface ClientEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** How a client starts the bridge. */
export interface BridgeCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface ClientKind {
  readonly title: string;
  readonly file: (environment: ClientEnvironment) => string;
  /** The member that has the servers by name. */
  readonly servers: string;
  /** Whether an entry states that it is a command. */
  readonly typed: boolean;
  /** What the user does next. */
  readonly next: string;
}

const kinds: Readonly<Record<string, ClientKind>> = {
  'claude-code': {
    title: 'Claude Code',
    file: ({ env, home }) => join(env['CLAUDE_CONFIG_DIR'] ?? home, '.claude.json'),
    servers: 'mcpServers',
    typed: true,
    next: 'Start a new session; /mcp there shows the server.',
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    file: (where) => join(applicationData(where), 'Claude', 'claude_desktop_config.json'),
    servers: 'mcpServers',
    typed: false,
    next: 'Quit and start Claude Desktop.',
  },
  cursor: {
    title: 'Cursor',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    servers: 'mcpServers',
    typed: false,
    next: 'Settings → MCP shows the server.',
  },
  vscode: {
    title: 'VS Code',
    file: (where) => join(applicationData(where), 'Code', 'User', 'mcp.json'),
    servers: 'servers',
    typed: true,
    next: 'Run “MCP: List Servers”. With the Lantern extension installed none of this is needed.',
  },
};

export const clientNames: readonly string[] = Object.keys(kinds);

/** Name of the server in clients. */
const serverName = 'lantern';

function applicationData({ env, platform, home }: ClientEnvironment): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  const xdg = env['XDG_CONFIG_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.config');
}

export interface ClientConfig {
  readonly title: string;
  readonly file: string;
  /** The content of a file that has only this server. */
  readonly text: string;
  readonly next: string;
}

/** The entry for a client, and the file that it belongs to. */
export function clientConfig(client: string, command: BridgeCommand, where: ClientEnvironment): ClientConfig {
  const kind = kindOf(client);
  const text = JSON.stringify({ [kind.servers]: { [serverName]: entryOf(kind, command) } }, null, 2);
  return { title: kind.title, file: kind.file(where), text: `${text}\n`, next: kind.next };
}

export interface WrittenConfig {
  readonly file: string;
  readonly outcome: 'written' | 'unchanged';
  /** Copy of the previous file; undefined when there was none. */
  readonly backup: string | undefined;
}

/**
 * Adds the bridge to a client's file. Everything else in it stays, and a copy of the previous file is kept beside it.
 */
export async function writeClientConfig(
  client: string,
  command: BridgeCommand,
  where: ClientEnvironment,
): Promise<WrittenConfig> {
  const kind = kindOf(client);
  const named = kind.file(where);
  // A file that is a link to elsewhere stays a link.
  const file = await realpath(named).catch(() => named);
  const before = await readIfThere(file);
  const root = before === undefined || before.trim() === '' ? {} : parsed(before, file);
  const servers = root[kind.servers] ?? {};
  if (!isObject(servers)) {
    throw new LanternError(
      'bad-request',
      `${file}: "${kind.servers}" is no object. Correct it and try again.`,
    );
  }
  const entry = entryOf(kind, command);
  if (JSON.stringify(servers[serverName]) === JSON.stringify(entry)) {
    return { file, outcome: 'unchanged', backup: undefined };
  }
  const after = { ...root, [kind.servers]: { ...servers, [serverName]: entry } };
  const indent = /^([ \t]+)"/m.exec(before ?? '')?.[1] ?? '  ';
  await mkdir(dirname(file), { recursive: true });
  const backup = before === undefined ? undefined : `${file}.before-lantern`;
  if (backup !== undefined) await copyFile(file, backup);
  const mode = before === undefined ? 0o600 : (await stat(file)).mode & 0o777;
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(after, null, indent)}\n`, { mode });
  await rename(temporary, file);
  return { file, outcome: 'written', backup };
}

function kindOf(client: string): ClientKind {
  const kind = Object.hasOwn(kinds, client) ? kinds[client] : undefined;
  if (kind !== undefined) return kind;
  const names = [...clientNames, 'http'].join(', ');
  throw new LanternError('bad-request', `"${client}" is no client that is known. Name one of ${names}.`);
}

function entryOf({ typed }: ClientKind, { command, args, env }: BridgeCommand): Record<string, unknown> {
  return {
    ...(typed && { type: 'stdio' }),
    command,
    args: [...args],
    ...(Object.keys(env).length > 0 && { env }),
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\ufeff/, '');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new LanternError('not-readable', `${file} could not be read: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
}

function parsed(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value)) return value;
  throw new LanternError(
    'bad-request',
    `${file} is no plain JSON object (comments, perhaps), so it is left as it is. Add the server by hand: run this command without --write.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
