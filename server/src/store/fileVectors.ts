import type { Sql } from './database.js';
import { type FolderRow, asBytes, toVector } from './rows.js';

/** A file whose own vector is still to be made. */
export interface FileSummary {
  readonly id: number;
  readonly digest: Uint8Array;
  readonly text: string;
}

/** One vector for each file as a whole, kept by content beside those of chunks. */
export class FileVectors {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Files without a vector of their own, those changed last first. */
  missing(folder: FolderRow): FileSummary[] {
    return this.#sql
      .all<{ id: number; digest: unknown; text: string }>(
        `SELECT f.id, f.vector_digest AS digest, f.summary AS text FROM files f
         WHERE f.folder_id = ? AND f.summary IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = f.vector_digest)
         ORDER BY f.mtime_ms DESC, f.id`,
        folder.id,
        folder.modelId,
      )
      .map(({ digest, ...file }) => ({ ...file, digest: asBytes(digest) }));
  }

  /** Forgets the texts of files whose vectors are there. */
  forgetTexts(folder: FolderRow): void {
    this.#sql.run(
      `UPDATE files SET summary = NULL WHERE folder_id = ? AND summary IS NOT NULL AND EXISTS (
         SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = files.vector_digest)`,
      folder.id,
      folder.modelId,
    );
  }

  /** Vectors of the folder's files by id, of those that have one. */
  all(folder: FolderRow): Map<number, Float32Array> {
    const rows = this.#sql.all<{ id: number; vector: unknown }>(
      `SELECT f.id, v.vector FROM files f JOIN vectors v ON v.digest = f.vector_digest AND v.model_id = ?
       WHERE f.folder_id = ?`,
      folder.modelId,
      folder.id,
    );
    return new Map(rows.map(({ id, vector }) => [id, toVector(vector)]));
  }
}
