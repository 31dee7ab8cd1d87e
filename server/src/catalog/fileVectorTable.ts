import type { Sql } from './database.js';
import { type FolderRow, asBytes, toVector } from './rows.js';

/** A file without a vector, and the text to embed for it. */
export interface FileSummary {
  readonly id: number;
  readonly digest: Uint8Array;
  readonly text: string;
}

/** The vectors of a folder's files, with a byte per component: 0.4 KB per file, without a loss that rankings show. */
interface Packed {
  readonly ids: readonly number[];
  readonly components: Int8Array;
  /** The factor for the components of each file. */
  readonly scales: Float32Array;
}

/** Most folders whose vectors are kept in memory. */
const keptFolders = 4;

/** One vector for each whole file, stored by content together with those of chunks. */
export class FileVectorTable {
  readonly #sql: Sql;
  readonly #packed = new Map<number, Packed>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Files without a vector, the last changed first. */
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

  /** Number of files that have a vector. */
  count(folder: FolderRow): number {
    return this.#of(folder).ids.length;
  }

  /** Call after vectors of files were stored. Deletes the texts that they were made from. */
  settled(folder: FolderRow): void {
    const { changes } = this.#sql.run(
      `UPDATE files SET summary = NULL WHERE folder_id = ? AND summary IS NOT NULL AND EXISTS (
         SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = files.vector_digest)`,
      folder.id,
      folder.modelId,
    );
    if (changes > 0) this.#packed.delete(folder.id);
  }

  /** Call after a file of the folder was written or removed. */
  changed(folderId: number): void {
    this.#packed.delete(folderId);
  }

  /**
   * Cosine of a unit vector with the vector of each of the folder's files, by file id; only of those in `among` if
   * given.
   */
  cosines(folder: FolderRow, query: Float32Array, among?: ReadonlySet<number>): Map<number, number> {
    const { ids, components, scales } = this.#of(folder);
    const dimensions = query.length;
    const found = new Map<number, number>();
    for (const [row, id] of ids.entries()) {
      if (among?.has(id) === false) continue;
      const start = row * dimensions;
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += (components[start + i] ?? 0) * (query[i] ?? 0);
      found.set(id, sum * (scales[row] ?? 0));
    }
    return found;
  }

  #of(folder: FolderRow): Packed {
    const packed = this.#packed.get(folder.id) ?? this.#pack(folder);
    this.#packed.delete(folder.id);
    this.#packed.set(folder.id, packed);
    const oldest = this.#packed.keys().next();
    if (this.#packed.size > keptFolders && oldest.done !== true) this.#packed.delete(oldest.value);
    return packed;
  }

  #pack(folder: FolderRow): Packed {
    const rows = this.#sql.all<{ id: number; vector: unknown }>(
      `SELECT f.id, v.vector FROM files f JOIN vectors v ON v.digest = f.vector_digest AND v.model_id = ?
       WHERE f.folder_id = ?`,
      folder.modelId,
      folder.id,
    );
    const dimensions = rows[0] === undefined ? 0 : toVector(rows[0].vector).length;
    const components = new Int8Array(rows.length * dimensions);
    const scales = new Float32Array(rows.length);
    for (const [row, { vector }] of rows.entries()) {
      const values = toVector(vector);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (largest === 0) continue;
      scales[row] = largest / 127;
      for (let i = 0; i < dimensions; i++)
        components[row * dimensions + i] = Math.round(((values[i] ?? 0) / largest) * 127);
    }
    return { ids: rows.map(({ id }) => id), components, scales };
  }
}
