import { Buffer } from 'node:buffer';
import { type PostingsBlock, type TermPostings, matchTerm, ownPart, usagePart } from '../lexical/matching.js';
import { encodeEntry, filesPerBlock, readBlock, withoutSlot } from '../lexical/postings.js';
import type { FolderStatistics } from '../lexical/statistics.js';
import { type CountedTerms, countUsage, eachTerm, splitTerms } from '../lexical/termCounts.js';
import type { Sql, SqlValue } from './database.js';
import { asBytes } from './rows.js';
import { StatisticsTable } from './statisticsTable.js';

/** Entries of several files for one row of postings. */
interface Append {
  readonly folderId: number;
  readonly term: string;
  readonly part: number;
  readonly block: number;
  readonly entries: Uint8Array[];
}

/** Rows that one statement appends: a call of the SQLite binding costs as much as a row or two. */
const rowsAtOnce = 32;
const appendOne = appendOf(1);
const appendMany = appendOf(rowsAtOnce);

/** Appended without reading the row. CAST, because || gives text for any operands. */
function appendOf(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?)').join(', ');
  return `INSERT INTO postings (folder_id, term, part, block, entries) VALUES ${values}
    ON CONFLICT (folder_id, term, part, block) DO UPDATE SET entries = CAST(entries || excluded.entries AS BLOB)`;
}

const valuesOf = ({ folderId, term, part, block, entries }: Append): SqlValue[] => [
  folderId,
  term,
  part,
  block,
  entries.length === 1 && entries[0] !== undefined ? entries[0] : Buffer.concat(entries),
];

/** The lexical index of every folder: postings by term, and statistics. It contains no source text. */
export class LexicalIndex {
  readonly #sql: Sql;
  readonly #statistics: StatisticsTable;
  /** While `inBatch` runs: the entries to append by row, and the files that they are of. */
  #batch: { readonly rows: Map<string, Append>; readonly files: Set<number> } | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#statistics = new StatisticsTable(sql);
  }

  /** Replaces the terms of a file. Its chunks have the row ids `firstChunk` and following. */
  put(folderId: number, fileId: number, firstChunk: number, counted: CountedTerms): void {
    this.#replace(folderId, fileId, ownPart, counted, firstChunk);
  }

  /** Replaces the terms of usage lines in other files. */
  putUsage(folderId: number, fileId: number, streams: readonly string[]): void {
    this.#replace(folderId, fileId, usagePart, countUsage(streams), 0);
  }

  /**
   * Runs `body`, which puts terms of several files, and then writes each row of postings once. Until then `body` does
   * not see the new entries.
   */
  inBatch<T>(body: () => T): T {
    this.#batch = { rows: new Map(), files: new Set() };
    try {
      const result = body();
      this.#flush();
      return result;
    } finally {
      this.#batch = undefined;
    }
  }

  remove(folderId: number, fileId: number): void {
    for (const part of [ownPart, usagePart]) this.#remove(folderId, fileId, part);
    this.removed(folderId, fileId);
  }

  /** Call it after another connection has removed a file. */
  removed(folderId: number, fileId: number): void {
    this.#statistics.removed(folderId, fileId);
  }

  drop(folderId: number): void {
    this.#sql.run('DELETE FROM postings WHERE folder_id = ?', folderId);
    this.#sql.run('DELETE FROM file_terms WHERE folder_id = ?', folderId);
    this.dropped(folderId);
  }

  /** Call it after another connection has dropped a folder. */
  dropped(folderId: number): void {
    this.#statistics.drop(folderId);
  }

  /** Reads in steps what `docs` would read at once. */
  prepare(folderId: number): Promise<void> {
    return this.#statistics.prepare(folderId);
  }

  /** The folder's files and chunks with the lengths of their fields, numbered from 0. */
  docs(folderId: number): FolderStatistics {
    return this.#statistics.of(folderId);
  }

  /** Where each of `terms` occurs. */
  match(folderId: number, terms: readonly string[]): TermPostings[] {
    const docs = this.#statistics.of(folderId);
    return terms.map((term) => matchTerm(term, this.#blocks(folderId, term), docs));
  }

  /** Ids of the files that contain a term in their own text. */
  filesWith(folderId: number, term: string): number[] {
    const found: number[] = [];
    for (const { part, block, entries } of this.#blocks(folderId, term)) {
      if (part === ownPart) readBlock(entries, (slot) => found.push(block * filesPerBlock + slot));
    }
    return found;
  }

  #blocks(folderId: number, term: string): PostingsBlock[] {
    return this.#sql
      .all<{ part: number; block: number; entries: unknown }>(
        'SELECT part, block, entries FROM postings WHERE folder_id = ? AND term = ?',
        folderId,
        term,
      )
      .map((row) => ({ ...row, entries: asBytes(row.entries) }));
  }

  #replace(folderId: number, fileId: number, part: number, counted: CountedTerms, firstChunk: number): void {
    this.#remove(folderId, fileId, part);
    const block = Math.floor(fileId / filesPerBlock);
    const slot = fileId % filesPerBlock;
    eachTerm(counted, (term, payload) => {
      const entry = encodeEntry(slot, payload);
      const key = `${term} ${block} ${part} ${folderId}`;
      const waiting = this.#batch?.rows.get(key);
      const row = { folderId, term, part, block, entries: [entry] };
      if (waiting !== undefined) waiting.entries.push(entry);
      else if (this.#batch !== undefined) this.#batch.rows.set(key, row);
      else this.#sql.run(appendOne, ...valuesOf(row));
    });
    this.#batch?.files.add(fileId);
    this.#sql.run(
      'INSERT INTO file_terms (file_id, part, folder_id, first_chunk, lengths, terms) VALUES (?, ?, ?, ?, ?, ?)',
      fileId,
      part,
      folderId,
      firstChunk,
      counted.lengths,
      counted.terms,
    );
  }

  #flush(): void {
    if (this.#batch === undefined) return;
    // In the order of the keys, so that neighbours are written together.
    const rows = [...this.#batch.rows.values()].sort((a, b) => (a.term < b.term ? -1 : 1));
    let at = 0;
    for (; at + rowsAtOnce <= rows.length; at += rowsAtOnce)
      this.#sql.run(appendMany, ...rows.slice(at, at + rowsAtOnce).flatMap(valuesOf));
    for (const row of rows.slice(at)) this.#sql.run(appendOne, ...valuesOf(row));
    this.#batch.rows.clear();
    this.#batch.files.clear();
  }

  #remove(folderId: number, fileId: number, part: number): void {
    // The entries of the file's last version may be waiting.
    if (this.#batch?.files.has(fileId) === true) this.#flush();
    const row = this.#sql.get<{ terms: string }>(
      'SELECT terms FROM file_terms WHERE file_id = ? AND part = ?',
      fileId,
      part,
    );
    if (row === undefined) return;
    const block = Math.floor(fileId / filesPerBlock);
    const slot = fileId % filesPerBlock;
    const key = [folderId, part, block] as const;
    for (const term of splitTerms(row.terms)) {
      const stored = this.#sql.get<{ entries: unknown }>(
        'SELECT entries FROM postings WHERE folder_id = ? AND part = ? AND block = ? AND term = ?',
        ...key,
        term,
      );
      const left = stored && withoutSlot(asBytes(stored.entries), slot);
      if (left === undefined) {
        this.#sql.run(
          'DELETE FROM postings WHERE folder_id = ? AND part = ? AND block = ? AND term = ?',
          ...key,
          term,
        );
      } else {
        this.#sql.run(
          'UPDATE postings SET entries = ? WHERE folder_id = ? AND part = ? AND block = ? AND term = ?',
          left,
          ...key,
          term,
        );
      }
    }
    this.#sql.run('DELETE FROM file_terms WHERE file_id = ? AND part = ?', fileId, part);
  }
}
