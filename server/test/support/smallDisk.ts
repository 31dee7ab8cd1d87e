import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a few megabytes, which only root can mount; undefined where it cannot be had. */
export class SmallDisk {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static mount(mebibytes: number): SmallDisk | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-disk-')));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'lantern-test', root], {
        stdio: 'ignore',
      });
    } catch {
      // In a container without the right to mount.
      rmSync(root, { recursive: true });
      return undefined;
    }
    return new SmallDisk(root);
  }

  /** Fills the disk up to its last `spare` bytes. */
  fill(spare = 0): void {
    const { bavail, bsize } = statfsSync(this.root);
    const bytes = bavail * bsize - spare;
    if (bytes > 0) writeFileSync(join(this.root, 'ballast'), Buffer.alloc(bytes));
  }

  /** Makes room again. */
  free(): void {
    rmSync(join(this.root, 'ballast'), { force: true });
  }

  /** Lets nobody write, root included, or everybody again. */
  setReadOnly(readOnly: boolean): void {
    execFileSync('mount', ['-o', readOnly ? 'remount,ro' : 'remount,rw', this.root], { stdio: 'ignore' });
  }

  dispose(): void {
    // Lazily: a process may still be ending.
    execFileSync('umount', ['-l', this.root], { stdio: 'ignore' });
    rmSync(this.root, { recursive: true, force: true });
  }
}
