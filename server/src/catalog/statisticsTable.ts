import { keepLast } from '../../../shared/src/keepLast.js';
import type { Sql } from './database.js';
import { VarintReader } from '../lexical/postings.js';
import { type FolderStatistics, type StoredFile, layOutStatistics } from '../lexical/statistics.js';
import { asBytes } from './rows.js';

interface Table {
  readonly files: Map<number, StoredFile>;
  /** Files that have changed. They are read again before the next use. */
  readonly stale: Set<number>;
  statistics: FolderStatistics | undefined;
}

/** Most folders whose statistics are kept in memory: about 20 bytes per chunk and 200 per file. */
const keptTables = 8;

const columns = `f.id, f.path, f.language, own.first_chunk AS firstChunk, own.lengths, usage.lengths AS usage
  FROM file_terms own JOIN files f ON f.id = own.file_id
  LEFT JOIN file_terms usage ON usage.file_id = own.file_id AND usage.part = 1`;

interface Row {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly firstChunk: number;
  readonly lengths: unknown;
  readonly usage: unknown;
}

/**
 * Statistics of the folders that were searched last. They are read when first needed, and then updated file by file,
 * whoever wrote the files.
 */
export class StatisticsTable {
  readonly #sql: Sql;
  readonly #tables = new Map<number, Table>();
  /** The last row of `file_terms` that the tables know. */
  #seen = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Call it in a snapshot together with what is read by its numbers. */
  of(folderId: number): FolderStatistics {
    this.#readChanges();
    const table = this.#tables.get(folderId) ?? this.#load(folderId);
    keepLast(this.#tables, folderId, table, keptTables);
    for (const id of table.stale) {
      const row = this.#sql.get<Row>(
        `SELECT ${columns} WHERE own.file_id = ? AND own.part = 0 AND own.folder_id = ?`,
        id,
        folderId,
      );
      if (row === undefined) table.files.delete(id);
      else table.files.set(id, toFile(row));
      table.statistics = undefined;
    }
    table.stale.clear();
    return (table.statistics ??= layOutStatistics([...table.files.values()]));
  }

  /** Call it after a file was removed. Files that were written are found without a call. */
  removed(folderId: number, fileId: number): void {
    this.#tables.get(folderId)?.stale.add(fileId);
  }

  drop(folderId: number): void {
    this.#tables.delete(folderId);
  }

  #readChanges(): void {
    if (this.#tables.size === 0) {
      this.#seen = this.#sql.get<{ last: number }>('SELECT max(id) AS last FROM file_terms')?.last ?? 0;
      return;
    }
    const rows = this.#sql.all<{ id: number; fileId: number; folderId: number }>(
      'SELECT id, file_id AS fileId, folder_id AS folderId FROM file_terms WHERE id > ? ORDER BY id',
      this.#seen,
    );
    for (const { fileId, folderId } of rows) this.#tables.get(folderId)?.stale.add(fileId);
    this.#seen = rows.at(-1)?.id ?? this.#seen;
  }

  #load(folderId: number): Table {
    const rows = this.#sql.iterate<Row>(
      `SELECT ${columns} WHERE own.folder_id = ? AND own.part = 0 ORDER BY f.id`,
      folderId,
    );
    const files = new Map<number, StoredFile>();
    for (const row of rows) files.set(row.id, toFile(row));
    return { files, stale: new Set(), statistics: undefined };
  }
}

function toFile({ id, path, language, firstChunk, lengths, usage }: Row): StoredFile {
  const reader = new VarintReader(asBytes(lengths));
  const numbers: number[] = [];
  while (!reader.done) numbers.push(reader.read());
  const used = usage === null ? 0 : new VarintReader(asBytes(usage)).read();
  return { id, path, language, firstChunk, lengths: numbers, usage: used };
}
