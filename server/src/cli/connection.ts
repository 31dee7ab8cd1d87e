import { fileURLToPath } from 'node:url';
import {
  CancellationTokenSource,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  createProtocolConnection,
} from 'vscode-languageserver-protocol/node';
import { readDaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import { stopDaemon as stopDaemonAt } from '../../../shared/src/connection/dial.js';
import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';
import { LanternError } from '../../../shared/src/errors.js';
import type {
  ErrorData,
  IndexProgress,
  Notifications,
  Requests,
} from '../../../shared/src/protocol/protocol.js';
import { daemonTarget, helloOf, reachDaemon } from '../../../shared/src/connection/reachDaemon.js';

/** A session with the daemon. */
export interface DaemonConnection extends Disposable {
  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    signal?: AbortSignal,
  ): Promise<Requests[M]['result']>;
  onProgress(token: string, listener: (progress: IndexProgress) => void): Disposable;
}

/** The daemon's program, `daemon.js` beside this one in a build. */
const daemonScript = (): string => fileURLToPath(new URL('./daemon.js', import.meta.url));

/** Connects to the daemon, and starts it when none runs. */
export async function connect(signal?: AbortSignal, client = 'cli'): Promise<DaemonConnection> {
  const { socket } = await reachDaemon({ client, script: daemonScript(), signal });
  const reader = new StreamMessageReader(socket);
  // Its timer for a message that has not come whole starts again for ever: with a daemon that ended in the middle of one,
  // the process would never end.
  reader.partialMessageTimeout = 0;
  const connection = createProtocolConnection(reader, new StreamMessageWriter(socket));
  const listeners = new Map<string, (progress: IndexProgress) => void>();
  connection.onNotification('lantern/progress', ({ token, progress }: Notifications['lantern/progress']) =>
    listeners.get(token)?.(progress),
  );
  // A daemon that ends leaves requests without an answer.
  const gone = new Promise<never>((_, reject) => {
    connection.onClose(() => {
      reject(
        new LanternError(
          'unavailable',
          `The daemon ended before it answered. Its log is in ${dataDir()}. Try again.`,
        ),
      );
    });
  });
  gone.catch(() => undefined);
  connection.listen();

  return {
    request: async (method, params, cancelling) => {
      const source = new CancellationTokenSource();
      const onAbort = (): void => source.cancel();
      cancelling?.addEventListener('abort', onAbort, { once: true });
      if (cancelling?.aborted === true) source.cancel();
      try {
        const answer: Promise<Requests[typeof method]['result']> = connection.sendRequest(
          method,
          params,
          source.token,
        );
        return await Promise.race([answer, gone]);
      } catch (error) {
        throw toLanternError(error);
      } finally {
        cancelling?.removeEventListener('abort', onAbort);
        source.dispose();
      }
    },
    onProgress: (token, listener) => {
      listeners.set(token, listener);
      return disposeOnce(() => listeners.delete(token));
    },
    dispose: () => {
      connection.dispose();
      socket.end();
      socket.unref();
    },
  };
}

function toLanternError(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const code = (error.data as Partial<ErrorData> | undefined)?.code ?? 'internal';
  return new LanternError(code, error.message, { cause: error });
}

/** Stops the daemon and waits until its process has ended. Returns its pid, or undefined when none ran. */
export async function stopDaemon(): Promise<number | undefined> {
  const at = await daemonTarget();
  const record = await readDaemonRecord(at.dataDir);
  const outcome = await stopDaemonAt({ ...at, hello: helloOf('cli') });
  return outcome === 'stopped' ? (record?.pid ?? 0) : undefined;
}

/** Runs the daemon in this process until it is stopped. Does not return while it runs. */
export async function runForeground(): Promise<number> {
  const { startDaemon } = await import('../daemon/daemon.js');
  const outcome = await startDaemon({ foreground: true }, async (...args) =>
    (await import('../composition.js')).createServices(...args),
  );
  if (outcome === 'taken')
    throw new LanternError('unavailable', 'Another daemon runs already. Stop it first: lantern stop');
  return new Promise<number>(() => undefined);
}
