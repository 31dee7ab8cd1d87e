import type { Sql } from './database.js';
import type { LexicalIndex } from './lexicalIndex.js';
import { dataLanguages } from '../lexical/names.js';
import { decodeRows } from '../lexical/postings.js';
import { asBytes } from './rows.js';
import { tokens } from '../lexical/tokens.js';

/** Bits of `uses_due`: the file's lines have to be read; the usage lines of other files have to be collected. */
const linesDue = 1;
const collectDue = 2;

const kindsWithoutOwner = `('heading')`;
const data = `('${[...dataLanguages].join(`', '`)}')`;

/** A file whose lines may use definitions of other files. */
export interface UserFile {
  readonly id: number;
  readonly path: string;
  readonly digest: string;
  readonly commentRows: readonly number[];
}

/**
 * Terms of usage lines: lines of a file that name a definition of another file. They change when a file changes, and when
 * a name gains or loses its only definition. Both mark the files concerned, in the same transaction, so that the next scan
 * finishes what a crash left undone.
 */
export class UsageTable {
  readonly #sql: Sql;
  readonly #lexical: LexicalIndex;

  constructor(sql: Sql, lexical: LexicalIndex) {
    this.#sql = sql;
    this.#lexical = lexical;
  }

  /** Number of files whose lines have to be read or collected. */
  dueCount(folderId: number): number {
    return (
      this.#sql.get<{ n: number }>(
        'SELECT count(*) AS n FROM files WHERE folder_id = ? AND uses_due > 0',
        folderId,
      )?.n ?? 0
    );
  }

  /** Up to `limit` files whose lines have to be read, in the order of their ids, after the id `after`. */
  due(folderId: number, after: number, limit: number): UserFile[] {
    return this.#sql
      .all<{ id: number; path: string; digest: string; rows: unknown }>(
        `SELECT id, path, digest, comment_rows AS rows FROM files
         WHERE folder_id = ? AND uses_due IN (1, 3) AND id > ? ORDER BY id LIMIT ?`,
        folderId,
        after,
        limit,
      )
      .map(({ rows, ...file }) => ({ ...file, commentRows: decodeRows(asBytes(rows ?? new Uint8Array())) }));
  }

  /** The only file that defines `name`, case included; undefined when none or several do. */
  ownerOf(folderId: number, name: string): number | undefined {
    const [one, other] = this.#sql.all<{ id: number }>(
      `SELECT DISTINCT d.file_id AS id FROM definitions d JOIN files f ON f.id = d.file_id
       WHERE d.folder_id = ? AND d.name = ? AND d.name = ? COLLATE BINARY AND d.kind NOT IN ${kindsWithoutOwner}
         AND f.language NOT IN ${data} LIMIT 2`,
      folderId,
      name,
      name,
    );
    return other === undefined ? one?.id : undefined;
  }

  /** Replaces the usage lines in files, all in one transaction: token streams by the file that they use. */
  putLines(users: ReadonlyMap<number, ReadonlyMap<number, string>>): void {
    this.#sql.transaction(() => {
      for (const [userId, streams] of users) {
        this.#removeLines(userId);
        for (const [target, stream] of streams) {
          this.#sql.run(
            'INSERT INTO uses (target_id, user_id, terms) VALUES (?, ?, ?)',
            target,
            userId,
            stream,
          );
          this.#mark(target, collectDue);
        }
        this.#sql.run('UPDATE files SET uses_due = uses_due & ~1 WHERE id = ?', userId);
      }
    });
  }

  /** Indexes the usage lines of up to `limit` files that are due; returns their number. */
  collect(folderId: number, limit: number): number {
    return this.#sql.transaction(() => {
      const files = this.#sql.all<{ id: number }>(
        'SELECT id FROM files WHERE folder_id = ? AND uses_due IN (2, 3) LIMIT ?',
        folderId,
        limit,
      );
      this.#lexical.inBatch(() => {
        for (const { id } of files) {
          const rows = this.#sql.all<{ terms: string }>('SELECT terms FROM uses WHERE target_id = ?', id);
          const streams = rows.map(({ terms }) => terms);
          this.#lexical.putUsage(folderId, id, streams);
          this.#sql.run('UPDATE files SET uses_due = uses_due & ~2 WHERE id = ?', id);
        }
      });
      return files.length;
    });
  }

  // ------------------------------------------------------------- within the catalog's transactions

  namesOf(fileId: number): Set<string> {
    const rows = this.#sql.all<{ name: string }>('SELECT name FROM definitions WHERE file_id = ?', fileId);
    return new Set(rows.map(({ name }) => name));
  }

  /** Called when a file has new content. `before` are the names that it defined. */
  changed(folderId: number, fileId: number, before: ReadonlySet<string>): void {
    this.#mark(fileId, linesDue);
    const after = this.namesOf(fileId);
    const different = [...before, ...after].filter((name) => before.has(name) !== after.has(name));
    this.#markUsers(folderId, different);
  }

  removed(folderId: number, fileId: number, names: ReadonlySet<string>): void {
    this.#removeLines(fileId);
    this.#sql.run('DELETE FROM uses WHERE target_id = ?', fileId);
    this.#markUsers(folderId, [...names]);
  }

  drop(folderId: number): void {
    this.#sql.run('DELETE FROM uses WHERE target_id IN (SELECT id FROM files WHERE folder_id = ?)', folderId);
  }

  /** Marks the files that use these names: the names may now belong to another file, or to none. */
  #markUsers(folderId: number, names: readonly string[]): void {
    // While the folder is read for the first time, the lines of all its files are due anyway.
    const settled = this.#sql.get(
      'SELECT 1 FROM files WHERE folder_id = ? AND uses_due IN (0, 2) LIMIT 1',
      folderId,
    );
    if (settled === undefined) return;
    for (const name of names) {
      // The last token of a name is the whole name.
      const term = tokens(name).at(-1);
      if (term === undefined) continue;
      for (const id of this.#lexical.filesWith(folderId, term)) this.#mark(id, linesDue);
    }
  }

  #removeLines(userId: number): void {
    this.#sql.run(
      'UPDATE files SET uses_due = uses_due | 2 WHERE id IN (SELECT target_id FROM uses WHERE user_id = ?)',
      userId,
    );
    this.#sql.run('DELETE FROM uses WHERE user_id = ?', userId);
  }

  #mark(fileId: number, due: number): void {
    this.#sql.run('UPDATE files SET uses_due = uses_due | ? WHERE id = ?', due, fileId);
  }
}
