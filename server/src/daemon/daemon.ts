import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-languageserver-protocol/node';
import { build } from '../../../shared/src/build.js';
import { currentUid, trustedEndpoint } from '../../../shared/src/endpoint.js';
import { errorMessage } from '../../../shared/src/errors.js';
import { PROTOCOL_VERSION } from '../../../shared/src/protocol.js';
import { dataDir } from '../paths.js';
import { LogFile } from './logFile.js';
import { type DaemonContext, type DaemonService, runDaemon } from './runDaemon.js';
import { toResponseError } from './responseError.js';
import type { Services } from '../services.js';
import type { Session } from './session.js';

export interface DaemonOptions {
  /** Stay until told to stop, whether or not anybody calls. */
  readonly foreground: boolean;
}

/** Until the settings are read. */
const firstIdleExitMs = 30 * 60_000;
/** How long a daemon that cannot serve stays to say why. */
const refusalMs = 1000;

/** Claims the endpoint, then makes the services and serves; `taken` when another daemon already does. */
export async function startDaemon(options: DaemonOptions): Promise<'running' | 'taken'> {
  const data = dataDir();
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
    start: (context) => serve(context, options),
  });
}

/** Only the owner of the endpoint comes here; a process that lost the claim has loaded nothing heavy. */
async function serve(context: DaemonContext, { foreground }: DaemonOptions): Promise<DaemonService> {
  const { activity, identity, log } = context;
  const [{ createServices }, { Session }] = await Promise.all([
    import('../services.js'),
    import('./session.js'),
  ]);
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

  const sessions = new Set<Session>();
  const parts = {
    service: services.service,
    activity,
    clients: () => [...sessions].map((session) => session.info()),
    doctor: services.doctor,
    log,
  };
  return {
    open: (socket, hello) => {
      const session = new Session(socket, hello, parts);
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
      await services.dispose();
    },
  };
}

/** Tells whoever is connected, or connects in the next moments, why there is no service; then the daemon exits. */
function refuse({ stop }: DaemonContext, error: unknown): DaemonService {
  const leaving = setTimeout(stop, refusalMs);
  return {
    open: (socket) => {
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
          // The reason was heard; whoever comes next may find it mended.
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
