import { readFileSync, renameSync } from 'node:fs';
import { contains } from '../../../shared/src/contains.js';
import { errorMessage, systemCode } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { Sequence } from '../../../shared/src/sequence.js';
import { writePrivate } from '../../../shared/src/writePrivate.js';

/**
 * The folders of which the user has said that they are not to be indexed. Kept in a file of their own, so that they outlive
 * a catalog that is lost. Paths are absolute and without links.
 */
export class Refusals {
  readonly #file: string;
  readonly #paths: Set<string>;
  readonly #writes = new Sequence();

  /** Sets a damaged file aside. */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#paths = new Set(read(file, log));
  }

  /** The refused folder that holds `path` or lies in it, if there is one. */
  concerning(path: string): string | undefined {
    return [...this.#paths].find((refused) => contains(refused, path) || contains(path, refused));
  }

  /** Resolves when it is on disk. */
  add(path: string): Promise<void> {
    return this.#paths.has(path) ? Promise.resolve() : this.#change(() => this.#paths.add(path));
  }

  /** The user has indexed `path`: neither it nor what is in it is refused any longer. Resolves when that is on disk. */
  lift(path: string): Promise<void> {
    const lifted = [...this.#paths].filter((refused) => contains(path, refused));
    if (lifted.length === 0) return Promise.resolve();
    return this.#change(() => lifted.forEach((refused) => this.#paths.delete(refused)));
  }

  /** What holds from now on is written after all that was changed before. */
  #change(change: () => void): Promise<void> {
    change();
    const text = `${JSON.stringify({ refused: [...this.#paths].sort() }, undefined, 2)}\n`;
    return this.#writes.run(() => writePrivate(this.#file, text));
  }
}

function read(file: string, log: Log): string[] {
  try {
    const { refused } = JSON.parse(readFileSync(file, 'utf8')) as { refused?: unknown };
    if (Array.isArray(refused) && refused.every((path) => typeof path === 'string')) return refused;
    throw new Error('it has no list of folders');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    log.write('warn', 'refusals.damaged', { file, cause: errorMessage(error) });
    try {
      renameSync(file, `${file}.damaged`);
    } catch {
      // It is left as it is, and replaced by the next refusal.
    }
    return [];
  }
}
