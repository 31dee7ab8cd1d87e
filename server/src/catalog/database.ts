import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import {
  checkPages,
  damageMarkOf,
  damageNoted,
  isDamage,
  isForeign,
  isOfLaterFormat,
  markDamaged,
  notACatalog,
  sqliteCode,
} from './damage.js';
import { NewerCatalogError, migrate } from './schema.js';

export type SqlValue = string | number | Uint8Array | null;
type Row = Record<string, unknown>;

/** A SQLite connection with its prepared statements. Calls are synchronous, so callers keep each one short. */
export class Sql {
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #statements = new Map<string, Database.Statement>();
  #damaged = false;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
  }

  all<T = Row>(sql: string, ...values: SqlValue[]): T[] {
    return this.#run(() => this.#prepare(sql).all(values) as T[]);
  }

  get<T = Row>(sql: string, ...values: SqlValue[]): T | undefined {
    const row = this.#run(() => this.#prepare(sql).get(values) as object | undefined);
    // libsql adds the elapsed time to each row.
    if (row !== undefined) Reflect.deleteProperty(row, '_metadata');
    return row as T | undefined;
  }

  /** Rows one by one, read from SQLite a hundred at a time. Leaving early still reads the rest. */
  *iterate<T = Row>(sql: string, ...values: SqlValue[]): Generator<T, void> {
    // A statement of its own: another use of a cached one would reset it while it is being read.
    const rows = this.#run(() => this.#db.prepare(sql).iterate(values) as IterableIterator<T>);
    let next = this.#run(() => rows.next());
    try {
      for (; next.done !== true; next = this.#run(() => rows.next())) yield next.value;
    } finally {
      // libsql cannot end a statement in another way, and an unfinished one prevents dropping tables.
      while (next.done !== true) next = this.#run(() => rows.next());
    }
  }

  /** Returns the number of rows changed, and the id of the last row inserted. */
  run(sql: string, ...values: SqlValue[]): { changes: number; id: number } {
    const result = this.#run(() => this.#prepare(sql).run(values));
    return { changes: result.changes, id: Number(result.lastInsertRowid) };
  }

  exec(sql: string): void {
    this.#run(() => this.#db.exec(sql));
  }

  /** Runs `body` in one transaction: all of it is kept, or nothing. */
  transaction<T>(body: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Runs `body`, which only reads, on one state of the database, whatever other connections write meanwhile. */
  snapshot<T>(body: () => T): T {
    if (this.#db.inTransaction) return body();
    this.exec('BEGIN');
    try {
      return body();
    } finally {
      this.#rollBack();
    }
  }

  /** Has the file set aside at the next start. */
  noteDamage(cause: string): void {
    if (this.#damaged) return;
    this.#damaged = true;
    markDamaged(this.#file, cause);
  }

  /** Closes one of several connections. */
  closeAgain(): void {
    this.#statements.clear();
    this.#db.close();
  }

  close(): void {
    try {
      // libsql closes the file only when its statements are collected, so SQLite does not checkpoint by itself.
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The log stays beside the file, and is read at the next start.
    }
    this.#statements.clear();
    this.#db.close();
    if (!this.#damaged) markClosed(this.#file);
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // SQLite has already rolled back, as it does when the disk is full.
    }
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (isDamage(error)) this.noteDamage(errorMessage(error));
      throw describe(error, this.#file);
    }
  }
}

/** Turns SQLite's errors into ones that a user can act on. Unexpected errors stay as they are. */
function describe(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (isDamage(error)) {
    return new LanternError(
      'catalog-damaged',
      `The catalog ${file} is damaged (${errorMessage(error)}). Run "lantern stop"; the next command sets it aside and indexes again.`,
      { cause: error },
    );
  }
  if (code.startsWith('SQLITE_FULL') || code.startsWith('SQLITE_IOERR')) {
    return new LanternError(
      'disk-full',
      `The catalog ${file} could not be written (${errorMessage(error)}). Free some disk space and try again; what was committed is kept.`,
      { cause: error },
    );
  }
  return error;
}

/**
 * A file beside the catalog with the catalog's state when it was closed. While they agree, the pages need no check,
 * which would read all of them.
 */
const markOf = (file: string): string => `${file}.closed`;

function stateOf(file: string): string {
  const { size, mtimeNs } = statSync(file, { bigint: true });
  return `${size} ${mtimeNs}\n`;
}

function markClosed(file: string): void {
  try {
    writeFileSync(markOf(file), stateOf(file), { mode: 0o600 });
  } catch {
    // Without this file the next start checks the pages.
  }
}

/**
 * Removes the mark, so that it does not survive a process that is killed; returns whether the file is as it was
 * closed.
 */
function takeMark(file: string): boolean {
  try {
    const closed = readFileSync(markOf(file), 'utf8') === stateOf(file);
    rmSync(markOf(file));
    return closed;
  } catch {
    return false;
  }
}

function connect(file: string): Database.Database {
  const db = new Database(file);
  try {
    db.exec('PRAGMA journal_mode = WAL');
    // A power cut may lose the last commits, but not the file. All of it can be made again from the folder.
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec('PRAGMA foreign_keys = ON');
    db.exec('PRAGMA busy_timeout = 5000');
    db.exec('PRAGMA cache_size = -8192');
    db.exec('PRAGMA wal_autocheckpoint = 1000');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A further connection, for bulk work, to a database that `openDatabase` has opened in this process. */
export function openAgain(file: string): Sql {
  const db = connect(file);
  // Pages that are written again and again reach the file less often: the log may grow to 32 MB.
  db.exec('PRAGMA wal_autocheckpoint = 8000');
  return new Sql(db, file);
}

function open(file: string, log: Log): Sql {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isFile() === false) throw notACatalog('something else is in its place');
  const noted = damageNoted(file);
  if (noted !== undefined) throw notACatalog(noted);
  if (there !== undefined && isOfLaterFormat(file)) throw notACatalog('its header is damaged');
  const isAsClosed = takeMark(file);
  const db = connect(file);
  try {
    if (isForeign(db)) throw notACatalog('it is the database of another program');
    migrate(db);
    if (!isAsClosed) checkPages(db, file, log);
    return new Sql(db, file);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens the catalog's database and migrates its schema. A damaged file is renamed, never deleted, and replaced by an
 * empty one. `setAside` is then its new name.
 */
export function openDatabase(file: string, log: Log): { sql: Sql; setAside?: string } {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    return { sql: open(file, log) };
  } catch (error) {
    if (error instanceof NewerCatalogError) {
      throw new LanternError(
        'incompatible',
        `The catalog ${file} was written by a newer Lantern (${error.message}). Update this one, set LANTERN_HOME to another folder, or move the file away to index again.`,
      );
    }
    if (!isDamage(error)) {
      throw new LanternError(
        'store-failed',
        `The catalog ${file} could not be opened: ${errorMessage(error)}. Check that the folder can be written to.`,
        { cause: error },
      );
    }
    const setAside = `${file}.damaged-${Date.now()}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, setAside + suffix);
    }
    rmSync(damageMarkOf(file), { force: true });
    log.write('error', 'catalog.damaged', { file, setAside, cause: errorMessage(error) });
    return { sql: open(file, log), setAside };
  }
}
