import { readFileSync } from 'node:fs';
import { type Disposable, Emitter } from '../../../../shared/src/disposable.js';
import { errorMessage, throwIfCancelled } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { nextTurn } from '../../../../shared/src/nextTurn.js';
import type { SharedVectorsStatus, VectorsProgress } from '../../../../shared/src/protocol/protocol.js';
import { Sequence } from '../../../../shared/src/sequence.js';
import { writePrivate } from '../../../../shared/src/writePrivate.js';
import type { Catalog, FolderRow, NewVector, VectorOrigin } from '../../catalog/catalog.js';
import { WrongVectorsError } from '../../vectors/vectorStore.js';
import type { IndexWriter } from '../indexWriter.js';
import { Rate } from '../rate.js';
import { Reservoir, type SampleCheckJob, type Sampled, checkSample, leastCosine } from './sampleCheck.js';
import { type WantedVectors, digestOf } from './wantedVectors.js';

/** Where vectors are shared: a server that others write to as well. */
export interface SharedVectorSource {
  /**
   * The vectors of those digests that it has. Rejects with `WrongVectorsError` when what it has cannot be vectors of this
   * model, and with another error when it cannot be asked.
   */
  get(digests: readonly Uint8Array[]): Promise<NewVector[]>;
  put(vectors: readonly NewVector[]): Promise<void>;
}

export interface SharedVectorsOptions {
  readonly source: SharedVectorSource;
  readonly url: string;
  /** Whether vectors that are made here are given to the others. */
  readonly mayGive: boolean;
  /** Where it is written that a source was refused. */
  readonly file: string;
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
  readonly log: Log;
  /** Milliseconds for which a source that failed is not asked. They double with each failure, up to ten times as long. */
  readonly retryMs?: number;
}

export interface TakeJob extends SampleCheckJob {
  readonly wanted: WantedVectors;
  readonly onProgress: (progress: VectorsProgress) => void;
}

/** What the source has of some digests, after the sample of it was computed again. */
type Page =
  | { readonly kind: 'found'; readonly found: readonly NewVector[] }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'refused' };

/** Digests that are asked for at once, and vectors between two commits. */
const takenAtOnce = 500;
/** Vectors that are given at once. */
const givenAtOnce = 250;
/** Vectors that are computed again of the first page that has any, and of each later one, before they are taken. */
const firstSample = 8;
const laterSample = 1;

/**
 * Vectors by content that a team shares: what one has embedded, the others take. A source is another's, so a sample of what
 * it gives is computed again. One that gives wrong vectors is used no more, and all that came from it is deleted.
 */
export class SharedVectors {
  readonly #options: Required<SharedVectorsOptions>;
  readonly #forgotten = new Emitter<readonly number[]>();
  readonly #giving = new Sequence();
  /** Ids of folders whose older vectors were offered. */
  readonly #offered = new Set<number>();
  #refused: string | undefined;
  #away: { readonly reason: string; readonly until: number } | undefined;
  #waitMs: number;
  #taken = 0;
  #given = 0;
  /** Vectors that were made here and may not have been given yet. */
  #waiting = 0;
  #disposed = false;

  constructor(options: SharedVectorsOptions) {
    this.#options = { retryMs: 60_000, ...options };
    this.#waitMs = this.#options.retryMs;
    const known = read(options.file);
    if (known?.url === options.url) this.#refused = known.refused;
    else void this.#begin().catch((error: unknown) => this.#failed(error));
  }

  status(): SharedVectorsStatus {
    const { url } = this.#options;
    if (this.#refused !== undefined) return { kind: 'refused', url, reason: this.#refused };
    if (this.#away !== undefined) return { kind: 'away', url, reason: this.#away.reason };
    return { kind: 'used', url, taken: this.#taken, given: this.#given };
  }

  /** Why they are not used now; undefined when they are. */
  get problem(): string | undefined {
    return this.#refused ?? this.#away?.reason;
  }

  /** What to record of vectors that are made here. */
  get originOfNew(): VectorOrigin {
    return this.#options.mayGive ? 'offered' : 'made';
  }

  isUsable(): boolean {
    if (this.#refused !== undefined || this.#disposed) return false;
    return this.#away === undefined || performance.now() >= this.#away.until;
  }

  /** Called with the ids of the folders that have lost vectors, because the source was refused. */
  onDidForget(listener: (folderIds: readonly number[]) => void): Disposable {
    return this.#forgotten.on(listener);
  }

  /** Asks the source for nothing, to see whether it answers; `problem` says what is wrong. */
  async ping(): Promise<void> {
    if (this.#refused !== undefined) return;
    try {
      await this.#options.source.get([new Uint8Array(16)]);
      this.#answered();
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** Takes what the source has of the wanted vectors. Returns how many; a source that fails is no error of the job. */
  async take(job: TakeJob, signal: AbortSignal): Promise<number> {
    const { folder, wanted, onProgress } = job;
    if (!this.isUsable()) return 0;
    const { writer } = this.#options;
    const [keys, rate] = [wanted.keys(), new Rate()];
    let [taken, pages] = [0, 0];
    const ask = (at: number): Promise<Page> => {
      const digests = keys.slice(at, at + takenAtOnce).map(digestOf);
      const asked = this.#page(job, digests, () => pages++, signal);
      // Nobody waits for the next page when this one is the last.
      asked.catch(() => undefined);
      return asked;
    };
    let next = ask(0);
    for (let at = 0; at < keys.length; at += takenAtOnce) {
      throwIfCancelled(signal, 'Indexing');
      const page = await next;
      if (page.kind === 'failed') {
        await this.#failed(page.error);
        return taken;
      }
      // A job of another folder may have refused the source: what is written from now on would stay.
      if (page.kind === 'refused' || this.#refused !== undefined) return 0;
      const { found } = page;
      // The source answers, and the model checks, while this page is written.
      next = ask(at + takenAtOnce);
      const vectors: NewVector[] = [];
      const fileIds: number[] = [];
      for (const record of found) {
        const users = wanted.take(record.digest);
        if (users.length === 0) continue;
        vectors.push(record);
        for (const { kind, id } of users) if (kind === 'file') fileIds.push(id);
      }
      if (vectors.length > 0) await writer.putVectors(folder, vectors, fileIds, 'taken');
      taken += vectors.length;
      this.#taken += vectors.length;
      const done = Math.min(keys.length, at + takenAtOnce);
      rate.add(done - at);
      onProgress({ kind: 'vectors', ...rate.progress(done, keys.length) });
    }
    return taken;
  }

  /** Gives what was made here for the folder to the others. A source that fails gets it after a later job. */
  give(folder: FolderRow): Promise<void> {
    return this.#giving.run(async () => {
      this.#waiting = 0;
      if (!this.#options.mayGive || !this.isUsable()) return;
      try {
        await this.#give(folder);
      } catch (error) {
        await this.#failed(error);
      }
    });
  }

  /** Vectors were made here for the folder. When they are enough for a request, they are given. */
  made(folder: FolderRow, vectors: number): void {
    this.#waiting += vectors;
    if (this.#waiting >= givenAtOnce) void this.give(folder);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#giving.ended;
  }

  async #give(folder: FolderRow): Promise<void> {
    const { catalog, writer, source } = this.#options;
    if (!this.#offered.has(folder.id)) await writer.offerVectors(folder);
    this.#offered.add(folder.id);
    while (!this.#disposed) {
      const vectors = catalog.origins.offered(folder, givenAtOnce);
      if (vectors.length === 0) return;
      await source.put(vectors);
      this.#answered();
      await writer.markGiven(
        folder,
        vectors.map(({ digest }) => digest),
      );
      this.#given += vectors.length;
    }
  }

  /** `pageNumber`: called for a page that has vectors. */
  async #page(
    job: TakeJob,
    digests: readonly Uint8Array[],
    pageNumber: () => number,
    signal: AbortSignal,
  ): Promise<Page> {
    let found: NewVector[];
    try {
      found = digests.length === 0 ? [] : await this.#options.source.get(digests);
    } catch (error) {
      return { kind: 'failed', error };
    }
    this.#answered();
    // Answers of several sources come in the same turn of the event loop.
    await nextTurn();
    if (found.length > 0 && !(await this.#isRight(job, found, pageNumber(), signal)))
      return { kind: 'refused' };
    return { kind: 'found', found };
  }

  async #isRight(
    job: TakeJob,
    found: readonly NewVector[],
    page: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const sample = new Reservoir<Sampled>(page === 0 ? firstSample : laterSample);
    for (const record of found) {
      const [user] = job.wanted.users(record.digest);
      if (user !== undefined) sample.add({ record, user });
    }
    const { leastLikeness } = await checkSample(job, sample.kept, signal);
    if (this.#refused !== undefined) return false;
    if (leastLikeness >= leastCosine) return true;
    await this.#refuse(
      `it has other vectors than ${job.folder.modelKey} gives here (cosine ${leastLikeness.toFixed(2)}, ${leastCosine} is needed)`,
    );
    return false;
  }

  #answered(): void {
    this.#away = undefined;
    this.#waitMs = this.#options.retryMs;
  }

  async #failed(error: unknown): Promise<void> {
    if (error instanceof WrongVectorsError) return this.#refuse(error.message);
    const reason = errorMessage(error);
    const { url, log, retryMs } = this.#options;
    if (this.#away === undefined) log.write('warn', 'shared.away', { url, reason });
    this.#away = { reason, until: performance.now() + this.#waitMs };
    this.#waitMs = Math.min(2 * this.#waitMs, 10 * retryMs);
  }

  async #refuse(cause: string): Promise<void> {
    const { url, writer, file, log } = this.#options;
    const reason = `The shared vectors of ${url} are used no more: ${cause}. All that came from there was deleted and is made here. To use them again, empty them and delete ${file}.`;
    this.#refused = reason;
    log.write('error', 'shared.refused', { url, cause });
    await writePrivate(file, `${JSON.stringify({ url, refused: reason }, undefined, 2)}\n`);
    this.#forgotten.emit(await writer.deleteTakenVectors());
  }

  /** Notes that this source is used from now on: it has nothing from here yet. */
  async #begin(): Promise<void> {
    const { file, url, writer } = this.#options;
    await writer.forgetGiven();
    await writePrivate(file, `${JSON.stringify({ url }, undefined, 2)}\n`);
  }
}

function read(file: string): { readonly url?: string; readonly refused?: string } | undefined {
  try {
    const { url, refused } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return {
      ...(typeof url === 'string' && { url }),
      ...(typeof refused === 'string' && { refused }),
    };
  } catch {
    // Missing or damaged: begun anew, which costs giving the vectors once more.
    return undefined;
  }
}
