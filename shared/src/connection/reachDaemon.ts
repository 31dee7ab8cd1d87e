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

/** The endpoint and data folder of this user and environment. */
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

/** The hello of a client of this build. */
export function helloOf(client: string): Omit<ClientHello, 'intent'> {
  return { lantern: handshakeVersion, protocol: PROTOCOL_VERSION, build, client, pid: process.pid };
}

export interface ReachOptions {
  /** Name of the client, for the log and the memory report. */
  readonly client: string;
  /** The daemon's program. It is run by this process's own executable when no daemon runs. */
  readonly script: string;
  readonly signal?: AbortSignal | undefined;
}

/** Connects to the daemon, and starts it when none runs. */
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
