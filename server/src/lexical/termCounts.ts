import type { ChunkTerms, FileTerms } from './fields.js';
import {
  type FileCounts,
  VarintWriter,
  chunkFields,
  encodeCounts,
  fileFields,
  noCounts,
} from './postings.js';

/** What the postings say of one file. It can be sent from one thread to another. */
export interface CountedTerms {
  /** The file's terms, each once, joined by spaces. */
  readonly terms: string;
  /** The payloads of the file's entries, one after another, and where each ends. */
  readonly payloads: Uint8Array;
  readonly ends: Uint32Array;
  /** The lengths of the file's fields in terms. */
  readonly lengths: Uint8Array;
}

/** Calls `visit` with each term and its payload. */
export function eachTerm(
  { terms, payloads, ends }: CountedTerms,
  visit: (term: string, payload: Uint8Array) => void,
): void {
  let start = 0;
  for (const [i, term] of splitTerms(terms).entries()) {
    const end = ends[i] ?? start;
    visit(term, payloads.subarray(start, end));
    start = end;
  }
}

function packed(payloads: ReadonlyMap<string, readonly number[]>, lengths: readonly number[]): CountedTerms {
  const ends = new Uint32Array(payloads.size);
  let [i, end] = [0, 0];
  for (const payload of payloads.values()) ends[i++] = end += payload.length;
  const bytes = new Uint8Array(end);
  i = 0;
  for (const payload of payloads.values()) {
    bytes.set(payload, i === 0 ? 0 : ends[i - 1]);
    i++;
  }
  return { terms: [...payloads.keys()].join(' '), payloads: bytes, ends, lengths: Uint8Array.from(lengths) };
}

/** Splits terms that are joined by spaces. */
export const splitTerms = (stream: string): string[] => (stream === '' ? [] : stream.split(' '));

/** Counts the terms of a file by field, those of chunks by chunk. */
export function countTerms(file: FileTerms, chunks: readonly ChunkTerms[]): CountedTerms {
  const counts = new Map<string, FileCounts>();
  const countsOf = (term: string): FileCounts => {
    let known = counts.get(term);
    if (known === undefined) counts.set(term, (known = noCounts()));
    return known;
  };
  const lengths = new VarintWriter();
  for (const field of fileFields) {
    const terms = file[field];
    lengths.write(terms.length);
    for (const term of terms) countsOf(term)[field]++;
  }
  for (const [ordinal, chunk] of chunks.entries()) {
    for (const field of chunkFields) {
      const terms = chunk[field];
      lengths.write(terms.length);
      for (const term of terms) {
        const pairs = countsOf(term)[field];
        const last = pairs.length - 1;
        if (last > 0 && pairs[last - 1] === ordinal) pairs[last] = (pairs[last] ?? 0) + 1;
        else pairs.push(ordinal, 1);
      }
    }
  }
  const payloads = new Map<string, number[]>();
  for (const [term, found] of counts) payloads.set(term, encodeCounts(found));
  return packed(payloads, lengths.bytes);
}

/** Counts the terms of usage lines: lines of other files that name a definition of this one. */
export function countUsage(streams: readonly string[]): CountedTerms {
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
  return packed(payloads, lengths.bytes);
}
