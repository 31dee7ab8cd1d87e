import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

/** Files that an older version made as others' to read. */
const older = ['catalog.db', 'catalog.db-wal', 'catalog.db-shm', 'catalog.db.closed'];

/**
 * Everything that this process and its children make from now on is the user's alone, also in a data folder that others
 * may enter.
 */
export function keepFilesPrivate(dataDir: string): void {
  if (process.platform === 'win32') return;
  process.umask(0o077);
  for (const name of older) {
    const path = join(dataDir, name);
    try {
      if (lstatSync(path).isFile()) chmodSync(path, 0o600);
    } catch {
      // It is not there, or somebody else's.
    }
  }
}
