import type { Disposable } from '../../../shared/src/disposable.js';
import { Emitter } from '../../../shared/src/disposable.js';
import { errorMessage, LanternError } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { ChromaStore } from './chroma/chromaStore.js';
import type { ExactStore } from './exactStore.js';
import { CollectionLostError } from './vectorStore.js';
import type {
  CollectionSpec,
  VectorCollection,
  VectorFilter,
  VectorMatch,
  VectorRecord,
  VectorStore,
  VectorStoreStatus,
} from './vectorStore.js';

const longestProbePauseMs = 60_000;

/**
 * Answers queries from Chroma, and by an exact scan of the catalog while Chroma is down or being filled. Writes,
 * counts and ids need Chroma: they reject while it is down, so that no write is taken for done.
 */
export class FallbackStore implements VectorStore {
  readonly #chroma: ChromaStore;
  readonly #exact: ExactStore;
  readonly #log: Log;
  readonly #probePauseMs: number;
  readonly #shouldReopen = new Emitter<string | undefined>();
  readonly #statusEvent = new Emitter<VectorStoreStatus>();
  readonly #subscription: Disposable;
  #reason: string | undefined;
  #probeAt = 0;
  /** Tries a failed Chroma again though nobody asks, so that what it has missed does not wait for the next search. */
  #timer: NodeJS.Timeout | undefined;
  #timerMs: number;
  #disposed = false;

  /**
   * `probePauseMs` is the pause before a failed Chroma is tried again in the background. It doubles with each failure,
   * up to a minute, until Chroma has stored something: one that answers and cannot write is not asked all the time.
   */
  constructor(chroma: ChromaStore, exact: ExactStore, log: Log, { probePauseMs = 3000 } = {}) {
    this.#probePauseMs = probePauseMs;
    this.#timerMs = probePauseMs;
    this.#chroma = chroma;
    this.#exact = exact;
    this.#log = log;
    this.#subscription = chroma.onDidChangeStatus((status) => {
      if (status.kind === 'running') this.succeeded();
      else if (status.kind === 'failed') this.failed(status.error);
      this.#statusEvent.emit(this.status());
    });
  }

  status(): VectorStoreStatus {
    return this.#reason === undefined ? this.#chroma.status() : { kind: 'fallback', reason: this.#reason };
  }

  onDidChangeStatus(listener: (status: VectorStoreStatus) => void): Disposable {
    return this.#statusEvent.on(listener);
  }

  /**
   * Called with the name of a lost collection, or with `undefined` (all collections) when Chroma answers again. Until
   * they are opened again and compared with the catalog, the exact scan answers.
   */
  onShouldReopen(listener: (collection: string | undefined) => void): Disposable {
    return this.#shouldReopen.on(listener);
  }

  async open(spec: CollectionSpec): Promise<{ collection: VectorCollection; created: boolean }> {
    const exact = (await this.#exact.open(spec)).collection;
    try {
      const { collection, created } = await this.#chroma.open(spec);
      this.succeeded();
      return { collection: new ResilientCollection(this, exact, collection), created };
    } catch (error) {
      this.failed(error);
      return { collection: new ResilientCollection(this, exact, undefined), created: false };
    }
  }

  async drop(name: string): Promise<void> {
    await this.#chroma.drop(name);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    await this.#chroma.dispose();
    await this.#exact.dispose();
  }

  /** Whether Chroma should be asked now. If not, this checks in the background whether it is back. */
  usable(): boolean {
    if (this.#reason === undefined) return true;
    if (performance.now() >= this.#probeAt) this.#probe();
    return false;
  }

  succeeded(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    clearTimeout(this.#timer);
    this.#log.write('info', 'store.recovered');
    this.#statusEvent.emit(this.status());
    this.#shouldReopen.emit(undefined);
  }

  failed(error: unknown): void {
    const reason = errorMessage(error);
    const before = this.#reason;
    this.#reason = reason;
    this.#probeAt = performance.now() + this.#probePauseMs;
    this.#probeLater();
    if (before !== undefined) return;
    this.#log.write('warn', 'store.fallback', { reason });
    this.#statusEvent.emit(this.status());
  }

  /** Chroma has stored something. */
  stored(): void {
    this.#timerMs = this.#probePauseMs;
  }

  lost(collection: string): void {
    this.#shouldReopen.emit(collection);
  }

  #probe(): void {
    this.#probeAt = performance.now() + this.#probePauseMs;
    this.#chroma.ping().then(
      () => this.succeeded(),
      (error: unknown) => this.failed(error),
    );
  }

  #probeLater(): void {
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#probe(), this.#timerMs);
    this.#timer.unref();
    this.#timerMs = Math.min(2 * this.#timerMs, longestProbePauseMs);
  }

  /** The error for a call that only Chroma can answer. */
  unavailable(): LanternError {
    const reason = this.#reason ?? 'this collection has to be opened again.';
    return new LanternError('store-failed', `Chroma takes no changes now: ${reason}`);
  }
}

const fillCheckMs = 500;
/** While chunks are embedded, the last of them are on their way. */
const leastFilled = 0.95;

class ResilientCollection implements VectorCollection {
  readonly spec: CollectionSpec;
  readonly #store: FallbackStore;
  readonly #exact: VectorCollection;
  #chroma: VectorCollection | undefined;
  /** Whether the collection in Chroma has fewer vectors than the catalog: it is new, or its filling was interrupted. */
  #filling = true;
  #filledCheckedAt = 0;

  constructor(store: FallbackStore, exact: VectorCollection, chroma: VectorCollection | undefined) {
    this.spec = exact.spec;
    this.#store = store;
    this.#exact = exact;
    this.#chroma = chroma;
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    await this.#ask((chroma) => chroma.upsert(records));
    this.#store.stored();
  }

  delete(ids: readonly string[]): Promise<void> {
    return this.#ask((chroma) => chroma.delete(ids));
  }

  async query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]> {
    if (this.#filling) await this.#checkFilled();
    // `usable` comes first, because it also checks whether Chroma has become available.
    if (this.#store.usable() && !this.#filling && this.#chroma !== undefined) {
      try {
        return await this.#ask((chroma) => chroma.query(vector, limit, filter));
      } catch {
        // `#ask` has recorded the failure.
      }
    }
    return this.#exact.query(vector, limit, filter);
  }

  count(): Promise<number> {
    return this.#ask((chroma) => chroma.count());
  }

  ids(): Promise<Set<string>> {
    return this.#ask((chroma) => chroma.ids());
  }

  async #ask<T>(work: (chroma: VectorCollection) => Promise<T>): Promise<T> {
    if (!this.#store.usable() || this.#chroma === undefined) throw this.#store.unavailable();
    try {
      return await work(this.#chroma);
    } catch (error) {
      if (error instanceof CollectionLostError) {
        this.#chroma = undefined;
        this.#store.lost(this.spec.name);
      } else if (error instanceof LanternError && error.code !== 'internal') {
        this.#store.failed(error);
      }
      throw error;
    }
  }

  async #checkFilled(): Promise<void> {
    const now = Date.now();
    if (now - this.#filledCheckedAt < fillCheckMs) return;
    this.#filledCheckedAt = now;
    try {
      if ((await this.count()) >= leastFilled * (await this.#exact.count())) this.#filling = false;
    } catch {
      // The exact scan continues to answer.
    }
  }
}
