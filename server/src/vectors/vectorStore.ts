import { LanternError } from '../../../shared/src/errors.js';

/** What fixes a collection: one folder, one model, one way of chunking. */
export interface CollectionSpec {
  /** Valid Chroma name, 3 to 63 characters, derived from folder and model by `collectionName`. */
  readonly name: string;
  readonly dimensions: number;
  /** Said in the collection's metadata, for people who look at the server. */
  readonly folder: string;
  readonly model: string;
  readonly chunker: string;
  /** Random id of this copy; a collection that carries another one was not written by this catalog. */
  readonly generation: string;
}

/** One vector and what Chroma may know of its chunk: never source text unless `document` is given. */
export interface VectorRecord {
  readonly id: string;
  /** Unit length, `dimensions` long. */
  readonly vector: Float32Array;
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** From 1, both included. */
  readonly startLine: number;
  readonly endLine: number;
  readonly language: string;
  readonly document?: string;
}

export interface VectorMatch {
  readonly id: string;
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}

export interface VectorFilter {
  /** Keep only chunks of these languages; none, or an empty list, keeps all. */
  readonly languages?: readonly string[];
}

/**
 * The collection that was open is gone or damaged: `open` it again, which says `created`, and fill it from the catalog.
 */
export class CollectionLostError extends LanternError {
  readonly collection: string;

  constructor(collection: string, reason: string, options?: ErrorOptions) {
    const message = `The collection ${collection} was lost (${reason}). It is rebuilt from the catalog at the next use.`;
    super('store-failed', message, options);
    this.name = 'CollectionLostError';
    this.collection = collection;
  }
}

/**
 * One open collection. Methods reject with a `store-failed` LanternError when the store cannot answer, and with its
 * subclass `CollectionLostError` when asking again is of no use.
 */
export interface VectorCollection {
  readonly spec: CollectionSpec;
  /** Adds or replaces by id; safe to repeat. */
  upsert(records: readonly VectorRecord[]): Promise<void>;
  /** Ids that are not there are no error. */
  delete(ids: readonly string[]): Promise<void>;
  /** The nearest `limit` by cosine, best first. */
  query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]>;
  count(): Promise<number>;
  /** Every id that is there, for comparing with the catalog. */
  ids(): Promise<Set<string>>;
}

export type VectorStoreStatus =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly url: string; readonly pid?: number }
  /** Chroma cannot be used now; an exact scan over the catalog answers instead. */
  | { readonly kind: 'fallback'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: LanternError };

/** Where vectors are searched. The catalog is the truth; everything here can be made again from it. */
export interface VectorStore {
  status(): VectorStoreStatus;
  /**
   * Opens the collection; `created` says that it is empty and new, because there was none, or because what was there
   * had another generation and was dropped.
   */
  open(spec: CollectionSpec): Promise<{ collection: VectorCollection; created: boolean }>;
  drop(name: string): Promise<void>;
  /** Closes connections and stops a server that this store started. */
  dispose(): Promise<void>;
}
