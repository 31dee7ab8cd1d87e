/** Rows of the catalog's tables, as the rest of the program sees them. */
import { deserialize, serialize } from 'node:v8';
import type { CountedTerms } from '../lexical/termCounts.js';
import { fromInt8 } from './int8.js';

export interface FolderRow {
  readonly id: number;
  /** Absolute real path. */
  readonly path: string;
  readonly modelKey: string;
  readonly modelId: number;
  readonly chunker: string;
  readonly collection: string;
  readonly generation: string;
  /** Milliseconds since the epoch of the last complete pass. */
  readonly indexedAt: number | null;
}

export interface FileRow {
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** When the file was last read or compared, by the clock that sets its time stamp. */
  readonly checkedMs: number;
  readonly digest: string;
  readonly language: string;
}

/** The state by which a file is recognised as unchanged. */
export type SeenFile = Omit<FileRow, 'id' | 'digest' | 'language'>;

/** A file that was read and skipped for its content. */
export interface SkippedFile extends SeenFile {
  readonly reason: string;
}

/** A chunk as the indexer passes it on. */
export interface NewChunk {
  /** Identity within the folder, derived from path, text and occurrence: the same in every run. */
  readonly key: string;
  /** Digest of the embedded text. */
  readonly vectorDigest: Uint8Array;
  /** Digest of the text alone. */
  readonly textDigest: Uint8Array;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | undefined;
  /** Definitions in the chunk. */
  readonly definitions: readonly NewDefinition[];
}

export interface NewDefinition {
  /** Unqualified, as it is written. */
  readonly name: string;
  readonly kind: string;
  /** Lines of the file, from 1, both ends included. */
  readonly startLine: number;
  readonly endLine: number;
}

/** A definition with the row id of the chunk that it begins in. */
export interface FileDefinition extends NewDefinition {
  readonly chunkId: number;
}

export interface NewVector {
  /** Digest of the text that the vector was made from: 16 bytes. */
  readonly digest: Uint8Array;
  /** Unit length. */
  readonly vector: Float32Array;
}

/** A file as the indexer passes it on, without its chunks. */
export interface NewFile extends Omit<FileRow, 'id'> {
  /** The terms of the file and of its chunks. */
  readonly counted: CountedTerms;
  /** Lines, from 1, on which a comment ends. A comment explains the line below it. */
  readonly commentRows: readonly number[];
  /** The text that is embedded for the whole file; kept until there is a vector. */
  readonly summary: { readonly digest: Uint8Array; readonly text: string } | undefined;
}

/** A file and its chunks as they were read. */
export interface FileRows {
  readonly file: Omit<NewFile, 'checkedMs'>;
  readonly chunks: readonly NewChunk[];
}

/** What a scan found out about one file. */
export type FileChange =
  /** `rows` has the bytes of a `FileRows`, so that a thread in between passes them on unread. */
  | { readonly kind: 'indexed'; readonly rows: Uint8Array; readonly checkedMs: number }
  /** The content is the indexed one, with another time stamp. */
  | ({ readonly kind: 'same'; readonly path: string } & FileState)
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: string; readonly state?: FileState }
  /** No longer there, or no longer skipped. */
  | { readonly kind: 'gone'; readonly path: string };

/** What tells whether a file has changed: its size, its time stamp and when they were read. */
export type FileState = Pick<FileRow, 'size' | 'mtimeMs' | 'checkedMs'>;

export const encodeFile = (rows: FileRows): Uint8Array => serialize(rows);
export const decodeFile = (bytes: Uint8Array): FileRows => deserialize(bytes) as FileRows;

export interface ChunkRow {
  readonly id: number;
  readonly key: string;
  readonly path: string;
  readonly language: string;
  readonly vectorDigest: Uint8Array;
  readonly textDigest: Uint8Array;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
}

export interface FolderCounts {
  readonly files: number;
  readonly chunks: number;
  /** Chunks that have no vector yet. */
  readonly chunksPending: number;
  readonly filesPending: number;
}

/** Columns of a `ChunkRow`, of the tables `chunks c` and `files f`. */
export const chunkColumns = `c.id, c.key, f.path, f.language, c.vector_digest AS vectorDigest, c.text_digest AS textDigest,
  c.start_offset AS startOffset, c.end_offset AS endOffset, c.start_line AS startLine, c.end_line AS endLine, c.symbol`;

export const asBytes = (blob: unknown): Uint8Array => new Uint8Array(blob as ArrayBuffer | Uint8Array);

export function toChunk(row: ChunkRow): ChunkRow {
  return { ...row, vectorDigest: asBytes(row.vectorDigest), textDigest: asBytes(row.textDigest) };
}

/** The unit vector of a stored one, which has a byte per component. */
export const toVector = (blob: unknown): Float32Array => fromInt8(asBytes(blob));
