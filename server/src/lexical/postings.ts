/**
 * Postings as bytes: how often each term occurs in a file and its chunks. A row of the catalog has one term's entries
 * for up to 64 files: the file's slot, the length of the payload, the payload. Numbers are LEB128.
 */

/** Number of files whose entries for a term share a row. */
export const filesPerBlock = 64;

/** How often a term occurs in the fields of one file; 0 where it does not. */
export interface FileCounts {
  path: number;
  lead: number;
  comments: number;
  /** Pairs of the chunk's number within the file and the count. */
  readonly body: number[];
  readonly names: number[];
  readonly signatures: number[];
}

export const fileFields = ['path', 'lead', 'comments'] as const;
export const chunkFields = ['body', 'names', 'signatures'] as const;

/** The fields in which a term can occur; `usage` are lines of other files that name a definition of this one. */
export type Field = (typeof fileFields)[number] | (typeof chunkFields)[number] | 'usage';

export function noCounts(): FileCounts {
  return { path: 0, lead: 0, comments: 0, body: [], names: [], signatures: [] };
}

export class VarintWriter {
  readonly bytes: number[] = [];

  write(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    this.bytes.push(rest);
  }
}

/** Reads what `VarintWriter` wrote. After the end it gives zeros. */
export class VarintReader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  read(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value >>> 0;
  }
}

/** Payload of one file's own terms: a mask of fields, then their counts. */
export function encodeCounts(counts: FileCounts): number[] {
  const writer = new VarintWriter();
  let mask = 0;
  fileFields.forEach((field, bit) => (mask |= counts[field] > 0 ? 1 << bit : 0));
  chunkFields.forEach((field, bit) => (mask |= counts[field].length > 0 ? 8 << bit : 0));
  writer.write(mask);
  for (const field of fileFields) if (counts[field] > 0) writer.write(counts[field]);
  for (const field of chunkFields) {
    const pairs = counts[field];
    if (pairs.length === 0) continue;
    writer.write(pairs.length / 2);
    let last = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      const ordinal = pairs[i] ?? 0;
      writer.write(ordinal - last);
      writer.write(pairs[i + 1] ?? 0);
      last = ordinal;
    }
  }
  return writer.bytes;
}

/** Where a term occurs in one field: numbers of files or chunks, and how often. */
export interface FieldPostings {
  readonly docs: number[];
  readonly counts: number[];
}

/**
 * Adds what `encodeCounts` wrote of one file to the postings of each field: of `fileFields`, then of `chunkFields`.
 * `firstChunk`: the number of the file's first chunk.
 */
export function readCounts(
  reader: VarintReader,
  file: number,
  firstChunk: number,
  fields: readonly FieldPostings[],
): void {
  const mask = reader.read();
  for (let bit = 0; bit < fields.length; bit++) {
    const field = fields[bit];
    if (field === undefined || !(mask & (1 << bit))) continue;
    const { docs, counts } = field;
    if (bit < fileFields.length) {
      docs.push(file);
      counts.push(reader.read());
      continue;
    }
    let chunk = firstChunk;
    for (let left = reader.read(); left > 0; left--) {
      chunk += reader.read();
      docs.push(chunk);
      counts.push(reader.read());
    }
  }
}

/** Encodes one entry of a block: slot, length and payload. */
export function encodeEntry(slot: number, payload: Uint8Array): Uint8Array {
  const writer = new VarintWriter();
  writer.write(slot);
  writer.write(payload.length);
  const entry = new Uint8Array(writer.bytes.length + payload.length);
  entry.set(writer.bytes);
  entry.set(payload, writer.bytes.length);
  return entry;
}

/** Calls `visit` with each entry's slot and a reader at its payload. */
export function readBlock(bytes: Uint8Array, visit: (slot: number, reader: VarintReader) => void): void {
  const reader = new VarintReader(bytes);
  while (!reader.done) {
    const slot = reader.read();
    const length = reader.read();
    const next = reader.at + length;
    visit(slot, reader);
    reader.at = next;
  }
}

/** The block without the entries of a slot; undefined when no entry is left. */
export function withoutSlot(bytes: Uint8Array, slot: number): Uint8Array | undefined {
  const kept: Uint8Array[] = [];
  const reader = new VarintReader(bytes);
  while (!reader.done) {
    const start = reader.at;
    const own = reader.read() === slot;
    const length = reader.read();
    reader.at += length;
    if (!own) kept.push(bytes.subarray(start, reader.at));
  }
  if (kept.length === 0) return undefined;
  const whole = new Uint8Array(kept.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of kept) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Encodes ascending row numbers. */
export function encodeRows(rows: readonly number[]): Uint8Array {
  const writer = new VarintWriter();
  let last = 0;
  for (const row of rows) {
    writer.write(Math.max(0, row - last));
    last = row;
  }
  return Uint8Array.from(writer.bytes);
}

export function decodeRows(bytes: Uint8Array): number[] {
  const reader = new VarintReader(bytes);
  const rows: number[] = [];
  for (let last = 0; !reader.done;) {
    last += reader.read();
    rows.push(last);
  }
  return rows;
}
