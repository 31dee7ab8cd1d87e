import { contains } from '../../../shared/src/contains.js';
import type { Log } from '../../../shared/src/log.js';
import { Sequence } from '../../../shared/src/sequence.js';
import { writePrivate } from '../../../shared/src/writePrivate.js';
import { readList } from './listFile.js';

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
    this.#paths = new Set(readList(file, 'refused', pathsIn, log));
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

const pathsIn = (list: readonly unknown[]): readonly string[] => {
  if (list.every((path) => typeof path === 'string')) return list;
  throw new Error('a folder is no path');
};
