import type { SearchMode } from '../../../shared/src/protocol/protocol.js';
import type { ChunkRow, FolderRow } from '../catalog/rows.js';
import type { VectorCollection } from '../vectors/vectorStore.js';

/** Reads the text of chunks from the working tree; undefined when the file no longer holds it. */
export interface ChunkTexts {
  /** Of one, and of those that follow it, as the file is at one time. */
  of(chunk: ChunkRow, ...further: readonly ChunkRow[]): Promise<string | undefined>;
}

/** Asks the folder's collection, as `VectorCollection.query` does. */
export type Nearest = VectorCollection['query'];

/** One indexed folder as a search sees it. */
export interface SearchTarget {
  readonly folder: FolderRow;
  /** Only what lies below this path counts, which ends with `/`; empty for the whole folder. */
  readonly prefix: string;
  readonly texts: ChunkTexts;
  /** Undefined while vectors cannot take part. */
  readonly vectors: { readonly nearest: Nearest; readonly query: Float32Array } | undefined;
}

export interface SearchRequest {
  readonly query: string;
  readonly limit: number;
  readonly mode: SearchMode;
  readonly languages?: readonly string[];
  readonly glob?: string;
  /** Hits say what their scores are made of. */
  readonly explain?: boolean;
}
