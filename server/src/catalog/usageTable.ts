import type { Sql } from './database.js';
import type { LexicalIndex } from './lexicalIndex.js';
import { dataLanguages } from '../lexical/names.js';
import { decodeRows } from '../lexical/postings.js';
import { asBytes } from './rows.js';
import { tokens } from '../lexical/tokens.js';

/** This file's lines are to be read; what others say of it is to be gathered. */
const linesDue = 1;
const gatheringDue = 2;

const ownsNothing = `('heading')`;
const data = `('${[...dataLanguages].join(`', '`)}')`;

export interface UserFile {
  readonly id: number;
  readonly path: string;
  readonly digest: string;
  readonly commentRows: readonly number[];
}

/**
 * What the lines of a folder's files say of its other files. It changes when a file changes, and when a name gains or
 * loses its only definition; both leave a mark on the files concerned in the transaction that brings them about, so
 * that what a crash left undone is done by the next scan.
 */
export class UsageTable {
  readonly #sql: Sql;
  readonly #lexical: LexicalIndex;

  constructor(sql: Sql, lexical: LexicalIndex) {
    this.#sql = sql;
    this.#lexical = lexical;
  }

  /** Files whose lines have to be looked at. */
  due(folderId: number): UserFile[] {
    return this.#sql
      .all<{ id: number; path: string; digest: string; rows: unknown }>(
        `SELECT id, path, digest, comment_rows AS rows FROM files WHERE folder_id = ? AND uses_due IN (1, 3)`,
        folderId,
      )
      .map(({ rows, ...file }) => ({ ...file, commentRows: decodeRows(asBytes(rows ?? new Uint8Array())) }));
  }

  /** The one file that defines `name`, as it is written; undefined when none or several do. */
  ownerOf(folderId: number, name: string): number | undefined {
    const [one, other] = this.#sql.all<{ id: number }>(
      `SELECT DISTINCT d.file_id AS id FROM definitions d JOIN files f ON f.id = d.file_id
       WHERE d.folder_id = ? AND d.name = ? AND d.name = ? COLLATE BINARY AND d.kind NOT IN ${ownsNothing}
         AND f.language NOT IN ${data} LIMIT 2`,
      folderId,
      name,
      name,
    );
    return other === undefined ? one?.id : undefined;
  }

  /** Puts what the lines of `userId` say, token streams by file, in place of what they said. */
  putLines(userId: number, words: ReadonlyMap<number, string>): void {
    this.#sql.transaction(() => {
      this.#takeLines(userId);
      for (const [target, stream] of words) {
        this.#sql.run(
          'INSERT INTO uses (target_id, user_id, words) VALUES (?, ?, ?)',
          target,
          userId,
          stream,
        );
        this.#mark(target, gatheringDue);
      }
      this.#sql.run('UPDATE files SET uses_due = uses_due & ~1 WHERE id = ?', userId);
    });
  }

  /** Makes the words that others use of a file anew, for up to `limit` files that wait for it; how many there were. */
  gather(folderId: number, limit: number): number {
    return this.#sql.transaction(() => {
      const files = this.#sql.all<{ id: number }>(
        'SELECT id FROM files WHERE folder_id = ? AND uses_due IN (2, 3) LIMIT ?',
        folderId,
        limit,
      );
      for (const { id } of files) {
        const said = this.#sql.all<{ words: string }>('SELECT words FROM uses WHERE target_id = ?', id);
        const streams = said.map(({ words }) => words);
        this.#lexical.putUsage(folderId, id, streams);
        this.#sql.run('UPDATE files SET uses_due = uses_due & ~2 WHERE id = ?', id);
      }
      return files.length;
    });
  }

  // ------------------------------------------------------------- within the catalog's transactions

  namesOf(fileId: number): Set<string> {
    const rows = this.#sql.all<{ name: string }>('SELECT name FROM definitions WHERE file_id = ?', fileId);
    return new Set(rows.map(({ name }) => name));
  }

  /** A file has new content; `before` are the names that it defined. */
  changed(folderId: number, fileId: number, before: ReadonlySet<string>): void {
    this.#mark(fileId, linesDue);
    const after = this.namesOf(fileId);
    const different = [...before, ...after].filter((name) => before.has(name) !== after.has(name));
    this.#namesMoved(folderId, different);
  }

  removed(folderId: number, fileId: number, names: ReadonlySet<string>): void {
    this.#takeLines(fileId);
    this.#sql.run('DELETE FROM uses WHERE target_id = ?', fileId);
    this.#namesMoved(folderId, [...names]);
  }

  drop(folderId: number): void {
    this.#sql.run('DELETE FROM uses WHERE target_id IN (SELECT id FROM files WHERE folder_id = ?)', folderId);
  }

  /** Who names these may now mean another file by it, or none. */
  #namesMoved(folderId: number, names: readonly string[]): void {
    // While the folder is read for the first time, all of its lines are due anyway.
    const settled = this.#sql.get(
      'SELECT 1 FROM files WHERE folder_id = ? AND uses_due IN (0, 2) LIMIT 1',
      folderId,
    );
    if (settled === undefined) return;
    for (const name of names) {
      // The last token of a name is the whole of it.
      const word = tokens(name).at(-1);
      if (word === undefined) continue;
      for (const id of this.#lexical.filesWith(folderId, word)) this.#mark(id, linesDue);
    }
  }

  #takeLines(userId: number): void {
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
