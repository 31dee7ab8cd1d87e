import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { Catalog } from '../catalog/catalog.js';
import { usageLines } from '../lexical/usageLines.js';
import { readSource } from '../source/sourceFile.js';
import type { ReadSettings } from '../source/sourceTexts.js';
import { Pacer } from '../syntax/pacer.js';

/** Files whose usage lines are written in one transaction. */
const page = 64;

/** A call ends after this long, so that other changes of the catalog wait no longer. */
const longestMs = 500;

/**
 * Reads the lines of files that have changed, or that use a name whose definition has moved, and updates the usage
 * lines of every file that they concern. It begins after the file with the id `after`. Returns where the next call
 * has to begin; undefined when all is done.
 */
export async function refreshUsage(
  catalog: Catalog,
  folder: { readonly id: number; readonly path: string },
  settings: ReadSettings,
  after: number,
): Promise<number | undefined> {
  const began = performance.now();
  const owners = new Map<string, number | undefined>();
  const ownerOf = (name: string): number | undefined => {
    if (!owners.has(name)) owners.set(name, catalog.usage.ownerOf(folder.id, name));
    return owners.get(name);
  };
  const pacer = new Pacer();
  for (let last = after; ;) {
    const due = catalog.usage.due(folder.id, last, page);
    if (due.length === 0) break;
    const users = new Map<number, ReadonlyMap<number, string>>();
    for (const file of due) {
      if (pacer.due) await pacer.pause();
      last = file.id;
      const source = await readSource(folder.path, file.path, settings);
      // The file has changed since it was indexed. The next scan finds it, and then its lines are due again.
      if (source.kind !== 'text' || source.digest !== file.digest) continue;
      const otherOwner = (name: string): number | undefined => {
        const owner = ownerOf(name);
        return owner === file.id ? undefined : owner;
      };
      users.set(file.id, usageLines(source.text, new Set(file.commentRows), otherOwner));
    }
    catalog.usage.putLines(users);
    if (performance.now() - began > longestMs) return last;
  }
  while (catalog.usage.collect(folder.id, page) > 0) {
    if (performance.now() - began > longestMs) return Number.MAX_SAFE_INTEGER;
    await nextTurn();
  }
  return undefined;
}
