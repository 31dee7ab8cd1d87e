import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dataDir } from '../../../../shared/src/connection/dataDir.js';
import { LanternError } from '../../../../shared/src/errors.js';
import { reachDaemon } from '../../../../shared/src/connection/reachDaemon.js';
import { Bridge } from '../../mcp/transports/bridge.js';
import { bridgeClient } from '../../mcp/transports/bridgeHello.js';
import type { Values } from '../options.js';
import { endpointFile } from '../../mcp/transports/endpointFile.js';
import { readToken, rotateToken, tokenPath } from '../../mcp/transports/token.js';

/** `lantern mcp …`. This file imports only what the bridge needs, which runs as long as the agent's session. */
export async function mcpCommand(
  words: readonly string[],
  options: Values,
  print: (text: string) => void,
): Promise<number> {
  const [word, ...rest] = words;
  if (word === undefined) return runBridge();
  if (word === 'token' && rest[0] === 'rotate') return rotate(print);
  if (word === 'config' && options.client === 'http') return httpConfig(print);
  // Loaded only here, because the bridge must stay small.
  const agents = await import('./agents.js');
  const commands = agents.agentCommands(program('lantern.js'), print);
  if (word === 'install') return commands.install(rest, options);
  if (word === 'uninstall') return commands.uninstall(rest, options);
  if (word === 'list' && rest.length === 0) return commands.list(options);
  if (word === 'config' && rest.length === 0) return commands.config(options);
  throw new LanternError(
    'bad-request',
    'Did you mean: lantern mcp, lantern mcp install, uninstall, list or config, or lantern mcp token rotate',
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
