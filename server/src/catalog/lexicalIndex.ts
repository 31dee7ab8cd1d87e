import type { Sql } from './database.js';
import { type FolderStatistics, StatisticsTable } from './statisticsTable.js';
import {
  type Field,
  VarintWriter,
  type FileCounts,
  chunkFields,
  decodeCounts,
  encodeCounts,
  encodeEntry,
  fileFields,
  filesPerBlock,
  noCounts,
  readBlock,
  withoutSlot,
} from '../lexical/postings.js';
import { asBytes } from './rows.js';
import type { ChunkTerms, FileTerms } from '../lexical/fields.js';

/** A file's own words, and those of lines in other files that speak of what it defines. */
const ownPart = 0;
const usagePart = 1;

/** Where a word stands in one field: numbers of files or chunks in `FolderWords`, and how often. */
export interface FieldPostings {
  readonly docs: number[];
  readonly counts: number[];
}

export interface TermPostings {
  readonly term: string;
  readonly fields: Readonly<Record<Field, FieldPostings>>;
  /** Files that hold the word in their text. */
  readonly files: readonly number[];
}

/** Words of folders, kept in the catalog as postings by word. It holds no source text. */
export class LexicalIndex {
  readonly #sql: Sql;
  readonly #words: StatisticsTable;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#words = new StatisticsTable(sql);
  }

  /** Puts a file's words in place of those it had. Its chunks have the row ids `firstChunk` and following. */
  put(
    folderId: number,
    fileId: number,
    firstChunk: number,
    words: FileTerms,
    chunks: readonly ChunkTerms[],
  ): void {
    const counts = new Map<string, FileCounts>();
    const countsOf = (word: string): FileCounts => {
      const known = counts.get(word) ?? noCounts();
      counts.set(word, known);
      return known;
    };
    const lengths = new VarintWriter();
    for (const field of fileFields) {
      const all = split(words[field]);
      lengths.write(all.length);
      for (const word of all) countsOf(word)[field]++;
    }
    for (const [ordinal, chunk] of chunks.entries()) {
      for (const field of chunkFields) {
        const all = split(chunk[field]);
        lengths.write(all.length);
        for (const word of all) {
          const pairs = countsOf(word)[field];
          if (pairs.at(-2) === ordinal) pairs[pairs.length - 1] = (pairs.at(-1) ?? 0) + 1;
          else pairs.push(ordinal, 1);
        }
      }
    }
    const payloads = new Map<string, number[]>();
    for (const [word, found] of counts) payloads.set(word, encodeCounts(found));
    this.#replace(folderId, fileId, ownPart, payloads, lengths, firstChunk);
  }

  /** Puts what other files say of a file in place of what they said. */
  putUsage(folderId: number, fileId: number, streams: readonly string[]): void {
    const counts = new Map<string, number>();
    let length = 0;
    for (const stream of streams) {
      for (const word of split(stream)) {
        counts.set(word, (counts.get(word) ?? 0) + 1);
        length++;
      }
    }
    const payloads = new Map<string, number[]>();
    for (const [word, count] of counts) {
      const writer = new VarintWriter();
      writer.write(count);
      payloads.set(word, writer.bytes);
    }
    const lengths = new VarintWriter();
    lengths.write(length);
    this.#replace(folderId, fileId, usagePart, payloads, lengths, 0);
  }

  remove(folderId: number, fileId: number): void {
    for (const part of [ownPart, usagePart]) this.#take(folderId, fileId, part);
    this.#words.changed(folderId, fileId);
  }

  drop(folderId: number): void {
    this.#sql.run('DELETE FROM postings WHERE folder_id = ?', folderId);
    this.#sql.run('DELETE FROM file_words WHERE folder_id = ?', folderId);
    this.#words.forget(folderId);
  }

  /** The folder's files and chunks with the lengths of their fields, numbered from 0. */
  docs(folderId: number): FolderStatistics {
    return this.#words.of(folderId);
  }

  /** Where each of `words` stands. */
  match(folderId: number, words: readonly string[]): TermPostings[] {
    const docs = this.#words.of(folderId);
    return words.map((word) => this.#postings(folderId, word, docs));
  }

  /** Ids of the files that hold a word in their own text. */
  filesWith(folderId: number, word: string): number[] {
    const found: number[] = [];
    const rows = this.#sql.all<{ block: number; entries: unknown }>(
      'SELECT block, entries FROM postings WHERE folder_id = ? AND word = ? AND part = ?',
      folderId,
      word,
      ownPart,
    );
    for (const { block, entries } of rows)
      readBlock(asBytes(entries), (slot) => found.push(block * filesPerBlock + slot));
    return found;
  }

  #postings(folderId: number, word: string, docs: FolderStatistics): TermPostings {
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
    const rows = this.#sql.all<{ part: number; block: number; entries: unknown }>(
      'SELECT part, block, entries FROM postings WHERE folder_id = ? AND word = ?',
      folderId,
      word,
    );
    for (const { part, block, entries } of rows) {
      readBlock(asBytes(entries), (slot, reader) => {
        const file = docs.numberOf(block * filesPerBlock + slot);
        if (file === undefined) return;
        if (part === usagePart) {
          add('usage', file, reader.read());
          return;
        }
        const first = docs.files[file]?.at ?? 0;
        const known = fields.body.docs.length;
        decodeCounts(reader, {
          file: (field, count) => add(field, file, count),
          chunk: (field, ordinal, count) => add(field, first + ordinal, count),
        });
        if (fields.body.docs.length > known) files.push(file);
      });
    }
    return { term: word, fields, files };
  }

  #replace(
    folderId: number,
    fileId: number,
    part: number,
    payloads: ReadonlyMap<string, readonly number[]>,
    lengths: VarintWriter,
    firstChunk: number,
  ): void {
    this.#take(folderId, fileId, part);
    const block = Math.floor(fileId / filesPerBlock);
    const slot = fileId % filesPerBlock;
    for (const [word, payload] of payloads) {
      // Entries are appended unread; CAST, since || makes a text of whatever it joins.
      this.#sql.run(
        `INSERT INTO postings (folder_id, word, part, block, entries) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (folder_id, word, part, block) DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)`,
        folderId,
        word,
        part,
        block,
        encodeEntry(slot, payload),
      );
    }
    this.#sql.run(
      'INSERT INTO file_words (file_id, part, folder_id, first_chunk, lengths, words) VALUES (?, ?, ?, ?, ?, ?)',
      fileId,
      part,
      folderId,
      firstChunk,
      Uint8Array.from(lengths.bytes),
      [...payloads.keys()].join(' '),
    );
    this.#words.changed(folderId, fileId);
  }

  #take(folderId: number, fileId: number, part: number): void {
    const row = this.#sql.get<{ words: string }>(
      'SELECT words FROM file_words WHERE file_id = ? AND part = ?',
      fileId,
      part,
    );
    if (row === undefined) return;
    const block = Math.floor(fileId / filesPerBlock);
    const slot = fileId % filesPerBlock;
    const key = [folderId, part, block] as const;
    for (const word of split(row.words)) {
      const stored = this.#sql.get<{ entries: unknown }>(
        'SELECT entries FROM postings WHERE folder_id = ? AND part = ? AND block = ? AND word = ?',
        ...key,
        word,
      );
      const left = stored && withoutSlot(asBytes(stored.entries), slot);
      if (left === undefined) {
        this.#sql.run(
          'DELETE FROM postings WHERE folder_id = ? AND part = ? AND block = ? AND word = ?',
          ...key,
          word,
        );
      } else {
        this.#sql.run(
          'UPDATE postings SET entries = ? WHERE folder_id = ? AND part = ? AND block = ? AND word = ?',
          left,
          ...key,
          word,
        );
      }
    }
    this.#sql.run('DELETE FROM file_words WHERE file_id = ? AND part = ?', fileId, part);
  }
}

const split = (stream: string): string[] => (stream === '' ? [] : stream.split(' '));
