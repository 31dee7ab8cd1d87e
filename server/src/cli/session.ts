import type { DaemonConnection } from './connection.js';

/** Runs `work` with a connection to the daemon. Ctrl+C and SIGTERM fire its signal. Returns the exit status. */
export async function withDaemon(
  work: (daemon: DaemonConnection, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  // Loaded here, so that `lantern mcp`, which runs for hours, does without the memory that a connection takes.
  const { connect } = await import('./connection.js');
  const daemon = await connect(interrupted.signal);
  try {
    return await work(daemon, interrupted.signal);
  } finally {
    daemon.dispose();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
