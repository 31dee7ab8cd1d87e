import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-languageserver-protocol/node';
import { build } from '../../../shared/src/protocol/build.js';
import { currentUid, trustedEndpoint } from '../../../shared/src/connection/endpoint.js';
import { errorMessage } from '../../../shared/src/errors.js';
import { PROTOCOL_VERSION } from '../../../shared/src/protocol/protocol.js';
import { bridgeClient } from '../mcp/transports/bridgeHello.js';
import { McpTransports, refuseBridge } from '../mcp/transports/transports.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import { LogFile } from './logFile.js';
import { keepFilesPrivate } from './privateFiles.js';
import { type DaemonContext, type DaemonService, runDaemon } from './runDaemon.js';
import { toResponseError } from '../service/responseError.js';
import type { Disposable } from '../../../shared/src/disposable.js';
import type { Log } from '../../../shared/src/log.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import type { DoctorResult } from '../../../shared/src/protocol/protocol.js';
import type { Service } from '../service/service.js';
import type { OpenSession } from '../service/openSession.js';
import type { ClientInfo } from '../../../shared/src/protocol/protocol.js';

/** What the composition root makes for the daemon. */
export interface Services {
  readonly service: Service;
  readonly settings: Settings;
  readonly doctor: () => Promise<DoctorResult>;
  /** Frees unused memory, and more above the budget. The daemon calls it every `tidyMs` milliseconds. */
  readonly tidy: () => Promise<void>;
  readonly tidyMs: number;
  /** Finishes the running step, commits, and closes everything in reverse order of creation. */
  readonly dispose: () => Promise<void>;
}

/** Makes the services; `busy` counts a job until its result is disposed of. */
export type CreateServices = (
  dataDir: string,
  log: Log,
  busy: (job: string) => Disposable,
) => Promise<Services>;

export interface DaemonOptions {
  /** Stay until stopped, whether or not there are clients. */
  readonly foreground: boolean;
}

const mcpIsOff =
  'Agents are turned off in Lantern’s settings. Set "mcp.enabled" to true and run “lantern stop”.';
/** Used until the settings are read. */
const firstIdleExitMs = 30 * 60_000;
/** How long a daemon that cannot serve stays, to report the reason. */
const refusalMs = 1000;

/** Claims the endpoint, then makes the services and serves. Returns `taken` when another daemon serves. */
export async function startDaemon(
  options: DaemonOptions,
  createServices: CreateServices,
): Promise<'running' | 'taken'> {
  const data = dataDir();
  keepFilesPrivate(data);
  const endpoint = await trustedEndpoint({
    platform: process.platform,
    env: process.env,
    uid: currentUid(),
    homedir: homedir(),
    dataDir: data,
    protocolVersion: PROTOCOL_VERSION,
  });
  return runDaemon({
    endpoint,
    identity: { protocol: PROTOCOL_VERSION, build, pid: process.pid, dataDir: data, startedAt: Date.now() },
    idleExitMs: options.foreground ? 0 : firstIdleExitMs,
    openLog: () => new LogFile({ path: join(data, 'logs', 'daemon.log') }),
    start: (context) => serve(context, options, createServices),
  });
}

/** Runs only in the owner of the endpoint. A process that loses the claim loads nothing heavy. */
async function serve(
  context: DaemonContext,
  { foreground }: DaemonOptions,
  createServices: CreateServices,
): Promise<DaemonService> {
  const { activity, identity, log } = context;
  const { Session } = await import('../service/session.js');
  let services: Services;
  try {
    services = await createServices(identity.dataDir, log, (job) => activity.begin('job', job));
  } catch (error) {
    log.write('error', 'services.failed', { cause: errorMessage(error) });
    return refuse(context, error);
  }
  if (!foreground) activity.setIdleMs(services.settings.daemon.idleExitMinutes * 60_000);
  const tidying = setInterval(() => {
    services
      .tidy()
      .catch((error: unknown) => log.write('warn', 'tidy.failed', { cause: errorMessage(error) }));
  }, services.tidyMs);
  tidying.unref();

  const { service, doctor, settings } = services;
  const version = identity.build.version;
  const agents = settings.mcp.enabled
    ? await McpTransports.open({ service, activity, log, version }, identity.dataDir)
    : undefined;

  const sessions = new Set<OpenSession & { info(): ClientInfo }>();
  const clients = (): ClientInfo[] => [
    ...[...sessions].map((session) => session.info()),
    ...(agents?.clients() ?? []),
  ];
  const parts = { service, activity, clients, doctor, log };
  return {
    open: async (socket, hello) => {
      const isBridge = hello.client === bridgeClient;
      if (isBridge && agents === undefined) return refuseBridge(socket, mcpIsOff);
      const session =
        isBridge && agents !== undefined
          ? await agents.openBridge(socket, hello.pid)
          : new Session(socket, hello, parts);
      sessions.add(session);
      return {
        closed: session.closed,
        dispose: () => {
          sessions.delete(session);
          session.dispose();
        },
      };
    },
    drain: async () => {
      clearInterval(tidying);
      for (const session of sessions) session.dispose();
      await agents?.dispose();
      await services.dispose();
    },
  };
}

/** Reports to connected clients, and to those of the next moments, why there is no service. Then the daemon exits. */
function refuse({ stop }: DaemonContext, error: unknown): DaemonService {
  const leaving = setTimeout(stop, refusalMs);
  return {
    open: (socket, { client }) => {
      if (client === bridgeClient) return refuseBridge(socket, errorMessage(error));
      const connection = createMessageConnection(
        new StreamMessageReader(socket),
        new StreamMessageWriter(socket),
      );
      connection.onRequest(() => {
        throw toResponseError(error);
      });
      connection.listen();
      return {
        closed: new Promise<void>((settle) => socket.once('close', settle)),
        dispose: () => {
          connection.dispose();
          // The reason was reported. The fault may be gone at the next start.
          stop();
        },
      };
    },
    drain: () => {
      clearTimeout(leaving);
      return Promise.resolve();
    },
  };
}
