import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanternError, errorMessage, systemCode } from '../../../shared/src/errors.js';

/** SQLite rejects paths of 512 bytes, and its journals append to the name. */
const longestPath = 480;

/**
 * The right to own a data folder: a lock of the operating system, taken through SQLite. It ends with its process.
 * Node's own atomic operations (O_EXCL, bind) outlive a killed process, and a wrong decision about a stale one would
 * give two owners.
 */
export class DataDirLock {
  readonly #path: string;
  readonly #inode: bigint;
  readonly #close: () => void;

  private constructor(path: string, inode: bigint, close: () => void) {
    this.#path = path;
    this.#inode = inode;
    this.#close = close;
  }

  /** The lock; undefined while another process or owner has it. */
  static async tryAcquire(dataDir: string): Promise<DataDirLock | undefined> {
    const path = join(dataDir, 'owner.lock');
    if (Buffer.byteLength(path) > longestPath) {
      throw new LanternError(
        'store-failed',
        `The data folder’s path is over ${longestPath} bytes, too long for SQLite: ${dataDir}. Set LANTERN_HOME to a shorter one.`,
      );
    }
    // Loaded here: most processes that lose the claim never get this far.
    const { default: Database } = await import('libsql');
    let database: InstanceType<typeof Database> | undefined;
    try {
      database = new Database(path, { timeout: 0 });
      const own = database;
      own.exec('BEGIN EXCLUSIVE');
      await chmod(path, 0o600);
      const { ino } = await stat(path, { bigint: true });
      return new DataDirLock(path, ino, () => own.close());
    } catch (error) {
      database?.close();
      if (systemCode(error)?.startsWith('SQLITE_BUSY') === true) return undefined;
      throw new LanternError(
        'store-failed',
        `The data folder ${dataDir} cannot be locked: ${errorMessage(error)}. ` +
          'Check that it is writable and on a local disk, or set LANTERN_HOME.',
        { cause: error },
      );
    }
  }

  /** False when the lock's file was removed or replaced. Then another process may believe that it owns the folder. */
  async holds(): Promise<boolean> {
    return (await inodeOf(this.#path)) === this.#inode;
  }

  release(): void {
    this.#close();
  }
}

/** The file's inode; undefined when there is no file. */
export async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
