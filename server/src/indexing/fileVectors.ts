import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { Catalog, FolderRow, NewVector, VectorOrigin } from '../catalog/catalog.js';
import { type EmbedderLease, forEachAtOnce } from './embedder.js';
import type { IndexWriter } from './indexWriter.js';

/** Vectors between two commits. */
const commitPage = 32;

export interface FileVectorsJob {
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
  readonly folder: FolderRow;
  /** What to record of the vectors. */
  readonly origin: VectorOrigin;
  /** Ids of files that come before all others, the most wanted at the end. */
  readonly first: readonly number[];
  readonly acquire: (texts: number) => Promise<EmbedderLease>;
  /** Whether indexing was paused. The rest is left to the next call. */
  readonly isPaused: () => boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Gives one vector to each file that has none, open ones first and then the last changed. This is a seventh of the work for chunks, and
 * brings nearly all of what vectors add to the ranking.
 */
export async function embedFiles(job: FileVectorsJob, signal: AbortSignal): Promise<void> {
  const { catalog, writer, folder, origin, isPaused, onProgress } = job;
  const all = catalog.fileVectors.missing(folder).map(({ id }) => id);
  const isMissing = new Set(all);
  const missing = [...new Set([...job.first.filter((id) => isMissing.has(id)).reverse(), ...all])];
  for (let at = 0; at < missing.length && !isPaused(); at += commitPage) {
    const vectors: NewVector[] = [];
    const fileIds: number[] = [];
    // A lease per page: who clears the cache waits for a page, not for the job.
    const lease = await job.acquire(missing.length);
    try {
      const page = catalog.fileVectors.summaries(missing.slice(at, at + commitPage));
      await forEachAtOnce(page, lease.atOnce, async ({ id, digest, text }) => {
        throwIfCancelled(signal, 'Indexing');
        vectors.push({ digest, vector: await lease.embed(text, signal) });
        fileIds.push(id);
        onProgress(at + vectors.length, missing.length);
      });
    } finally {
      lease.dispose();
      if (vectors.length > 0) await writer.putVectors(folder, vectors, fileIds, origin);
    }
  }
  await writer.dropSummaries(folder);
}
