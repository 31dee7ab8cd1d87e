import { LanternError } from '../../../shared/src/errors.js';

/** What defines a collection: one folder, one model, one version of the chunker. */
export interface CollectionSpec {
  /** Valid Chroma name, 3 to 63 characters, derived from folder and model by `collectionName`. */
  readonly name: string;
  readonly dimensions: number;
  /** Stored in the collection's metadata, for people who inspect the server. */
  readonly folder: string;
  readonly model: string;
  readonly chunker: string;
  /** Random id of this copy. A collection with another id was not written by this catalog. */
  readonly generation: string;
}

/** A vector and the metadata that Chroma may have: never source text, unless `document` is given. */
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
  /** Keep only chunks of these languages; an empty list or none keeps all. */
  readonly languages?: readonly string[];
}

/** The open collection is lost or damaged. `open` it again, which reports `created`, and fill it from the catalog. */
export class CollectionLostError extends LanternError {
  readonly collection: string;

  constructor(collection: string, reason: string, options?: ErrorOptions) {
    const message = `The collection ${collection} was lost (${reason}). It is rebuilt from the catalog at the next use.`;
    super('store-failed', message, options);
    this.name = 'CollectionLostError';
    this.collection = collection;
  }
}

/** What another shares cannot be vectors of this model. */
export class WrongVectorsError extends LanternError {
  constructor(reason: string) {
    super('incompatible', reason);
    this.name = 'WrongVectorsError';
  }
}

/**
 * An open collection. Methods reject with a `store-failed` LanternError when the store cannot answer, and with its
 * subclass `CollectionLostError` when a retry is of no use.
 */
export interface VectorCollection {
  readonly spec: CollectionSpec;
  /** Adds or replaces records by id. Safe to repeat. */
  upsert(records: readonly VectorRecord[]): Promise<void>;
  /** Unknown ids are not an error. */
  delete(ids: readonly string[]): Promise<void>;
  /** The nearest `limit` vectors by cosine, best first. */
  query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]>;
  count(): Promise<number>;
  /** Every id of the collection, to compare with the catalog. */
  ids(): Promise<Set<string>>;
}

export type VectorStoreStatus =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly url: string; readonly pid?: number }
  /** Chroma cannot be used now. An exact scan over the catalog answers instead. */
  | { readonly kind: 'fallback'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: LanternError };

/** Where vectors are searched. This room owns no data: all of it can be made again from the catalog. */
export interface VectorStore {
  status(): VectorStoreStatus;
  /**
   * Opens the collection. `created` means that it is new and empty: there was none, or one of another generation that
   * was dropped.
   */
  open(spec: CollectionSpec): Promise<{ collection: VectorCollection; created: boolean }>;
  drop(name: string): Promise<void>;
  /** Closes connections and stops a server that this store started. */
  dispose(): Promise<void>;
}
