import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { Catalog } from '../catalog/catalog.js';
import { Pacer } from '../syntax/pacer.js';
import { readSource } from '../source/sourceFile.js';
import type { ReadSettings } from '../source/sourceTexts.js';
import { usageLines } from '../lexical/usageLines.js';

/** Files whose usage lines are indexed in one transaction. */
const gatherPage = 32;

/**
 * Reads the lines of files that have changed, or that use a name whose definition has moved, and updates the usage
 * lines of every file that they concern. The next call finishes what this one does not.
 */
export async function refreshUsage(
  catalog: Catalog,
  folder: { readonly id: number; readonly path: string },
  settings: ReadSettings,
  signal: AbortSignal,
): Promise<void> {
  const owners = new Map<string, number | undefined>();
  const pacer = new Pacer();
  for (const file of catalog.usage.due(folder.id)) {
    if (pacer.due) await pacer.pause();
    throwIfCancelled(signal, 'Indexing');
    const source = await readSource(folder.path, file.path, settings);
    // The file has changed since it was indexed. The next scan finds it, and then its lines are due again.
    if (source.kind !== 'text' || source.digest !== file.digest) continue;
    const ownerOf = (name: string): number | undefined => {
      if (!owners.has(name)) owners.set(name, catalog.usage.ownerOf(folder.id, name));
      const owner = owners.get(name);
      return owner === file.id ? undefined : owner;
    };
    catalog.usage.putLines(file.id, usageLines(source.text, new Set(file.commentRows), ownerOf));
  }
  while (catalog.usage.collect(folder.id, gatherPage) > 0) {
    throwIfCancelled(signal, 'Indexing');
    await new Promise((settle) => setImmediate(settle));
  }
}
