import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createProtocolConnection,
} from 'vscode-languageserver-protocol/node';
import { dialOrSpawn } from '../../../shared/src/connection/dial.js';
import type { MemoryResult, Notifications, Requests } from '../../../shared/src/protocol/protocol.js';
import { helloOf } from '../../../shared/src/connection/reachDaemon.js';
import { spawnDaemon } from '../../../shared/src/connection/spawnDaemon.js';
import { packageRoot } from '../../src/paths.js';
import { endpointOf } from './endpointOf.js';

/** A session with the built daemon of any data folder, in this process. */
export class DaemonClient {
  readonly #connection: ProtocolConnection;
  readonly #end: () => void;
  readonly #gone: Promise<never>;

  private constructor(connection: ProtocolConnection, end: () => void) {
    this.#connection = connection;
    this.#end = end;
    this.#gone = new Promise((_, reject) => {
      connection.onClose(() => reject(new Error('the daemon has closed the connection')));
    });
    this.#gone.catch(() => undefined);
  }

  /** Connects to the daemon of `home`, and starts it when none runs. */
  static async open(home: string, client = 'test'): Promise<DaemonClient> {
    const env = { ...process.env, LANTERN_HOME: home };
    const endpoint = await endpointOf(home);
    const { socket } = await dialOrSpawn({
      endpoint,
      dataDir: home,
      hello: helloOf(client),
      spawn: () =>
        spawnDaemon({
          execPath: process.execPath,
          script: join(packageRoot(import.meta.url), 'dist', 'daemon.js'),
          env,
          dataDir: home,
          logPath: join(home, 'daemon-output.log'),
        }),
    });
    const connection = createProtocolConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    );
    connection.onError(() => undefined);
    connection.listen();
    return new DaemonClient(connection, () => {
      connection.dispose();
      socket.destroy();
    });
  }

  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
  ): Promise<Requests[M]['result']> {
    return Promise.race([this.#connection.sendRequest<Requests[M]['result']>(method, params), this.#gone]);
  }

  /** A request of the language server protocol. */
  call(method: string, params: object | null): Promise<unknown> {
    return Promise.race([this.#connection.sendRequest<unknown>(method, params), this.#gone]);
  }

  notify(method: string, params: object | null): Promise<void> {
    return this.#connection.sendNotification(method, params);
  }

  onProgress(listener: (event: Notifications['lantern/progress']) => void): void {
    this.#connection.onNotification('lantern/progress', listener);
  }

  /** Resolves when the daemon has closed the connection. */
  closed(): Promise<void> {
    return new Promise((settle) => this.#connection.onClose(() => settle()));
  }

  memory(): Promise<MemoryResult> {
    return this.request('lantern/memory', {});
  }

  close(): void {
    this.#end();
  }
}

/** Waits until `condition` holds; fails after `seconds`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after ${seconds} s it is still not so: ${what}`);
    await new Promise((settle) => setTimeout(settle, 30));
  }
}

/** Ids of all processes that were started for `home`, orphans included. Linux only; elsewhere none. */
export function processesOf(home: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const isZombie = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/\(.*\)/s, '')
          .includes(' Z ');
        return !isZombie && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`LANTERN_HOME=${home}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * Resident memory of the daemon at rest, in bytes: the least of several samples, between which it may collect
 * garbage.
 */
export async function settledRss(client: DaemonClient, seconds = 6): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < seconds * 4; i++) {
    least = Math.min(least, (await client.memory()).daemon.rssBytes);
    await new Promise((settle) => setTimeout(settle, 250));
  }
  return least;
}
