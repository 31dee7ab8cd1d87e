import { Buffer } from 'node:buffer';
import { throwIfCancelled } from '../../../shared/src/errors.js';
import type { IndexProgress, IndexReport } from '../../../shared/src/protocol/protocol.js';
import type { Catalog, MissingChunk, NewVector, VectorOrigin } from '../catalog/catalog.js';
import { embeddedText } from '../chunking/embeddedText.js';
import type { SourceTexts } from '../source/sourceTexts.js';
import type { Projector } from '../vectors/projector.js';
import { ChunkQueue } from './chunkQueue.js';
import type { SharedVectors } from './exchange/sharedVectors.js';
import { WantedVectors } from './exchange/wantedVectors.js';
import { type ChunkEmbedder, type EmbedderLease, forEachAtOnce } from './embedder.js';
import { type FileVectorsJob, embedFiles } from './fileVectors.js';
import type { IndexWriter } from './indexWriter.js';
import type { PauseGate } from './pauseGate.js';
import { Rate } from './rate.js';

export interface FolderEmbeddingDependencies {
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
  readonly projector: Projector;
  readonly embedder: ChunkEmbedder;
  /** Vectors that others have made. */
  readonly shared: SharedVectors | undefined;
  readonly gate: PauseGate;
  /** Whether chunks get vectors too. */
  readonly vectors: 'all' | 'files';
  /** Reads chunks from disk. Each page of chunks has a reader of its own, so that it sees one state of a file. */
  readonly texts: () => SourceTexts;
  /** Compares a file again whose text is no longer what the catalog says. */
  readonly rescanFile: (path: string) => Promise<void>;
  readonly onProgress: (progress: IndexProgress) => void;
  /** Ids of files that are open in an editor, the most wanted at the end. */
  readonly openIds: () => readonly number[];
  /** Counts a job while it runs. */
  readonly counted: <T>(job: string, work: () => Promise<T>) => Promise<T>;
}

export interface EmbedReport extends Pick<
  IndexReport,
  'chunksEmbedded' | 'chunksReused' | 'vectorsShared' | 'collectionRebuilt'
> {
  /** All vectors are there, and the collection has yet to be filled with many of them. */
  readonly isBehind: boolean;
}

/** One pass over the chunks that need the model. */
interface EmbedJob {
  readonly queue: ChunkQueue;
  readonly total: number;
  readonly rate: Rate;
  /** Chunks of the pages before; `embedded` are those that needed the model. */
  done: number;
  embedded: number;
}

/** Chunks embedded between two commits. A crash loses at most this many runs of the model. */
const commitPage = 32;

/** Up to this many texts count as an edit, which has priority over bulk work. */
const editSize = 64;

/** More chunks than this that nobody had to embed are sent to the collection behind the job. */
const mostSentAtOnce = 500;

/** Most files that were found lately and whose chunks come first. */
const mostWanted = 100;

/** Differs, in all likelihood, when any of the numbers does. */
function stateOf(count: number, ids: readonly number[]): string {
  let hash = count;
  for (const id of ids) hash = (Math.imul(hash, 31) + id) | 0;
  return `${count} ${ids.length} ${hash}`;
}

/** Gives a folder's files and chunks their vectors, and brings the collection up to date. */
export class FolderEmbedding {
  readonly #deps: FolderEmbeddingDependencies;
  /** Files that searches have returned, the last at the end. */
  readonly #wanted = new Set<number>();

  constructor(deps: FolderEmbeddingDependencies) {
    this.#deps = deps;
  }

  /** Embeds the chunks of these files next: a search has returned them. */
  want(fileIds: Iterable<number>): void {
    for (const id of fileIds) {
      this.#wanted.delete(id);
      this.#wanted.add(id);
    }
    for (const id of this.#wanted) {
      if (this.#wanted.size <= mostWanted) return;
      this.#wanted.delete(id);
    }
  }

  async run(signal: AbortSignal): Promise<EmbedReport> {
    const { catalog, projector, counted } = this.#deps;
    const report = { chunksEmbedded: 0, chunksReused: 0, vectorsShared: 0 };
    const asked = new Set<string>();
    await projector.begin();
    let before = '';
    for (;;) {
      const { ready, missing } = await catalog.outbox.unconfirmed(projector.folder);
      // Ends when a round changed nothing: all is done, or these files keep changing, or the store takes nothing. A
      // scan may add chunks meanwhile; they are included, because its caller may share this run.
      const state = stateOf(catalog.outbox.count(projector.folder.id), [
        ...ready,
        0,
        ...missing.map(({ id }) => id),
      ]);
      if (state === before) break;
      before = state;
      const taken = await this.#takeShared(asked, signal);
      report.vectorsShared += taken;
      if (taken > 0) {
        const left = await this.leaveCollection();
        if (left !== undefined) {
          const { chunksEmbedded, vectorsShared } = report;
          return { ...left, chunksEmbedded, vectorsShared };
        }
        continue;
      }
      report.chunksReused += await counted('project', () => projector.project(ready, signal));
      await this.#embedFiles(signal);
      if (missing.length === 0) await counted('verify', () => projector.verify(signal));
      else if (this.#deps.vectors === 'all')
        report.chunksEmbedded += await this.#embedChunks(missing, signal);
    }
    await this.#deps.writer.markIndexed(projector.folder.id, Date.now());
    void this.#deps.shared?.give(projector.folder);
    return { ...report, collectionRebuilt: projector.takeRebuilt(), isBehind: false };
  }

  /**
   * Ends a job whose vectors all came from elsewhere, before the new collection is filled with them: that takes longer than
   * all else, and meanwhile the exact scan answers. Undefined where there is more to do first.
   */
  async leaveCollection(): Promise<EmbedReport | undefined> {
    const { catalog, writer, projector } = this.#deps;
    const { folder } = projector;
    const { chunks, chunksPending } = catalog.counts(folder.id);
    const unsent = catalog.outbox.count(folder.id);
    if (unsent <= mostSentAtOnce || unsent < chunks || chunksPending > 0) return undefined;
    if (catalog.fileVectors.missing(folder).length > 0) return undefined;
    await writer.dropSummaries(folder);
    await writer.markIndexed(folder.id, Date.now());
    const collectionRebuilt = projector.takeRebuilt();
    return { chunksEmbedded: 0, chunksReused: unsent, vectorsShared: 0, collectionRebuilt, isBehind: true };
  }

  /** Takes what others have of the vectors that are missing. `asked` are the digests that were looked for before. */
  async #takeShared(asked: Set<string>, signal: AbortSignal): Promise<number> {
    const { shared, catalog, projector, embedder, gate, texts, onProgress, counted } = this.#deps;
    if (!shared?.isUsable()) return 0;
    const { folder } = projector;
    const wanted = new WantedVectors(catalog, folder, asked);
    if (wanted.size === 0) return 0;
    for (const key of wanted.keys()) asked.add(key);
    await gate.passed(signal);
    const job = { catalog, folder, embedder, texts: texts(), wanted, onProgress };
    return counted('take', () => shared.take(job, signal));
  }

  /** Vectors of whole files come first: with them a search is nearly as good as with all vectors. */
  async #embedFiles(signal: AbortSignal): Promise<void> {
    const { catalog, writer, projector, embedder, gate, onProgress, counted } = this.#deps;
    const rate = new Rate();
    do {
      await gate.passed(signal);
      throwIfCancelled(signal, 'Indexing');
      const folder = projector.folder;
      const job: FileVectorsJob = {
        catalog,
        writer,
        folder,
        origin: this.#origin,
        acquire: (texts) => embedder.acquire(folder.path, texts <= editSize ? 'edited' : 'bulk', signal),
        first: this.#deps.openIds(),
        isPaused: () => gate.closed,
        onProgress: (done, total) => {
          rate.add(1);
          onProgress({ kind: 'embedding', files: total, ...rate.progress(done, total) });
        },
      };
      await counted('embed', () => embedFiles(job, signal));
    } while (gate.closed);
  }

  /** Embeds from one pause to the next, each time under a lease of its own. */
  async #embedChunks(missing: readonly MissingChunk[], signal: AbortSignal): Promise<number> {
    const { gate, counted } = this.#deps;
    this.want(this.#deps.openIds());
    const queue = new ChunkQueue(missing, this.#wanted);
    const job = { queue, total: missing.length, done: 0, embedded: 0, rate: new Rate() };
    this.#report(job);
    while (job.done < job.total) {
      await gate.passed(signal);
      throwIfCancelled(signal, 'Indexing');
      await counted('embed', () => this.#embedUntilPaused(job, signal));
    }
    return job.embedded;
  }

  async #embedUntilPaused(job: EmbedJob, signal: AbortSignal): Promise<void> {
    const { embedder, projector, gate } = this.#deps;
    const priority = job.total <= editSize ? 'edited' : 'bulk';
    let projecting: Promise<unknown> = Promise.resolve();
    try {
      while (job.done < job.total && !gate.closed) {
        const page = job.queue.next(commitPage);
        // A lease per page: who clears the cache waits for a page, not for the job.
        const lease = await embedder.acquire(projector.folder.path, priority, signal);
        try {
          await this.#embedPage(job, page, lease, signal);
        } finally {
          lease.dispose();
        }
        job.done += page.length;
        await projecting;
        projecting = projector.project(page, signal);
        projecting.catch(() => undefined);
      }
      await projecting;
    } finally {
      await projecting.catch(() => undefined);
    }
  }

  async #embedPage(
    job: EmbedJob,
    page: readonly number[],
    lease: EmbedderLease,
    signal: AbortSignal,
  ): Promise<void> {
    const { catalog, writer, projector, embedder } = this.#deps;
    const countTokens = (part: string): number => embedder.countTokens(part);
    const texts = this.#deps.texts();
    const vectors: NewVector[] = [];
    const begun = new Set<string>();
    let done = 0;
    try {
      await forEachAtOnce(page, lease.atOnce, async (id, at) => {
        throwIfCancelled(signal, 'Indexing');
        const chunk = catalog.chunks.get(id);
        if (chunk === undefined || catalog.vectors.get(projector.folder, chunk.vectorDigest) !== undefined)
          return;
        const digest = Buffer.from(chunk.vectorDigest).toString('hex');
        if (begun.has(digest)) return;
        begun.add(digest);
        const text = await texts.of(chunk);
        if (text === undefined) {
          begun.delete(digest);
          await this.#deps.rescanFile(chunk.path);
          return;
        }
        const input = embeddedText(chunk.path, text, embedder.maxTokens, countTokens);
        vectors.push({ digest: chunk.vectorDigest, vector: await lease.embed(input, signal) });
        job.embedded++;
        job.rate.add(1);
        done = Math.max(done, at + 1);
        this.#report(job, done);
      });
    } finally {
      // Finished vectors are kept when the rest was cancelled or failed.
      if (vectors.length > 0) {
        await writer.putVectors(projector.folder, vectors, [], this.#origin);
        this.#deps.shared?.made(projector.folder, vectors.length);
      }
    }
  }

  /** What to record of vectors that are made here. */
  get #origin(): VectorOrigin {
    return this.#deps.shared?.originOfNew ?? 'made';
  }

  /** `ofPage`: what is done of the page that is being embedded. */
  #report({ total, done: before, rate }: EmbedJob, ofPage = 0): void {
    this.#deps.onProgress({ kind: 'embedding', files: 0, ...rate.progress(before + ofPage, total) });
  }
}
