import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { dataDir } from '../../../../shared/src/connection/dataDir.js';
import { LanternError } from '../../../../shared/src/errors.js';
import { reachDaemon } from '../../../../shared/src/connection/reachDaemon.js';
import { Bridge } from '../../mcp/transports/bridge.js';
import { bridgeClient } from '../../mcp/transports/bridgeHello.js';
import {
  type BridgeCommand,
  clientConfig,
  writeClientConfig,
} from '../../../../shared/src/connection/clientConfig.js';
import { endpointFile } from '../../mcp/transports/endpointFile.js';
import { readToken, rotateToken, tokenPath } from '../../mcp/transports/token.js';

export interface McpOptions {
  readonly client?: string | undefined;
  readonly write?: boolean | undefined;
}

/** `lantern mcp …`. This file imports only what the bridge needs, which runs as long as the agent's session. */
export async function mcpCommand(
  words: readonly string[],
  options: McpOptions,
  print: (text: string) => void,
): Promise<number> {
  const [word, ...rest] = words;
  if (word === undefined) return runBridge();
  if (word === 'config' && rest.length === 0) return config(options, print);
  if (word === 'token' && rest[0] === 'rotate') return rotate(print);
  throw new LanternError(
    'bad-request',
    'Did you mean: lantern mcp, lantern mcp config --client NAME [--write], or lantern mcp token rotate',
  );
}

/** A program of the build, which is beside this one. */
const program = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

async function runBridge(): Promise<number> {
  const bridge = new Bridge({
    input: process.stdin,
    output: process.stdout,
    workingDirectory: process.cwd(),
    reach: async () => (await reachDaemon({ client: bridgeClient, script: program('daemon.js') })).socket,
  });
  await bridge.run();
  // Standard input may stay open when the output was closed.
  process.stdin.destroy();
  return 0;
}

/** How a client starts the bridge: with the running program, independent of the client's PATH. */
function bridgeCommand(): BridgeCommand {
  const home = process.env['LANTERN_HOME'];
  return {
    command: process.execPath,
    args: [program('lantern.js'), 'mcp'],
    env: {
      ...(process.versions['electron'] !== undefined && { ELECTRON_RUN_AS_NODE: '1' }),
      ...(home && { LANTERN_HOME: dataDir() }),
    },
  };
}

async function config({ client, write }: McpOptions, print: (text: string) => void): Promise<number> {
  if (client === 'http') return httpConfig(print);
  const where = { env: process.env, platform: process.platform, home: homedir() };
  const name = client ?? '';
  if (write !== true) {
    const { title, file, text } = clientConfig(name, bridgeCommand(), where);
    process.stderr.write(`For ${title}, in ${file} (--write puts it there):\n`);
    print(text.trimEnd());
    return 0;
  }
  const { next, title } = clientConfig(name, bridgeCommand(), where);
  const { file, outcome, backup } = await writeClientConfig(name, bridgeCommand(), where);
  const kept = backup === undefined ? '' : ` What it was is in ${backup}.`;
  print(
    outcome === 'unchanged'
      ? `${file} has Lantern already. ${next}`
      : `Added Lantern to ${title} in ${file}.${kept} ${next}`,
  );
  return 0;
}

async function httpConfig(print: (text: string) => void): Promise<number> {
  let endpoint: { readonly url: string };
  try {
    endpoint = JSON.parse(await readFile(endpointFile(dataDir()), 'utf8')) as { url: string };
  } catch {
    throw new LanternError(
      'unavailable',
      'No daemon has opened its HTTP endpoint yet. Run “lantern start” first.',
    );
  }
  const headers = { Authorization: `Bearer ${await readToken(dataDir())}` };
  process.stderr.write(
    'Whoever has the token below can search your indexed folders. “lantern start” starts the server.\n',
  );
  print(JSON.stringify({ type: 'http', url: endpoint.url, headers }, null, 2));
  return 0;
}

async function rotate(print: (text: string) => void): Promise<number> {
  await rotateToken(dataDir());
  print(
    `Made a new token in ${tokenPath(dataDir())}; the old one is refused from now on. ` +
      'Clients over HTTP need the new one: lantern mcp config --client http',
  );
  return 0;
}
