import { LanternError, throwIfCancelled } from '../../../../shared/src/errors.js';
import type { VectorsProgress } from '../../../../shared/src/protocol/protocol.js';
import { nextTurn } from '../../../../shared/src/nextTurn.js';
import type { Catalog, FolderRow, NewVector } from '../../catalog/catalog.js';
import { Rate } from '../rate.js';
import { writeVectorFile } from './vectorFile.js';

/** Vectors that are read in one turn. */
const readAtOnce = 200;

export interface Exported {
  readonly vectors: number;
  /** Texts of the folder that have no vector yet, so that the file has none of them. */
  readonly missing: number;
  readonly bytes: number;
}

/** Writes the vectors of a folder's chunks and files to `file`. */
export async function exportVectors(
  catalog: Catalog,
  folder: FolderRow,
  file: string,
  onProgress: (progress: VectorsProgress) => void,
  signal?: AbortSignal,
): Promise<Exported> {
  const all = catalog.vectors.digests(folder);
  const digests = all.filter(({ isStored }) => isStored).map(({ digest }) => digest);
  const [first] = digests;
  const dimensions = first && catalog.vectors.get(folder, first)?.length;
  if (dimensions === undefined) {
    throw new LanternError(
      'not-found',
      `${folder.path} has no vectors yet. Index it first: lantern index "${folder.path}".`,
    );
  }
  async function* records(): AsyncGenerator<NewVector> {
    const rate = new Rate();
    for (const [at, digest] of digests.entries()) {
      if (at % readAtOnce === 0) {
        rate.add(at === 0 ? 0 : readAtOnce);
        onProgress({ kind: 'vectors', ...rate.progress(at, digests.length) });
        await nextTurn();
      }
      throwIfCancelled(signal, 'The export');
      const vector = catalog.vectors.get(folder, digest);
      // The header has promised it. Vectors go only after a month without use.
      if (vector === undefined) throw new LanternError('internal', 'A vector has gone meanwhile. Try again.');
      yield { digest, vector };
    }
  }
  const header = { model: folder.modelKey, dimensions, count: digests.length };
  const { bytes } = await writeVectorFile(file, header, records(), signal);
  return { vectors: digests.length, missing: all.length - digests.length, bytes };
}
