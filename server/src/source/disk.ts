import { type Dirent, type Stats, lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { pathWithoutLinks } from '../../../shared/src/pathWithoutLinks.js';

/** The file system calls of the walk. They are synchronous, because a promise costs more than the call itself. */
export interface Disk {
  /** Entries of a directory, unordered. Throws a system error when it cannot be listed. */
  list(directory: string): Dirent[];
  /** Does not follow a symbolic link; `undefined` when nothing is there. */
  stat(path: string): Stats | undefined;
  /** The absolute path without symbolic links. Throws when it does not exist. */
  realPath(path: string): string;
}

export const nodeDisk: Disk = {
  list: (directory) => readdirSync(directory, { withFileTypes: true }),
  stat: (path) => lstatSync(path, { throwIfNoEntry: false }),
  realPath: (path) => pathWithoutLinks(path),
};

/** Larger files are not read as rule or settings files. */
const smallFileBytes = 4 * 1024 * 1024;

/** Text of a small regular file; `undefined` when there is none or it cannot be read. Follows links. */
export function readSmallFile(path: string): string | undefined {
  try {
    // Check the type first: opening a FIFO would wait for a writer.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile() || stats.size > smallFileBytes) return undefined;
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
