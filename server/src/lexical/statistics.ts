import type { Field } from './postings.js';

/** A file of a folder, as ranking uses it. */
export interface FileDoc {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  /** Row id of its first chunk. Those of its other chunks follow. */
  readonly firstChunk: number;
  /** Number of its first chunk within the folder, and its number of chunks. */
  readonly at: number;
  readonly chunks: number;
}

/** A folder's files and chunks, numbered from 0, with the lengths of their fields in terms. */
export interface FolderStatistics {
  readonly files: readonly FileDoc[];
  /** Number of the file of each chunk. */
  readonly fileOf: Int32Array;
  /** By file for `path`, `lead`, `comments` and `usage`, by chunk for the other fields. */
  readonly lengths: Readonly<Record<Field, Uint32Array>>;
  /** Mean length of the non-empty fields; 1 when all are empty. */
  readonly averages: Readonly<Record<Field, number>>;
  /** The number of a file by its row id. */
  numberOf(fileId: number): number | undefined;
  /** The number of a chunk by its file's row id and its own. */
  chunkNumber(fileId: number, chunkId: number): number | undefined;
}

/** What the catalog stores of a file's statistics. */
export interface StoredFile {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly firstChunk: number;
  /** Lengths of path, lead and comments; then of body, names and signatures of each chunk. */
  readonly lengths: readonly number[];
  readonly usage: number;
}

/** Numbers the files and chunks of a folder, and computes the lengths of their fields. */
export function layOutStatistics(stored: readonly StoredFile[]): FolderStatistics {
  const files: FileDoc[] = [];
  const numbers = new Map<number, number>();
  let at = 0;
  for (const [number, { id, path, language, firstChunk, lengths }] of stored.entries()) {
    const chunks = Math.max(0, Math.floor((lengths.length - 3) / 3));
    files.push({ id, path, language, firstChunk, at, chunks });
    numbers.set(id, number);
    at += chunks;
  }
  const fileOf = new Int32Array(at);
  const byFile = (): Uint32Array => new Uint32Array(stored.length);
  const byChunk = (): Uint32Array => new Uint32Array(at);
  const lengths: Record<Field, Uint32Array> = {
    path: byFile(),
    lead: byFile(),
    comments: byFile(),
    usage: byFile(),
    body: byChunk(),
    names: byChunk(),
    signatures: byChunk(),
  };
  for (const [number, file] of stored.entries()) {
    const doc = files[number];
    if (doc === undefined) continue;
    lengths.path[number] = file.lengths[0] ?? 0;
    lengths.lead[number] = file.lengths[1] ?? 0;
    lengths.comments[number] = file.lengths[2] ?? 0;
    lengths.usage[number] = file.usage;
    fileOf.fill(number, doc.at, doc.at + doc.chunks);
    copyEveryThird(file.lengths, 3, lengths.body, doc);
    copyEveryThird(file.lengths, 4, lengths.names, doc);
    copyEveryThird(file.lengths, 5, lengths.signatures, doc);
  }
  const averages = Object.fromEntries(
    Object.entries(lengths).map(([field, all]) => [field, averageOf(all)]),
  ) as Record<Field, number>;
  return {
    files,
    fileOf,
    lengths,
    averages,
    numberOf: (fileId) => numbers.get(fileId),
    chunkNumber: (fileId, chunkId) => {
      const doc = files[numbers.get(fileId) ?? -1];
      if (doc === undefined || chunkId < doc.firstChunk || chunkId >= doc.firstChunk + doc.chunks)
        return undefined;
      return doc.at + chunkId - doc.firstChunk;
    },
  };
}

function copyEveryThird(
  from: readonly number[],
  first: number,
  to: Uint32Array,
  { at, chunks }: FileDoc,
): void {
  for (let chunk = 0; chunk < chunks; chunk++) to[at + chunk] = from[first + 3 * chunk] ?? 0;
}

function averageOf(lengths: Uint32Array): number {
  let sum = 0;
  let filled = 0;
  for (const length of lengths) {
    sum += length;
    if (length > 0) filled++;
  }
  return filled === 0 ? 1 : sum / filled;
}
