import { keepLast } from '../../../shared/src/keepLast.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { Sql } from './database.js';
import { VarintReader } from '../lexical/postings.js';
import {
  type FolderStatistics,
  type StoredFile,
  changeStatistics,
  noStatistics,
} from '../lexical/statistics.js';
import { asBytes } from './rows.js';

interface Table {
  statistics: FolderStatistics;
  /** Files that have changed. They are read again before the next use. */
  readonly stale: Set<number>;
  /** Files that were read again and are not in the statistics yet; undefined for those that are gone. */
  readonly read: Map<number, StoredFile | undefined>;
}

/** Files that are read in one turn of the event loop, some 5 milliseconds, when there are many. */
const filesPerTurn = 128;

/** Files that are added to the statistics in one turn. */
const filesPerLayout = 4096;

/** Most folders whose statistics are kept in memory: about 16 bytes per chunk and 200 per file. */
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
  /** Folders that are being read in steps, with the files that have changed meanwhile. */
  readonly #loading = new Map<number, { readonly stale: Set<number>; readonly loaded: Promise<void> }>();
  /** The last row of `file_terms` that the tables know. */
  #seen = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Reads in steps what `of` would read at once, when it is much: a folder of 35,000 files takes half a second. What
   * changes meanwhile is left to `of`.
   */
  async prepare(folderId: number): Promise<void> {
    this.#readChanges();
    const table = this.#tables.get(folderId);
    if (table === undefined) return this.#loadInSteps(folderId);
    while (table.stale.size > filesPerTurn) {
      this.#readStale(folderId, table, filesPerTurn);
      await nextTurn();
    }
  }

  /** Call it in a snapshot together with what is read by its numbers. */
  of(folderId: number): FolderStatistics {
    this.#readChanges();
    const table = this.#tables.get(folderId) ?? this.#load(folderId);
    keepLast(this.#tables, folderId, table, keptTables);
    this.#readStale(folderId, table);
    if (table.read.size > 0) {
      table.statistics = changeStatistics(table.statistics, table.read);
      table.read.clear();
    }
    return table.statistics;
  }

  /** Call it after a file was removed. Files that were written are found without a call. */
  removed(folderId: number, fileId: number): void {
    this.#tables.get(folderId)?.stale.add(fileId);
    this.#loading.get(folderId)?.stale.add(fileId);
  }

  drop(folderId: number): void {
    this.#tables.delete(folderId);
    this.#loading.delete(folderId);
  }

  #readChanges(): void {
    if (this.#tables.size + this.#loading.size === 0) {
      this.#seen = this.#sql.get<{ last: number }>('SELECT max(id) AS last FROM file_terms')?.last ?? 0;
      return;
    }
    const rows = this.#sql.all<{ id: number; fileId: number; folderId: number }>(
      'SELECT id, file_id AS fileId, folder_id AS folderId FROM file_terms WHERE id > ? ORDER BY id',
      this.#seen,
    );
    for (const { fileId, folderId } of rows) {
      this.#tables.get(folderId)?.stale.add(fileId);
      this.#loading.get(folderId)?.stale.add(fileId);
    }
    this.#seen = rows.at(-1)?.id ?? this.#seen;
  }

  /** Reads up to `most` files again that have changed. */
  #readStale(folderId: number, table: Table, most = Infinity): void {
    let left = most;
    for (const id of table.stale) {
      if (left-- === 0) return;
      const row = this.#sql.get<Row>(
        `SELECT ${columns} WHERE own.file_id = ? AND own.part = 0 AND own.folder_id = ?`,
        id,
        folderId,
      );
      table.read.set(id, row === undefined ? undefined : toFile(row));
      table.stale.delete(id);
    }
  }

  #load(folderId: number): Table {
    const rows = this.#sql.iterate<Row>(
      `SELECT ${columns} WHERE own.folder_id = ? AND own.part = 0`,
      folderId,
    );
    const read = new Map<number, StoredFile>();
    for (const row of rows) read.set(row.id, toFile(row));
    return { statistics: noStatistics, stale: new Set(), read };
  }

  /** Several callers share one run. Its table is not used before it is whole. */
  #loadInSteps(folderId: number): Promise<void> {
    const running = this.#loading.get(folderId);
    if (running !== undefined) return running.loaded;
    const stale = new Set<number>();
    const read = async (): Promise<void> => {
      let statistics = noStatistics;
      const found = new Map<number, StoredFile>();
      for (let after: number | undefined = 0; after !== undefined;) {
        await nextTurn();
        after = this.#readPage(folderId, after, found);
        if (after !== undefined && found.size < filesPerLayout) continue;
        await nextTurn();
        statistics = changeStatistics(statistics, found);
        found.clear();
      }
      // Unless the folder was dropped, or somebody needed all of it at once.
      if (this.#loading.get(folderId)?.stale !== stale || this.#tables.has(folderId)) return;
      keepLast(this.#tables, folderId, { statistics, stale, read: new Map() }, keptTables);
    };
    const loaded = read().finally(() => {
      if (this.#loading.get(folderId)?.stale === stale) this.#loading.delete(folderId);
    });
    this.#loading.set(folderId, { stale, loaded });
    return loaded;
  }

  /** Adds the files of some rows of `file_terms`; returns the last row, or undefined when there are no more. */
  #readPage(folderId: number, after: number, found: Map<number, StoredFile>): number | undefined {
    const rows = this.#sql.all<Row & { readonly row: number }>(
      `SELECT own.id AS row, ${columns} WHERE own.folder_id = ? AND own.part = 0 AND own.id > ? ORDER BY own.id LIMIT ?`,
      folderId,
      after,
      filesPerTurn,
    );
    for (const row of rows) found.set(row.id, toFile(row));
    return rows.length < filesPerTurn ? undefined : rows.at(-1)?.row;
  }
}

function toFile({ id, path, language, firstChunk, lengths, usage }: Row): StoredFile {
  const reader = new VarintReader(asBytes(lengths));
  const numbers: number[] = [];
  while (!reader.done) numbers.push(reader.read());
  const used = usage === null ? 0 : new VarintReader(asBytes(usage)).read();
  return { id, path, language, firstChunk, lengths: numbers, usage: used };
}
