import { disposeOnce, Emitter } from '../../../shared/src/disposable.js';
import type { Disposable } from '../../../shared/src/disposable.js';
import { cancelled, errorMessage, LanternError, throwIfCancelled } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { describeProvider } from './graph.js';
import type { Provider } from './graph.js';
import { modelKey } from './modelId.js';
import type { Dtype, ModelId } from './modelId.js';

/** What the cache needs of a loaded model, such as `EmbeddingSession`. */
export interface LoadedModel {
  readonly provider: Provider;
  /** Resident memory of the model, in bytes. */
  readonly bytes: number;
  release(): Promise<void>;
  /** Resolves when the model has become useless by itself; the cache then drops it. */
  readonly lost?: Promise<void> | undefined;
}

/** The right to use a model until it is disposed of. Until then the model stays loaded. */
export interface ModelLease<Model> extends Disposable {
  readonly model: Model;
}

/** State and usage of one model. */
export interface ModelInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly revision: string;
  readonly state: 'loading' | 'loaded' | 'releasing';
  /** `undefined` while it loads. */
  readonly provider: Provider | undefined;
  /** Resident memory of the model, in bytes; 0 while it loads. */
  readonly bytes: number;
  /** Holders of leases, once per lease. */
  readonly leases: readonly string[];
  /** Number of loads, and of leases given without a load, since the cache was made. */
  readonly loads: number;
  readonly hits: number;
  /** Milliseconds since the last lease ended; `undefined` while one is held. */
  readonly idleMs: number | undefined;
}

/** Totals since the cache was made, and the models that are loaded or loading. */
export interface CacheInfo {
  readonly models: readonly ModelInfo[];
  readonly bytes: number;
  readonly loads: number;
  readonly hits: number;
  readonly releases: number;
}

export interface CacheOptions<Model> {
  readonly loader: (id: ModelId) => Promise<Model>;
  readonly log: Log;
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
}

interface Waiter<Model> {
  readonly holder: string;
  readonly resolve: (lease: ModelLease<Model>) => void;
  readonly reject: (error: unknown) => void;
}

type State<Model> =
  | { readonly kind: 'loading'; readonly waiters: Set<Waiter<Model>>; readonly settled: Promise<void> }
  | { readonly kind: 'loaded'; readonly model: Model; idleSince: number }
  | { readonly kind: 'releasing'; readonly model: Model };

interface Entry<Model> {
  readonly id: ModelId;
  state: State<Model>;
  readonly leases: Map<Disposable, string>;
  /** Set while the model is being released; resolves when its memory is free. */
  leaving: Promise<void> | undefined;
  /** Called when the last lease ends. */
  onIdle: (() => void) | undefined;
}

/** The only owner of loaded models: one load per `ModelId`, shared by all concurrent callers. */
export class ModelCache<Model extends LoadedModel> {
  readonly #loader: CacheOptions<Model>['loader'];
  readonly #log: Log;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry<Model>>();
  readonly #counts = new Map<string, { loads: number; hits: number }>();
  readonly #changed = new Emitter<void>();
  #releases = 0;
  #disposed = false;

  constructor(options: CacheOptions<Model>) {
    this.#loader = options.loader;
    this.#log = options.log;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Called after every load, lease and release. Read `info` then. */
  onDidChange(listener: () => void): Disposable {
    return this.#changed.on(listener);
  }

  /**
   * A lease on the model, which is loaded if necessary. `holder` names the caller in `info`. Cancelling ends only
   * this caller's wait: the load continues, and the model stays for the next caller.
   */
  async acquire(id: ModelId, holder: string, signal?: AbortSignal): Promise<ModelLease<Model>> {
    const key = modelKey(id);
    for (;;) {
      throwIfCancelled(signal, `Loading ${id.name}`);
      if (this.#disposed) throw new LanternError('unavailable', 'Lantern is shutting down. Try again.');
      const entry = this.#entries.get(key);
      if (!entry) return this.#wait(this.#load(id), holder, signal, false);
      // While a model is being released, its holders may take further leases. Waiting for their own leases would last
      // forever.
      if (entry.leaving && !this.#isHeldBy(entry, holder)) {
        await untilCancelled(entry.leaving, signal, `Loading ${id.name}`);
        continue;
      }
      if (entry.state.kind === 'loading') return this.#wait(entry, holder, signal, true);
      return this.#hit(entry, entry.state.model, holder);
    }
  }

  /** Loads the model before it is needed. */
  async preload(id: ModelId, signal?: AbortSignal): Promise<void> {
    (await this.acquire(id, 'preload', signal)).dispose();
  }

  info(): CacheInfo {
    const models = [...this.#entries].map(([key, entry]) => this.#describe(key, entry));
    const sum = (of: 'loads' | 'hits'): number =>
      [...this.#counts.values()].reduce((total, count) => total + count[of], 0);
    return {
      models,
      bytes: models.reduce((total, model) => total + model.bytes, 0),
      loads: sum('loads'),
      hits: sum('hits'),
      releases: this.#releases,
    };
  }

  /** Waits until no lease is held, then releases every loaded model. A caller that comes meanwhile gets a new load. */
  async clear(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#leave(entry)));
  }

  /** Releases the models that have had no lease for `olderThanMs`; returns their number. */
  async unloadIdle(olderThanMs: number): Promise<number> {
    const now = this.#now();
    const idle = [...this.#entries.values()].filter(
      ({ state, leases, leaving }) =>
        state.kind === 'loaded' && leases.size === 0 && !leaving && now - state.idleSince >= olderThanMs,
    );
    await Promise.all(idle.map((entry) => this.#leave(entry)));
    return idle.length;
  }

  /** As `clear`, and gives no further lease. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.clear();
  }

  #load(id: ModelId): Entry<Model> {
    const key = modelKey(id);
    const started = performance.now();
    const waiters = new Set<Waiter<Model>>();
    // Call the loader in a later turn, when the entry is in the map.
    const settled = Promise.resolve().then(async () => {
      try {
        const model = await this.#loader(id);
        this.#loaded(entry, waiters, model, performance.now() - started);
      } catch (error) {
        this.#failed(entry, waiters, error);
      }
    });
    const state: State<Model> = { kind: 'loading', waiters, settled };
    const entry: Entry<Model> = { id, state, leases: new Map(), leaving: undefined, onIdle: undefined };
    this.#entries.set(key, entry);
    this.#changed.emit();
    return entry;
  }

  #loaded(entry: Entry<Model>, waiters: Set<Waiter<Model>>, model: Model, ms: number): void {
    entry.state = { kind: 'loaded', model, idleSince: this.#now() };
    this.#count(entry).loads += 1;
    this.#log.write('info', 'model.load', {
      ...describe(entry.id),
      provider: describeProvider(model.provider),
      bytes: model.bytes,
      ms: Math.round(ms),
      waiters: waiters.size,
    });
    void model.lost?.then(() => {
      this.#log.write('error', 'model.lost', describe(entry.id));
      return this.#leave(entry);
    });
    // In this turn, so that nothing can release the model before the waiting callers have their leases.
    for (const waiter of waiters) waiter.resolve(this.#lease(entry, model, waiter.holder));
    this.#changed.emit();
  }

  #failed(entry: Entry<Model>, waiters: Set<Waiter<Model>>, error: unknown): void {
    this.#entries.delete(modelKey(entry.id));
    this.#log.write('error', 'model.load.failed', { ...describe(entry.id), error: errorMessage(error) });
    for (const waiter of waiters) waiter.reject(error);
    this.#changed.emit();
  }

  #wait(
    entry: Entry<Model>,
    holder: string,
    signal: AbortSignal | undefined,
    shared: boolean,
  ): Promise<ModelLease<Model>> {
    const { state } = entry;
    if (state.kind !== 'loading')
      throw new LanternError('internal', `The model ${entry.id.name} is not loading.`);
    return new Promise((resolve, reject) => {
      const started = performance.now();
      const finish = (): void => {
        state.waiters.delete(waiter);
        signal?.removeEventListener('abort', stop);
      };
      const waiter: Waiter<Model> = {
        holder,
        resolve: (lease) => {
          finish();
          if (shared) this.#countHit(entry, holder, performance.now() - started);
          resolve(lease);
        },
        reject: (error) => {
          finish();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const stop = (): void => waiter.reject(cancelled(`Loading ${entry.id.name}`));
      signal?.addEventListener('abort', stop, { once: true });
      state.waiters.add(waiter);
    });
  }

  #hit(entry: Entry<Model>, model: Model, holder: string): ModelLease<Model> {
    this.#countHit(entry, holder, 0);
    const lease = this.#lease(entry, model, holder);
    this.#changed.emit();
    return lease;
  }

  #lease(entry: Entry<Model>, model: Model, holder: string): ModelLease<Model> {
    const right = disposeOnce(() => {
      entry.leases.delete(right);
      if (entry.state.kind === 'loaded') entry.state.idleSince = this.#now();
      if (entry.leases.size === 0) entry.onIdle?.();
      this.#changed.emit();
    });
    entry.leases.set(right, holder);
    return { model, dispose: () => right.dispose() };
  }

  #leave(entry: Entry<Model>): Promise<void> {
    entry.leaving ??= this.#release(entry);
    return entry.leaving;
  }

  async #release(entry: Entry<Model>): Promise<void> {
    if (entry.state.kind === 'loading') await entry.state.settled;
    if (entry.state.kind !== 'loaded') return;
    const { model } = entry.state;
    while (entry.leases.size > 0) {
      await new Promise<void>((resolve) => {
        entry.onIdle = resolve;
      });
    }
    entry.state = { kind: 'releasing', model };
    this.#changed.emit();
    const before = process.memoryUsage.rss();
    const started = performance.now();
    try {
      await model.release();
      this.#log.write('info', 'model.release', {
        ...describe(entry.id),
        bytes: before - process.memoryUsage.rss(),
        ms: Math.round(performance.now() - started),
      });
    } catch (error) {
      this.#log.write('error', 'model.release.failed', {
        ...describe(entry.id),
        error: errorMessage(error),
      });
    }
    this.#releases += 1;
    this.#entries.delete(modelKey(entry.id));
    this.#changed.emit();
  }

  #isHeldBy(entry: Entry<Model>, holder: string): boolean {
    return entry.state.kind === 'loaded' && [...entry.leases.values()].includes(holder);
  }

  #count(entry: Entry<Model>): { loads: number; hits: number } {
    const key = modelKey(entry.id);
    const count = this.#counts.get(key) ?? { loads: 0, hits: 0 };
    this.#counts.set(key, count);
    return count;
  }

  #countHit(entry: Entry<Model>, holder: string, waitedMs: number): void {
    this.#count(entry).hits += 1;
    this.#log.write('debug', 'model.hit', { ...describe(entry.id), holder, ms: Math.round(waitedMs) });
  }

  #describe(key: string, entry: Entry<Model>): ModelInfo {
    const { id, state, leases } = entry;
    const model = state.kind === 'loading' ? undefined : state.model;
    return {
      ...id,
      state: state.kind,
      provider: model?.provider,
      bytes: model?.bytes ?? 0,
      leases: [...leases.values()],
      loads: this.#counts.get(key)?.loads ?? 0,
      hits: this.#counts.get(key)?.hits ?? 0,
      idleMs: state.kind === 'loaded' && leases.size === 0 ? this.#now() - state.idleSince : undefined,
    };
  }
}

function describe(id: ModelId): { model: string; dtype: string; revision: string } {
  return { model: id.name, dtype: id.dtype, revision: id.revision };
}

async function untilCancelled(
  work: Promise<void>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<void> {
  if (!signal) return work;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => reject(cancelled(what));
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
