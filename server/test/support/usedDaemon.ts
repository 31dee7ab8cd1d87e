import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from './cliHarness.js';
import { DaemonClient, settledRss } from './daemonClient.js';

/** A daemon that has indexed and searched a folder with one file, with one client. The caller ends both. */
export interface UsedDaemon {
  readonly cli: Cli;
  readonly folder: string;
  readonly other: DaemonClient;
  /** Resident bytes of the daemon, at rest. */
  readonly rssBefore: number;
}

export async function usedDaemon(): Promise<UsedDaemon> {
  const cli = new Cli();
  const folder = cli.folder();
  writeFileSync(join(folder, 'door.ts'), 'export function closeDoor() {\n  return hinge.turn();\n}\n');
  const other = await DaemonClient.open(cli.home);
  await other.request('lantern/index', { path: folder });
  await other.request('lantern/search', { path: folder, query: 'close the door', wait: true });
  return { cli, folder, other, rssBefore: await settledRss(other, 2) };
}
