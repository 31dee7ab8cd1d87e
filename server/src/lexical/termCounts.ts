import type { ChunkTerms, FileTerms } from './fields.js';
import {
  type FileCounts,
  VarintWriter,
  chunkFields,
  encodeCounts,
  fileFields,
  noCounts,
} from './postings.js';

/** What the postings say of one file: its entry for each term, and the lengths of its fields in terms. */
export interface CountedFile {
  /** Payload of the file's entry, by term. */
  readonly payloads: ReadonlyMap<string, readonly number[]>;
  readonly lengths: Uint8Array;
}

/** Splits a token stream, such as `FileTerms.path`, into its terms. */
export const splitTerms = (stream: string): string[] => (stream === '' ? [] : stream.split(' '));

/** Counts the terms of a file by field, those of chunks by chunk. */
export function countTerms(file: FileTerms, chunks: readonly ChunkTerms[]): CountedFile {
  const counts = new Map<string, FileCounts>();
  const countsOf = (term: string): FileCounts => {
    const known = counts.get(term) ?? noCounts();
    counts.set(term, known);
    return known;
  };
  const lengths = new VarintWriter();
  for (const field of fileFields) {
    const terms = splitTerms(file[field]);
    lengths.write(terms.length);
    for (const term of terms) countsOf(term)[field]++;
  }
  for (const [ordinal, chunk] of chunks.entries()) {
    for (const field of chunkFields) {
      const terms = splitTerms(chunk[field]);
      lengths.write(terms.length);
      for (const term of terms) {
        const pairs = countsOf(term)[field];
        if (pairs.at(-2) === ordinal) pairs[pairs.length - 1] = (pairs.at(-1) ?? 0) + 1;
        else pairs.push(ordinal, 1);
      }
    }
  }
  const payloads = new Map<string, number[]>();
  for (const [term, found] of counts) payloads.set(term, encodeCounts(found));
  return { payloads, lengths: Uint8Array.from(lengths.bytes) };
}

/** Counts the terms of usage lines: lines of other files that name a definition of this one. */
export function countUsage(streams: readonly string[]): CountedFile {
  const counts = new Map<string, number>();
  let length = 0;
  for (const stream of streams) {
    for (const term of splitTerms(stream)) {
      counts.set(term, (counts.get(term) ?? 0) + 1);
      length++;
    }
  }
  const payloads = new Map<string, number[]>();
  for (const [term, count] of counts) {
    const writer = new VarintWriter();
    writer.write(count);
    payloads.set(term, writer.bytes);
  }
  const lengths = new VarintWriter();
  lengths.write(length);
  return { payloads, lengths: Uint8Array.from(lengths.bytes) };
}
