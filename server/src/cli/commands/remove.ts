import { resolve } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import { withDaemon } from '../session.js';
import { print } from '../terminal.js';

/** `lantern remove PATH`. */
export async function removeCommand(positionals: readonly string[]): Promise<number> {
  const [path] = positionals;
  if (path === undefined) throw new LanternError('bad-request', 'Name the folder: lantern remove PATH');
  return withDaemon(async (daemon, signal) => {
    const { folder, files, chunks } = await daemon.request('lantern/remove', { path: resolve(path) }, signal);
    print(
      `Removed the index of ${folder}: ${files} files, ${chunks} chunks. The folder itself is as it was.`,
    );
    return 0;
  });
}
