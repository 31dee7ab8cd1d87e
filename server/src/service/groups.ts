import { LanternError } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { ChangeGroupParams, FolderGroup } from '../../../shared/src/protocol/protocol.js';
import { Sequence } from '../../../shared/src/sequence.js';
import { writePrivate } from '../../../shared/src/writePrivate.js';
import { realPath } from '../indexing/folderPaths.js';
import { checkFolder } from '../source/walk.js';
import { readList } from './listFile.js';

/**
 * Named groups of folders that are searched together. Kept in a file of their own, so that they outlive a catalog that is
 * lost. Paths are absolute and without links.
 */
export class Groups {
  readonly #file: string;
  readonly #groups: Map<string, Set<string>>;
  readonly #writes = new Sequence();

  /** Sets a damaged file aside. */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#groups = readList(file, 'groups', groupsIn, log) ?? new Map<string, Set<string>>();
  }

  /** By name. */
  list(): FolderGroup[] {
    return [...this.#groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, folders]) => ({ name, folders: [...folders].sort() }));
  }

  /** The folders of a group; a `not-found` error that names the groups when there is none of that name. */
  folders(name: string): readonly string[] {
    const folders = this.#groups.get(name);
    if (folders !== undefined) return [...folders].sort();
    const names = this.list().map((group) => `"${group.name}"`);
    throw new LanternError(
      'not-found',
      `There is no group "${name}". ${names.length === 0 ? `Make one: lantern group add ${name} FOLDER…` : `There are: ${names.join(', ')}.`}`,
    );
  }

  /** Adds folders, which must exist, and takes folders out. A group without folders is no more. Resolves when it is on disk. */
  async change({ name, add = [], remove }: ChangeGroupParams): Promise<FolderGroup[]> {
    const added = await Promise.all(add.map((path) => checkFolder(path)));
    const before = remove === undefined ? [] : this.folders(name);
    const removed = remove === 'all' ? before : (remove ?? []).map((path) => realPath(path));
    const stranger = removed.find((path) => !before.includes(path));
    if (stranger !== undefined)
      throw new LanternError('not-found', `${stranger} is not in the group "${name}".`);
    const folders = new Set([...(this.#groups.get(name) ?? []), ...added]);
    for (const path of removed) folders.delete(path);
    if (folders.size === 0) this.#groups.delete(name);
    else this.#groups.set(name, folders);
    const list = this.list();
    await this.#writes.run(() =>
      writePrivate(this.#file, `${JSON.stringify({ groups: list }, undefined, 2)}\n`),
    );
    return list;
  }
}

const groupsIn = (list: readonly unknown[]): Map<string, Set<string>> => new Map(list.map(parsed));

function parsed(group: unknown): [string, Set<string>] {
  const { name, folders } = Object(group) as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || !Array.isArray(folders))
    throw new Error('a group has no name or no folders');
  if (!folders.every((path) => typeof path === 'string')) throw new Error('a folder is no path');
  return [name, new Set(folders)];
}
