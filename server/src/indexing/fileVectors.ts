import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { Catalog, FolderRow } from '../catalog/catalog.js';
import { type DigestVector, type EmbedderLease, forEachAtOnce } from './embedder.js';

/** Vectors between two commits. */
const commitPage = 32;

export interface FileVectorsJob {
  readonly catalog: Catalog;
  readonly folder: FolderRow;
  readonly acquire: (texts: number) => Promise<EmbedderLease>;
  /** Whether indexing was paused. The rest is left to the next call. */
  readonly isPaused: () => boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Gives one vector to each file that has none, the last changed first. This is a seventh of the work for chunks, and
 * brings nearly all of what vectors add to the ranking.
 */
export async function embedFiles(job: FileVectorsJob, signal: AbortSignal): Promise<void> {
  const { catalog, folder, isPaused, onProgress } = job;
  const missing = catalog.fileVectors.missing(folder);
  for (let at = 0; at < missing.length && !isPaused(); at += commitPage) {
    const vectors: DigestVector[] = [];
    // A lease per page: who clears the cache waits for a page, not for the job.
    const lease = await job.acquire(missing.length);
    try {
      await forEachAtOnce(missing.slice(at, at + commitPage), lease.atOnce, async ({ digest, text }) => {
        throwIfCancelled(signal, 'Indexing');
        vectors.push({ digest, vector: await lease.embed(text, signal) });
        onProgress(at + vectors.length, missing.length);
      });
    } finally {
      lease.dispose();
      if (vectors.length > 0) catalog.vectors.put(folder, vectors);
      catalog.fileVectors.changed(folder.id);
    }
  }
  catalog.fileVectors.settled(folder);
}
