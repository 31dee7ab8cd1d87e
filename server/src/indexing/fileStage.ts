import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { Catalog, FolderRow } from '../catalog/catalog.js';
import type { EmbedderLease } from './embedder.js';

/** Vectors between two commits. */
const commitPage = 32;

export interface FileStage {
  readonly catalog: Catalog;
  readonly folder: FolderRow;
  readonly acquire: (texts: number) => Promise<EmbedderLease>;
  /** Whether indexing was paused: what is left waits for the next call. */
  readonly paused: () => boolean;
  /** Lets those pass who go before, between two texts. */
  readonly passed: () => Promise<void>;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Gives one vector to each file that has none, those changed last first. It is a seventh of the work that their chunks
 * are, and nearly all of what vectors add to a ranking.
 */
export async function embedFiles(stage: FileStage, signal: AbortSignal): Promise<void> {
  const { catalog, folder, paused, onProgress } = stage;
  const missing = catalog.fileVectors.missing(folder);
  if (missing.length > 0) {
    const lease = await stage.acquire(missing.length);
    try {
      for (let at = 0; at < missing.length && !paused(); at += commitPage) {
        const vectors: { digest: Uint8Array; vector: Float32Array }[] = [];
        try {
          for (const { digest, text } of missing.slice(at, at + commitPage)) {
            throwIfCancelled(signal, 'Indexing');
            await stage.passed();
            vectors.push({ digest, vector: await lease.embed(text, signal) });
            onProgress(at + vectors.length, missing.length);
          }
        } finally {
          if (vectors.length > 0) catalog.vectors.put(folder, vectors);
          catalog.fileVectors.changed(folder.id);
        }
      }
    } finally {
      lease.dispose();
    }
  }
  catalog.fileVectors.settled(folder);
}
