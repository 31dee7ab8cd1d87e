import { encodeRows } from '../lexical/postings.js';
import type { Sql } from './database.js';
import type { FileRow, NewFile, SeenFile, SkippedFile } from './rows.js';

/** Indexed files, and files that were read and skipped for their content. */
export class FileTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get(folderId: number, path: string): FileRow | undefined {
    return this.#sql.get<FileRow>(
      `SELECT id, path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, digest, language FROM files
       WHERE folder_id = ? AND path = ?`,
      folderId,
      path,
    );
  }

  /** Files by path, with only the columns that a comparison with the disk needs. Every search may read them. */
  seen(folderId: number): Map<string, SeenFile> {
    const rows = this.#sql.iterate<SeenFile>(
      `SELECT path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs FROM files WHERE folder_id = ?`,
      folderId,
    );
    const seen = new Map<string, SeenFile>();
    for (const row of rows) seen.set(row.path, row);
    return seen;
  }

  skipped(folderId: number): Map<string, SkippedFile> {
    const rows = this.#sql.all<SkippedFile>(
      `SELECT path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, reason FROM skipped_files WHERE folder_id = ?`,
      folderId,
    );
    return new Map(rows.map((row) => [row.path, row]));
  }

  recordSkipped(folderId: number, file: SkippedFile): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO skipped_files (folder_id, path, size, mtime_ms, checked_ms, reason)
       VALUES (?, ?, ?, ?, ?, ?)`,
      folderId,
      file.path,
      file.size,
      file.mtimeMs,
      file.checkedMs,
      file.reason,
    );
  }

  deleteSkipped(folderId: number, path: string): void {
    this.#sql.run('DELETE FROM skipped_files WHERE folder_id = ? AND path = ?', folderId, path);
  }

  /** Records a new time stamp of a file whose content is unchanged. */
  touch(id: number, seen: { size: number; mtimeMs: number; checkedMs: number }): void {
    this.#sql.run(
      'UPDATE files SET size = ?, mtime_ms = ?, checked_ms = ? WHERE id = ?',
      seen.size,
      seen.mtimeMs,
      seen.checkedMs,
      id,
    );
  }

  /** Inserts the file, or updates the one of its path; returns its row id. */
  put(folderId: number, file: NewFile): number {
    const id = this.get(folderId, file.path)?.id ?? this.#insert(folderId, file.path);
    this.#update(id, file);
    return id;
  }

  remove(id: number): void {
    this.#sql.run('DELETE FROM files WHERE id = ?', id);
  }

  #insert(folderId: number, path: string): number {
    return this.#sql.run(
      `INSERT INTO files (folder_id, path, size, mtime_ms, checked_ms, digest, language)
       VALUES (?, ?, 0, 0, 0, '', '')`,
      folderId,
      path,
    ).id;
  }

  #update(id: number, file: NewFile): void {
    this.#sql.run(
      `UPDATE files SET size = ?, mtime_ms = ?, checked_ms = ?, digest = ?, language = ?, comment_rows = ?,
         vector_digest = ?, summary = ? WHERE id = ?`,
      file.size,
      file.mtimeMs,
      file.checkedMs,
      file.digest,
      file.language,
      encodeRows(file.commentRows),
      file.summary?.digest ?? null,
      file.summary?.text ?? null,
      id,
    );
  }
}
