import type { Socket } from 'node:net';
import type { DaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import type { Disposable } from '../../../shared/src/disposable.js';
import { errorMessage } from '../../../shared/src/errors.js';
import type { ClientHello } from '../../../shared/src/protocol/handshake.js';
import type { Log } from '../../../shared/src/log.js';
import { AcceptLoop } from './acceptLoop.js';
import type { ClientInfo } from './acceptLoop.js';
import { ActivityCounter } from '../service/activity.js';
import { Shutdown } from './shutdown.js';
import type { StopReason } from './shutdown.js';
import { claimDaemon } from './singleton.js';
import type { DaemonIdentity } from './singleton.js';
import type { OpenSession } from '../service/openSession.js';

/** The daemon's service. Everything around it is lifecycle. */
export interface DaemonService {
  open(socket: Socket, hello: ClientHello): OpenSession | Promise<OpenSession>;
  /** Accepts no new work, finishes the running step, commits and closes its stores. */
  drain(): Promise<void>;
}

/** What the service gets from the lifecycle. */
export interface DaemonContext {
  readonly identity: DaemonIdentity;
  readonly endpoint: string;
  readonly log: Log;
  /** Counts requests and jobs. Sessions are counted already. */
  readonly activity: ActivityCounter;
  readonly clients: () => readonly ClientInfo[];
  /** The record of the previous daemon, if it did not end cleanly. */
  readonly crashed: DaemonRecord | undefined;
  /** Begins the clean shutdown, as `lantern stop` does. */
  readonly stop: () => void;
}

export interface RunDaemonOptions {
  readonly endpoint: string;
  readonly identity: DaemonIdentity;
  /** Milliseconds without activity after which the daemon exits; 0 never. */
  readonly idleExitMs: number;
  /** Opens the log. Only the owner calls it, so that others leave no lines. */
  readonly openLog: () => Log & Disposable;
  /** Builds the service. Import heavy modules here, so that a process that loses the claim never loads them. */
  readonly start: (context: DaemonContext) => Promise<DaemonService>;
  /** Ends the process. Default `process.exit`. */
  readonly exit?: (code: number) => void;
  /** Longest time for the clean shutdown. Default 20,000. */
  readonly closeLimitMs?: number;
  /** How often to check that endpoint and data folder are still ours. Default 2,000. */
  readonly watchMs?: number;
  /** How long to wait for an owner that is shutting down; longer than a shutdown may take. Default 25,000. */
  readonly claimWaitMs?: number;
}

/**
 * Claims the endpoint, listens and serves until stopped. Returns `taken` when another daemon serves; the process
 * should then exit with 0.
 */
export async function runDaemon(options: RunDaemonOptions): Promise<'running' | 'taken'> {
  const {
    endpoint,
    identity,
    claimWaitMs = 25_000,
    closeLimitMs = 20_000,
    exit = process.exit.bind(process),
  } = options;
  const claim = await claimDaemon({ endpoint, identity, waitMs: claimWaitMs });
  if (claim.kind === 'taken') return 'taken';
  const { owner } = claim;
  const log = options.openLog();
  const { pid, build, dataDir } = identity;
  log.write('info', 'daemon.start', {
    pid,
    version: build.version,
    builtAt: build.builtAt,
    endpoint,
    dataDir,
  });
  if (owner.crashed !== undefined) {
    const { pid: crashedPid, startedAt } = owner.crashed;
    log.write('warn', 'daemon.crashed-before', {
      pid: crashedPid,
      startedAt: new Date(startedAt).toISOString(),
    });
  }

  const shutdown = new Shutdown({ close, limitMs: closeLimitMs, log, exit });
  shutdown.listen(process);
  const activity = new ActivityCounter(options.idleExitMs, () => shutdown.begin('idle'));
  const watching = owner.watch((what) => {
    log.write('warn', 'daemon.lost', { what });
    shutdown.begin('lost');
  }, options.watchMs);
  const loop: AcceptLoop = new AcceptLoop({
    listener: owner.listener,
    identity,
    // The handshake is answered while the service loads. The session begins when it is loaded.
    open: async (socket, hello) => (await service).open(socket, hello),
    onStop: (intent, hello) => {
      log.write('info', 'daemon.asked-to-end', { intent, client: hello.client, clientPid: hello.pid });
      shutdown.begin(intent);
    },
    activity,
    log,
  });
  const service = options.start({
    identity,
    endpoint,
    log,
    activity,
    clients: () => loop.clients(),
    crashed: owner.crashed,
    stop: () => shutdown.begin('stop'),
  });
  service.catch((error: unknown) => {
    log.write('error', 'daemon.start.failed', { error: errorMessage(error) });
    // The process that started this one reads its stderr.
    process.stderr.write(`${errorMessage(error)}\n`);
    shutdown.begin('crash');
  });
  return 'running';

  async function close(reason: StopReason): Promise<void> {
    loop.drain();
    watching.dispose();
    activity.dispose();
    let end: 'clean' | 'crashed' = reason === 'crash' ? 'crashed' : 'clean';
    try {
      const started = await service.catch(() => undefined);
      await started?.drain();
    } catch (error) {
      log.write('error', 'daemon.drain.failed', { error: errorMessage(error) });
      end = 'crashed';
    }
    await loop.close();
    await owner.release(end);
    log.write('info', 'daemon.exit', { reason, end });
    log.dispose();
  }
}
