import { encodeRows } from '../lexical/postings.js';
import type { Sql } from './database.js';
import { type FileRow, type NewFile, type SeenFile, type SkippedFile, asBytes } from './rows.js';

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

  /**
   * Has a new file use, until its own vectors are there, those of a file with the same content: it was moved or copied. Its
   * chunks are the same but for the path, which is a part of the embedded text.
   */
  standIn(id: number, { digest }: Pick<NewFile, 'digest'>): void {
    // Of ten thousand empty files any will do.
    const twin = this.#sql.get<{ id: number; digest: unknown }>(
      `SELECT twin.id, CASE WHEN twin.summary IS NULL THEN twin.vector_digest ELSE twin.stand_in END AS digest
       FROM (SELECT * FROM files WHERE digest = ? AND id <> ? LIMIT 8) twin
       JOIN folders theirs ON theirs.id = twin.folder_id JOIN files own ON own.id = ?
       JOIN folders ours ON ours.id = own.folder_id AND ours.model_id = theirs.model_id
       ORDER BY twin.summary IS NOT NULL, twin.chunks_pending LIMIT 1`,
      digest,
      id,
      id,
    );
    if (twin === undefined) return;
    const ofFile = twin.digest === null ? null : asBytes(twin.digest);
    this.#sql.run('UPDATE files SET stand_in = ? WHERE id = ?', ofFile, id);
    this.#sql.run(
      `UPDATE chunks SET stand_in = (
         SELECT CASE twin.pending WHEN 1 THEN twin.stand_in ELSE twin.vector_digest END FROM chunks twin
         WHERE twin.file_id = ? AND twin.text_digest = chunks.text_digest AND twin.start_offset = chunks.start_offset LIMIT 1)
       WHERE file_id = ? AND pending = 1`,
      twin.id,
      id,
    );
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
