import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dialOrSpawn } from '../../../shared/src/connection/dial.js';
import type { Connection, DialOrSpawnOptions } from '../../../shared/src/connection/dial.js';
import { currentUid, trustedEndpoint } from '../../../shared/src/connection/endpoint.js';
import type { BuildId } from '../../../shared/src/protocol/handshake.js';
import { spawnDaemon } from '../../../shared/src/connection/spawnDaemon.js';

/** Configuration of a test's daemons and clients. */
export interface DaemonSetup {
  readonly dataDir: string;
  readonly build: BuildId;
  readonly protocol?: number;
  readonly idleExitMs?: number;
  readonly drainMs?: number;
  readonly failAtStart?: boolean;
  /** Environment variables for the client and the daemon that it starts; '' unsets one. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Connects a client with this setup to its daemon. */
export async function reaching(setup: DaemonSetup): Promise<DialOrSpawnOptions> {
  const { dataDir, build, protocol = 1 } = setup;
  const env: Record<string, string | undefined> = { ...process.env };
  for (const [name, value] of Object.entries(setup.env ?? {})) env[name] = value === '' ? undefined : value;
  const uid = currentUid();
  const { platform } = process;
  return {
    endpoint: await trustedEndpoint({
      platform,
      env,
      uid,
      homedir: homedir(),
      dataDir,
      protocolVersion: protocol,
    }),
    dataDir,
    hello: { lantern: 1, protocol, build, client: 'test', pid: process.pid },
    spawn: () => {
      const spawned = spawnDaemon({
        execPath: process.execPath,
        script: fileURLToPath(new URL('./singletonDaemon.js', import.meta.url)),
        args: [JSON.stringify(setup)],
        env,
        dataDir,
        logPath: join(dataDir, 'output'),
      });
      // By its parent: the process itself would be unknown until it runs its first line.
      if (spawned.pid !== undefined) appendFileSync(join(dataDir, 'started'), `${spawned.pid}\n`);
      return spawned;
    },
  };
}

/** Starts processes that call a daemon for each message; see singletonClient.ts. */
export async function startClients(count: number): Promise<ChildProcess[]> {
  const program = fileURLToPath(new URL('./singletonClient.js', import.meta.url));
  const clients = Array.from({ length: count }, () => fork(program));
  await Promise.all(clients.map((client) => once(client, 'message')));
  return clients;
}

export async function endClients(clients: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    clients.map((client) => {
      const exit = once(client, 'exit');
      client.disconnect();
      return exit;
    }),
  );
}

/** Opens a session and leaves it open. */
export async function connect(setup: DaemonSetup): Promise<Connection> {
  return dialOrSpawn(await reaching(setup));
}

/** The pid of the daemon at the other end of an open session. */
export async function ping({ socket }: Connection, line = 'ping'): Promise<number> {
  socket.write(`${line}\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return Number(chunk.toString());
}

/** Opens a session, sends one request and closes it. */
export async function callDaemon(setup: DaemonSetup): Promise<number> {
  const connection = await connect(setup);
  try {
    return await ping(connection);
  } finally {
    connection.socket.destroy();
  }
}
