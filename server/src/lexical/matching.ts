import { type Field, decodeCounts, filesPerBlock, readBlock } from './postings.js';
import type { FolderStatistics } from './statistics.js';

/** A file's own terms, and those of usage lines in other files. Each has postings of its own. */
export const ownPart = 0;
export const usagePart = 1;

/** Where a term occurs in one field: numbers of files or chunks as in `FolderStatistics`, and how often. */
export interface FieldPostings {
  readonly docs: number[];
  readonly counts: number[];
}

export interface TermPostings {
  readonly term: string;
  readonly fields: Readonly<Record<Field, FieldPostings>>;
  /** Files that contain the term in their own text. */
  readonly files: readonly number[];
}

/** A row of postings as it is stored: a term's entries of up to `filesPerBlock` files. */
export interface PostingsBlock {
  readonly part: number;
  readonly block: number;
  readonly entries: Uint8Array;
}

/** Reads where a term occurs in a folder. Files that the statistics do not know are left out. */
export function matchTerm(
  term: string,
  blocks: Iterable<PostingsBlock>,
  docs: FolderStatistics,
): TermPostings {
  const fields: Record<Field, FieldPostings> = {
    path: { docs: [], counts: [] },
    lead: { docs: [], counts: [] },
    comments: { docs: [], counts: [] },
    usage: { docs: [], counts: [] },
    body: { docs: [], counts: [] },
    names: { docs: [], counts: [] },
    signatures: { docs: [], counts: [] },
  };
  const files: number[] = [];
  const add = (field: Field, doc: number, count: number): void => {
    fields[field].docs.push(doc);
    fields[field].counts.push(count);
  };
  for (const { part, block, entries } of blocks) {
    readBlock(entries, (slot, reader) => {
      const file = docs.numberOf(block * filesPerBlock + slot);
      if (file === undefined) return;
      if (part === usagePart) {
        add('usage', file, reader.read());
        return;
      }
      const firstChunk = docs.files[file]?.at ?? 0;
      const before = fields.body.docs.length;
      decodeCounts(reader, {
        file: (field, count) => add(field, file, count),
        chunk: (field, ordinal, count) => add(field, firstChunk + ordinal, count),
      });
      if (fields.body.docs.length > before) files.push(file);
    });
  }
  return { term, fields, files };
}
