// Calls the daemon once for each message from its parent, and reports the pid that answered. For singleton.test.ts.
import { callDaemon, connect, ping } from './singletonPrograms.js';
import type { DaemonSetup } from './singletonPrograms.js';

/** `hold` leaves the session open. */
export type ClientTask = DaemonSetup & { readonly hold?: boolean };

process.on('message', (task: ClientTask) => {
  const answer = task.hold === true ? connect(task).then((connection) => ping(connection)) : callDaemon(task);
  answer.then(
    (pid) => process.send?.({ pid }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ ready: true });
