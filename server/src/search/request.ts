import type { MatchStrength, SearchMode } from '../../../shared/src/protocol/protocol.js';
import type { ChunkRow, FolderRow } from '../catalog/rows.js';
import type { VectorCollection } from '../vectors/vectorStore.js';

/** Reads the texts of chunks from the working tree; undefined when the file no longer contains a text. */
export interface ChunkTexts {
  /** The text of a chunk, and of those that follow it, from one read of the file. */
  of(chunk: ChunkRow, ...further: readonly ChunkRow[]): Promise<string | undefined>;
}

/** Queries the folder's collection, as `VectorCollection.query` does. */
export type Nearest = VectorCollection['query'];

/** An indexed folder for a search. */
export interface SearchTarget {
  readonly folder: FolderRow;
  /** Only paths below this one count. It ends with `/`; empty for the whole folder. */
  readonly prefix: string;
  readonly texts: ChunkTexts;
  /** Undefined when vectors take no part. */
  readonly vectors:
    | {
        readonly nearest: Nearest;
        /** A promise while it is being computed, of undefined when it cannot be. */
        readonly query: Float32Array | Promise<Float32Array | undefined>;
      }
    | undefined;
}

export interface SearchRequest {
  readonly query: string;
  readonly limit: number;
  readonly mode: SearchMode;
  readonly languages?: readonly string[];
  readonly glob?: string;
  readonly minMatch?: MatchStrength;
  /** Add the terms of the score to each hit. */
  readonly explain?: boolean;
}
