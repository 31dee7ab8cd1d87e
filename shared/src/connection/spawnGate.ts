import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './daemonRecord.js';
import { systemCode } from '../errors.js';

/** A process that has not succeeded within this time no longer keeps others from trying. */
const staleAfterMs = 15_000;

/**
 * Lets one client at a time start the daemon. This only saves CPU time: after a wrong decision a process exits at
 * once, because the daemon's own claim decides who serves.
 */
export class SpawnGate {
  readonly #path: string;
  #entered = false;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'spawn.lock');
  }

  /** Whether this client may start the daemon, until `leave`. */
  async enter(): Promise<boolean> {
    if (this.#entered) return true;
    if (await this.#create()) return true;
    if (!(await this.#isStale())) return false;
    await rm(this.#path, { force: true });
    return this.#create();
  }

  async leave(): Promise<void> {
    if (!this.#entered) return;
    this.#entered = false;
    await rm(this.#path, { force: true });
  }

  async #create(): Promise<boolean> {
    try {
      await writeFile(this.#path, String(process.pid), { flag: 'wx', mode: 0o600 });
      this.#entered = true;
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    }
  }

  async #isStale(): Promise<boolean> {
    try {
      const [text, info] = await Promise.all([readFile(this.#path, 'utf8'), stat(this.#path)]);
      const age = Date.now() - info.mtimeMs;
      const pid = Number(text);
      // A file without a pid was created a moment ago.
      return age > staleAfterMs || (pid > 0 && !isAlive(pid));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return true;
      throw error;
    }
  }
}
