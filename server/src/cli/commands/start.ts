import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { print } from '../terminal.js';

/** `lantern start [--foreground]`. */
export async function startCommand(values: Values): Promise<number> {
  if (values.foreground === true) return (await import('../connection.js')).runForeground();
  return withDaemon(async (daemon, signal) => {
    const { pid } = await daemon.request('lantern/status', {}, signal);
    print(`The daemon runs as process ${pid}.`);
    return 0;
  });
}

/** `lantern stop`. */
export async function stopCommand(): Promise<number> {
  const { stopDaemon } = await import('../connection.js');
  const pid = await stopDaemon();
  print(pid === undefined ? 'No daemon was running.' : `Stopped the daemon (process ${pid}).`);
  return 0;
}
