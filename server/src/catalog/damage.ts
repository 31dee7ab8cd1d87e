import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import type Database from 'libsql';
import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';

export function sqliteCode(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

/** All SQL is written here and known to work, so a schema that does not fit it is not what was written. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(NOTADB|CORRUPT)/.test(sqliteCode(error)) ||
  // An error while rows are read one by one has no code.
  /database disk image is malformed|file is not a database/.test(errorMessage(error)) ||
  (sqliteCode(error).startsWith('SQLITE_ERROR') &&
    /no such|already exists|no column|malformed|syntax error|unrecognized token|unsupported file format/.test(
      errorMessage(error),
    ));

/** The error for a file that SQLite itself would accept, or refuse with an error that says less. */
export function notACatalog(message: string): Error {
  return Object.assign(new Error(message), { code: 'SQLITE_NOTADB' });
}

/** Whether the header asks for a later SQLite, with which this one would open the file to be read only. */
export function isOfLaterFormat(file: string): boolean {
  const header = Buffer.alloc(20);
  const handle = openSync(file, 'r');
  try {
    // Bytes 18 and 19 are the versions to write and to read: 1 with a journal, 2 with a write-ahead log.
    return (
      readSync(handle, header, 0, header.length, 0) === header.length &&
      Math.max(header[18] ?? 0, header[19] ?? 0) > 2
    );
  } finally {
    closeSync(handle);
  }
}

/** Whether another program has made the file. Ours has a version as soon as it has tables. */
export function isForeign(db: Database.Database): boolean {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  return version === 0 && db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get([]) !== undefined;
}

/**
 * A file beside the catalog that says why it has to be set aside. The check at the next start might pass: it does not
 * compare indexes with their tables.
 */
export const damageMarkOf = (file: string): string => `${file}.unsound`;

export function markDamaged(file: string, cause: string): void {
  try {
    writeFileSync(damageMarkOf(file), cause, { mode: 0o600 });
  } catch {
    // Without this file the next start checks the pages.
  }
}

/** Why the file has to be set aside, if it was found damaged while it was open. */
export function damageNoted(file: string): string | undefined {
  try {
    return readFileSync(damageMarkOf(file), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Throws for a text that is no UTF-8: libsql ends the process when it reads one. SQLite does not check this, and only
 * the few texts that are not plain ASCII are looked at here.
 */
function checkTexts(db: Database.Database): void {
  const schema = new TextDecoder('utf8', { fatal: true });
  const read = (sql: string, ...values: string[]): string[] =>
    (db.prepare(sql).raw().all(values) as [Uint8Array][]).map(([bytes]) => schema.decode(bytes));
  for (const table of read(`SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type = 'table'`)) {
    const columns = read('SELECT CAST(name AS BLOB) FROM pragma_table_xinfo(?)', table).map(
      (name) => `"${name}"`,
    );
    const other = columns.map((name) => `(typeof(${name}) = 'text' AND ${name} GLOB '*[^ -~]*')`);
    const bytes = columns.map((name) => `CASE WHEN typeof(${name}) = 'text' THEN CAST(${name} AS BLOB) END`);
    const sql = `SELECT ${bytes.join()} FROM "${table}" WHERE ${other.join(' OR ')}`;
    let isSound = true;
    for (const row of db.prepare(sql).raw().iterate([]) as Iterable<(Uint8Array | null)[]>)
      isSound &&= row.every((value) => value === null || isUtf8(value));
    if (!isSound) throw notACatalog(`a text in ${table} is no UTF-8`);
  }
}

export function checkPages(db: Database.Database, file: string, log: Log): void {
  const began = performance.now();
  const check = db.prepare('PRAGMA quick_check(1)').get([]) as Record<string, unknown> | undefined;
  if (Object.values(check ?? {})[0] !== 'ok') {
    throw notACatalog('quick_check failed');
  }
  try {
    checkTexts(db);
  } catch (error) {
    throw notACatalog(errorMessage(error));
  }
  log.write('info', 'catalog.check', { file, ms: Math.round(performance.now() - began) });
}
