// Calls the daemon for each message from its parent, and reports the pid that answered. For the suites of the singleton.
import { callDaemon, connect, ping } from './singletonPrograms.js';
import type { DaemonSetup } from './singletonPrograms.js';

/** `hold` leaves the session open. `clients` calls so many times at once, and reports all pids. */
export type ClientTask = DaemonSetup & { readonly hold?: boolean; readonly clients?: number };

async function answer({ hold, clients, ...setup }: ClientTask): Promise<object> {
  if (clients !== undefined)
    return { pids: await Promise.all(Array.from({ length: clients }, () => callDaemon(setup))) };
  return {
    pid: await (hold === true ? connect(setup).then((connection) => ping(connection)) : callDaemon(setup)),
  };
}

process.on('message', (task: ClientTask) => {
  answer(task).then(
    (found) => process.send?.(found),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ ready: true });
