import type { Sql } from './database.js';
import { type Field, VarintReader } from '../lexical/postings.js';
import { asBytes } from './rows.js';

/** One file of a folder, as ranking sees it. */
export interface FileDoc {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  /** Row id of its first chunk; the others follow. */
  readonly firstChunk: number;
  /** Number of its first chunk in the folder, and how many it has. */
  readonly at: number;
  readonly chunks: number;
}

/** A folder's files and chunks, numbered from 0, with the lengths of their fields in words. */
export interface FolderStatistics {
  readonly files: readonly FileDoc[];
  /** Number of the file of each chunk. */
  readonly fileOf: Int32Array;
  /** By file for `path`, `lead`, `comments` and `usage`, by chunk for the others. */
  readonly lengths: Readonly<Record<Field, Uint32Array>>;
  /** Mean length of those that are not empty; 1 where all are. */
  readonly averages: Readonly<Record<Field, number>>;
  /** A file's number by its id. */
  numberOf(fileId: number): number | undefined;
  /** A chunk's number by its file's id and its row id. */
  chunkNumber(fileId: number, chunkId: number): number | undefined;
}

interface StoredFile {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly firstChunk: number;
  /** path, lead, comments; then body, names and signatures of each chunk. */
  readonly lengths: readonly number[];
  readonly usage: number;
}

interface Table {
  readonly files: Map<number, StoredFile>;
  /** Files that were written since; read again before the next use, so that a rolled back change does no harm. */
  readonly stale: Set<number>;
  words: FolderStatistics | undefined;
}

/** Folders whose tables are kept at once: about 20 bytes a chunk and 200 a file. */
const keptTables = 8;

const columns = `f.id, f.path, f.language, own.first_chunk AS firstChunk, own.lengths, usage.lengths AS usage
  FROM file_words own JOIN files f ON f.id = own.file_id
  LEFT JOIN file_words usage ON usage.file_id = own.file_id AND usage.part = 1`;

interface Row {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly firstChunk: number;
  readonly lengths: unknown;
  readonly usage: unknown;
}

/** The tables of the folders that were searched last, read from the catalog when needed and kept current file by file. */
export class StatisticsTable {
  readonly #sql: Sql;
  readonly #tables = new Map<number, Table>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  of(folderId: number): FolderStatistics {
    const table = this.#tables.get(folderId) ?? this.#load(folderId);
    // The one used last is the last to go.
    this.#tables.delete(folderId);
    this.#tables.set(folderId, table);
    const oldest = this.#tables.keys().next();
    if (this.#tables.size > keptTables && oldest.done !== true) this.#tables.delete(oldest.value);

    for (const id of table.stale) {
      const row = this.#sql.get<Row>(
        `SELECT ${columns} WHERE own.file_id = ? AND own.part = 0 AND own.folder_id = ?`,
        id,
        folderId,
      );
      if (row === undefined) table.files.delete(id);
      else table.files.set(id, toFile(row));
      table.words = undefined;
    }
    table.stale.clear();
    return (table.words ??= layOut([...table.files.values()]));
  }

  changed(folderId: number, fileId: number): void {
    this.#tables.get(folderId)?.stale.add(fileId);
  }

  forget(folderId: number): void {
    this.#tables.delete(folderId);
  }

  #load(folderId: number): Table {
    const rows = this.#sql.iterate<Row>(
      `SELECT ${columns} WHERE own.folder_id = ? AND own.part = 0 ORDER BY f.id`,
      folderId,
    );
    const files = new Map<number, StoredFile>();
    for (const row of rows) files.set(row.id, toFile(row));
    return { files, stale: new Set(), words: undefined };
  }
}

function toFile({ id, path, language, firstChunk, lengths, usage }: Row): StoredFile {
  const reader = new VarintReader(asBytes(lengths));
  const numbers: number[] = [];
  while (!reader.done) numbers.push(reader.read());
  const used = usage === null ? 0 : new VarintReader(asBytes(usage)).read();
  return { id, path, language, firstChunk, lengths: numbers, usage: used };
}

function layOut(stored: readonly StoredFile[]): FolderStatistics {
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
    for (let chunk = 0; chunk < doc.chunks; chunk++) {
      fileOf[doc.at + chunk] = number;
      lengths.body[doc.at + chunk] = file.lengths[3 + 3 * chunk] ?? 0;
      lengths.names[doc.at + chunk] = file.lengths[4 + 3 * chunk] ?? 0;
      lengths.signatures[doc.at + chunk] = file.lengths[5 + 3 * chunk] ?? 0;
    }
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

function averageOf(lengths: Uint32Array): number {
  let sum = 0;
  let filled = 0;
  for (const length of lengths) {
    sum += length;
    if (length > 0) filled++;
  }
  return filled === 0 ? 1 : sum / filled;
}
