import { realpathSync } from 'node:fs';
import { systemCode } from './errors.js';

/**
 * The absolute path without symbolic links, spelled as on the disk. Throws a system error when it does not exist.
 *
 * On Windows the system cannot name the real path of everything that it can read, such as files on some RAM disks and
 * virtual disks. There the links are followed one by one, and the spelling stays as it is in `path`.
 */
export function pathWithoutLinks(
  path: string,
  native: (path: string) => string = realpathSync.native,
  platform: string = process.platform,
): string {
  try {
    return native(path);
  } catch (error) {
    if (platform !== 'win32' || systemCode(error) === 'ENOENT') throw error;
    return realpathSync(path);
  }
}
