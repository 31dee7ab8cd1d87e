import { homedir } from 'node:os';
import { join } from 'node:path';
import { build } from '../protocol/build.js';
import { dataDir } from './dataDir.js';
import { type Connection, type DialTarget, dialOrSpawn } from './dial.js';
import { currentUid, trustedEndpoint } from './endpoint.js';
import { type ClientHello, handshakeVersion } from '../protocol/handshake.js';
import { PROTOCOL_VERSION } from '../protocol/protocol.js';
import { runtimeScript } from './runtimeCopy.js';
import { spawnDaemon } from './spawnDaemon.js';

/** Where the daemon of this user and environment is. */
export async function daemonTarget(): Promise<DialTarget> {
  const data = dataDir();
  const endpoint = await trustedEndpoint({
    platform: process.platform,
    env: process.env,
    uid: currentUid(),
    homedir: homedir(),
    dataDir: data,
    protocolVersion: PROTOCOL_VERSION,
  });
  return { endpoint, dataDir: data };
}

/** How a client of this build introduces itself. */
export function helloOf(client: string): Omit<ClientHello, 'intent'> {
  return { lantern: handshakeVersion, protocol: PROTOCOL_VERSION, build, client, pid: process.pid };
}

export interface ReachOptions {
  /** Who asks, for the log and the ledger. */
  readonly client: string;
  /** The daemon's program, run by this process's own executable where no daemon runs. */
  readonly script: string;
  readonly signal?: AbortSignal | undefined;
}

/** A connection to the daemon, which is started where none runs. */
export async function reachDaemon({ client, script, signal }: ReachOptions): Promise<Connection> {
  const at = await daemonTarget();
  return dialOrSpawn({
    ...at,
    hello: helloOf(client),
    signal,
    spawn: async () =>
      spawnDaemon({
        execPath: process.execPath,
        script: await runtimeScript({ script, dataDir: at.dataDir, build }),
        env: process.env,
        dataDir: at.dataDir,
        logPath: join(at.dataDir, 'daemon-output.log'),
      }),
  });
}
