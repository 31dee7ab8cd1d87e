import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { NewerCatalogError, migrate } from './schema.js';

export type SqlValue = string | number | Uint8Array | null;
type Row = Record<string, unknown>;

/** A SQLite connection with its prepared statements. Its calls are synchronous, so each is kept short by its caller. */
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
    // libsql adds how long it took.
    if (row !== undefined) Reflect.deleteProperty(row, '_metadata');
    return row as T | undefined;
  }

  /** Rows one by one, read from SQLite a hundred at a time. Read all, or pay for it when you leave. */
  *iterate<T = Row>(sql: string, ...values: SqlValue[]): Generator<T, void> {
    // A statement of its own: a cached one could be reset by a second use while this one is still being read.
    const rows = this.#run(() => this.#db.prepare(sql).iterate(values) as IterableIterator<T>);
    let next = this.#run(() => rows.next());
    try {
      for (; next.done !== true; next = this.#run(() => rows.next())) yield next.value;
    } finally {
      // libsql knows no other way to end a statement, and one that has not ended keeps tables from being dropped.
      while (next.done !== true) next = rows.next();
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
      try {
        this.#db.exec('ROLLBACK');
      } catch {
        // SQLite has already rolled back, as it does when the disk is full.
      }
      throw error;
    }
  }

  close(): void {
    try {
      // libsql lets go of the file only when its statements are collected, so SQLite does not do this by itself.
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The log stays beside the file and is read at the next start.
    }
    this.#statements.clear();
    this.#db.close();
    if (!this.#damaged) markClosed(this.#file);
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
      this.#damaged ||= isDamage(error);
      throw describe(error, this.#file);
    }
  }
}

function sqliteCode(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

const isDamage = (error: unknown): boolean => /^SQLITE_(NOTADB|CORRUPT)/.test(sqliteCode(error));

/** Turns what SQLite says into what a user can act on; anything unexpected stays as it is. */
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
 * Beside the catalog: what its file was like when it was closed. While it still is, the pages need no check, which reads
 * all of them.
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
    // Without it the next start checks.
  }
}

/** Takes the mark away, so that it says nothing of a process that was killed. */
function takeMark(file: string): boolean {
  try {
    const closed = readFileSync(markOf(file), 'utf8') === stateOf(file);
    rmSync(markOf(file));
    return closed;
  } catch {
    return false;
  }
}

function checkPages(db: Database.Database, file: string, log: Log): void {
  const began = performance.now();
  const check = db.prepare('PRAGMA quick_check(1)').get([]) as Record<string, unknown> | undefined;
  if (Object.values(check ?? {})[0] !== 'ok') {
    throw Object.assign(new Error('quick_check failed'), { code: 'SQLITE_CORRUPT' });
  }
  log.write('info', 'catalog.check', { file, ms: Math.round(performance.now() - began) });
}

function open(file: string, log: Log): Sql {
  const isAsClosed = takeMark(file);
  const db = new Database(file);
  try {
    db.exec('PRAGMA journal_mode = WAL');
    // A power cut may lose the last commits, never the file; all of it can be made again from the folder.
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec('PRAGMA foreign_keys = ON');
    db.exec('PRAGMA busy_timeout = 5000');
    db.exec('PRAGMA cache_size = -8192');
    db.exec('PRAGMA wal_autocheckpoint = 1000');
    migrate(db);
    if (!isAsClosed) checkPages(db, file, log);
    return new Sql(db, file);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens the catalog's database and brings its schema up to date. A damaged file is moved aside, never deleted, and
 * an empty one takes its place: `setAside` then has the new name of the old file.
 */
export function openDatabase(file: string, log: Log): { sql: Sql; setAside?: string } {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    return { sql: open(file, log) };
  } catch (error) {
    if (error instanceof NewerCatalogError) {
      throw new LanternError(
        'incompatible',
        `The catalog ${file} was written by a newer Lantern (${error.message}). Update this one, or set LANTERN_HOME to another folder.`,
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
    log.write('error', 'catalog.damaged', { file, setAside, cause: errorMessage(error) });
    return { sql: open(file, log), setAside };
  }
}
