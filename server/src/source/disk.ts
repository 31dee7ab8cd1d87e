import {
  type Dirent,
  type Stats,
  lstatSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs';

/** The few questions the walk asks the file system. Synchronous, because a promise costs more than the call itself. */
export interface Disk {
  /** Entries of a directory, in no order; throws a system error when it cannot be listed. */
  list(directory: string): Dirent[];
  /** Does not follow a symbolic link; `undefined` when nothing is there. */
  stat(path: string): Stats | undefined;
  /** The absolute path without symbolic links; throws when it leads nowhere. */
  realPath(path: string): string;
}

export const nodeDisk: Disk = {
  list: (directory) => readdirSync(directory, { withFileTypes: true }),
  stat: (path) => lstatSync(path, { throwIfNoEntry: false }),
  realPath: (path) => realpathSync.native(path),
};

/** Above this a rule or settings file is not one. */
const smallFileBytes = 4 * 1024 * 1024;

/** Text of a small regular file; `undefined` when there is none or it cannot be read. Follows links. */
export function readSmallFile(path: string): string | undefined {
  try {
    // Asked first: opening a FIFO would wait for a writer.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile() || stats.size > smallFileBytes) return undefined;
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
