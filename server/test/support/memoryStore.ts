import { LanternError } from '../../../shared/src/errors.js';
import { CollectionLostError } from '../../src/vectors/vectorStore.js';
import type {
  CollectionSpec,
  VectorCollection,
  VectorFilter,
  VectorMatch,
  VectorRecord,
  VectorStore,
  VectorStoreStatus,
} from '../../src/vectors/vectorStore.js';

type Operation = 'open' | 'upsert' | 'delete' | 'query' | 'count';

interface Stored {
  readonly spec: CollectionSpec;
  readonly records: Map<string, VectorRecord>;
}

/** A vector store in memory. It can be unreachable, lose a collection, fail after writing, or answer late. */
export class MemoryStore implements VectorStore {
  readonly collections = new Map<string, Stored>();
  /** The operations so far, such as `delete 2`. */
  readonly calls: string[] = [];
  /** Whether the store is unreachable. */
  away = false;
  /** Called before an operation takes effect; may wait or throw. */
  before: (operation: Operation) => void | Promise<void> = () => undefined;
  /** Called after an operation took effect, before its caller knows. */
  after: (operation: Operation) => void | Promise<void> = () => undefined;

  status(): VectorStoreStatus {
    return { kind: 'running', url: 'memory:' };
  }

  async open(spec: CollectionSpec): Promise<{ collection: VectorCollection; created: boolean }> {
    let stored = this.collections.get(spec.name);
    const created = stored?.spec.generation !== spec.generation;
    await this.perform('open', spec.name, () => {
      if (created) this.collections.set(spec.name, (stored = { spec, records: new Map() }));
    });
    if (stored === undefined) throw new Error('nothing was opened');
    return { collection: new MemoryCollection(this, stored), created };
  }

  async drop(name: string): Promise<void> {
    await this.perform('open', 'drop', () => this.collections.delete(name));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /** Ids in a collection, sorted. */
  ids(name: string): string[] {
    return [...(this.collections.get(name)?.records.keys() ?? [])].sort();
  }

  async perform<T>(operation: Operation, what: string | number, work: () => T): Promise<T> {
    await this.before(operation);
    if (this.away) throw new LanternError('store-failed', 'The store is away.');
    this.calls.push(`${operation} ${what}`);
    const result = work();
    await this.after(operation);
    return result;
  }
}

class MemoryCollection implements VectorCollection {
  readonly spec: CollectionSpec;
  readonly #store: MemoryStore;
  readonly #stored: Stored;

  constructor(store: MemoryStore, stored: Stored) {
    this.spec = stored.spec;
    this.#store = store;
    this.#stored = stored;
  }

  upsert(records: readonly VectorRecord[]): Promise<void> {
    return this.#perform('upsert', records.length, (all) => {
      for (const record of records) all.set(record.id, record);
    });
  }

  delete(ids: readonly string[]): Promise<void> {
    return this.#perform('delete', ids.length, (all) => {
      for (const id of ids) all.delete(id);
    });
  }

  query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]> {
    const languages = filter?.languages ?? [];
    return this.#perform('query', limit, (all) =>
      [...all.values()]
        .filter(({ language }) => languages.length === 0 || languages.includes(language))
        .map(({ id, vector: own }) => ({
          id,
          similarity: own.reduce((sum, x, i) => sum + x * (vector[i] ?? 0), 0),
        }))
        .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    );
  }

  count(): Promise<number> {
    return this.#perform('count', this.spec.name, (all) => all.size);
  }

  ids(): Promise<Set<string>> {
    return this.#perform('count', 'ids', (all) => new Set(all.keys()));
  }

  #perform<T>(
    operation: Operation,
    what: string | number,
    work: (all: Map<string, VectorRecord>) => T,
  ): Promise<T> {
    return this.#store.perform(operation, what, () => {
      if (this.#store.collections.get(this.spec.name) !== this.#stored)
        throw new CollectionLostError(this.spec.name, 'it is not there any more');
      return work(this.#stored.records);
    });
  }
}
