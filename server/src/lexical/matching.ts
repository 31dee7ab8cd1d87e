import {
  type Field,
  type FieldPostings,
  chunkFields,
  fileFields,
  filesPerBlock,
  readBlock,
  readCounts,
} from './postings.js';
import type { FolderStatistics } from './statistics.js';

/** A file's own terms, and those of usage lines in other files. Each has postings of its own. */
export const ownPart = 0;
export const usagePart = 1;

/** Numbers of files and chunks are as in `FolderStatistics`. */
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
  const none = (): FieldPostings => ({ docs: [], counts: [] });
  const fields: Record<Field, FieldPostings> = {
    path: none(),
    lead: none(),
    comments: none(),
    usage: none(),
    body: none(),
    names: none(),
    signatures: none(),
  };
  const ownFields = [...fileFields, ...chunkFields].map((field) => fields[field]);
  const { body, usage } = fields;
  const files: number[] = [];
  for (const { part, block, entries } of blocks) {
    readBlock(entries, (slot, reader) => {
      const file = docs.numberOf(block * filesPerBlock + slot);
      if (file === undefined) return;
      if (part === usagePart) {
        usage.docs.push(file);
        usage.counts.push(reader.read());
        return;
      }
      const before = body.docs.length;
      readCounts(reader, file, docs.files[file]?.at ?? 0, ownFields);
      if (body.docs.length > before) files.push(file);
    });
  }
  return { term, fields, files };
}
