import { resolve } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import type { FolderGroup, GroupsResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, count, plain, show } from '../terminal.js';

/** `lantern group add NAME PATH…`, `lantern group remove NAME [PATH…]` and `lantern group list`. */
export async function groupCommand(
  [action, name, ...paths]: readonly string[],
  values: Values,
): Promise<number> {
  const folders = paths.map((path) => resolve(path));
  switch (action) {
    case 'list':
    case undefined:
      return withDaemon(async (daemon, signal) => {
        show(values, await daemon.request('lantern/groups', {}, signal), formatGroups);
        return 0;
      });
    case 'add':
      if (name === undefined || folders.length === 0) break;
      return change({ name, add: folders });
    case 'remove':
      if (name === undefined) break;
      return change({ name, remove: folders.length === 0 ? 'all' : folders });
  }
  throw new LanternError(
    'bad-request',
    'Say what to do with a group: lantern group add NAME FOLDER…, lantern group remove NAME [FOLDER…], or lantern group list.',
  );

  function change(params: {
    readonly name: string;
    readonly add?: readonly string[];
    readonly remove?: readonly string[] | 'all';
  }): Promise<number> {
    return withDaemon(async (daemon, signal) => {
      show(values, await daemon.request('lantern/changeGroup', params, signal), formatGroups);
      return 0;
    });
  }
}

function formatGroups({ groups, unindexed }: GroupsResult, terminal: Terminal): string {
  if (groups.length === 0) return 'There is no group. Make one: lantern group add NAME FOLDER…';
  const line = (path: string): string =>
    `  ${plain(path)}${unindexed.includes(path) ? `: not indexed yet; lantern index "${plain(path)}"` : ''}`;
  return groups
    .flatMap(({ name, folders }: FolderGroup) => [
      `${bold(terminal, plain(name))}, ${count(folders.length, 'folder')}`,
      ...folders.map(line),
    ])
    .join('\n');
}
