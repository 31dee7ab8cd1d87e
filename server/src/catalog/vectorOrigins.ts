import type { Sql } from './database.js';
import { type FolderRow, type NewVector, asBytes, toVector } from './rows.js';

/**
 * Where a vector comes from. `made` by the model here; `offered` the same, to be given to the shared vectors; `given` the
 * same, and they have it; `taken` from the shared vectors; `imported` from a file.
 */
export type VectorOrigin = 'made' | 'offered' | 'given' | 'taken' | 'imported';

/** Numbers in the catalog. */
export const originNumber: Readonly<Record<VectorOrigin, number>> = {
  made: 0,
  offered: 1,
  given: 2,
  taken: 3,
  imported: 4,
};

const { made, offered, given, taken } = originNumber;

/** Where the vectors of `VectorTable` come from, for sharing them. Only what was made here is given to others. */
export class VectorOrigins {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Offers what was made here for the folder. */
  offer({ id, modelId }: FolderRow): void {
    this.#sql.run(
      `UPDATE vectors SET origin = ${offered} WHERE model_id = ? AND origin = ${made} AND digest IN (
         SELECT vector_digest FROM chunks WHERE folder_id = ?
         UNION SELECT vector_digest FROM files WHERE folder_id = ? AND vector_digest IS NOT NULL)`,
      modelId,
      id,
      id,
    );
  }

  /** Vectors that the shared ones do not have yet. */
  offered({ modelId }: FolderRow, limit: number): NewVector[] {
    return this.#sql
      .all<{ digest: unknown; vector: unknown }>(
        `SELECT digest, vector FROM vectors WHERE origin = ${offered} AND model_id = ? LIMIT ?`,
        modelId,
        limit,
      )
      .map(({ digest, vector }) => ({ digest: asBytes(digest), vector: toVector(vector) }));
  }

  /** The shared vectors have these. */
  markGiven({ modelId }: FolderRow, digests: readonly Uint8Array[]): void {
    this.#sql.transaction(() => {
      for (const digest of digests) {
        this.#sql.run(
          `UPDATE vectors SET origin = ${given} WHERE digest = ? AND model_id = ? AND origin = ${offered}`,
          digest,
          modelId,
        );
      }
    });
  }

  /** Other shared vectors are used from now on, which have nothing from here. */
  forgetGiven(): void {
    this.#sql.run(`UPDATE vectors SET origin = ${made} WHERE origin IN (${offered}, ${given})`);
  }

  /**
   * Deletes what was taken from the shared vectors. Chunks with such a vector need one again; files are read again at the
   * next scan, because their texts are not kept. Returns the ids of the folders that had some.
   */
  deleteTaken(): number[] {
    const isTaken = `EXISTS (SELECT 1 FROM vectors v WHERE v.digest = used.vector_digest AND v.origin = ${taken}
      AND v.model_id = (SELECT model_id FROM folders WHERE folders.id = used.folder_id))`;
    const folders = this.#sql.all<{ id: number }>(
      `SELECT folder_id AS id FROM chunks used WHERE ${isTaken} UNION SELECT folder_id FROM files used WHERE ${isTaken}`,
    );
    this.#sql.run(`UPDATE chunks AS used SET pending = 1 WHERE ${isTaken}`);
    this.#sql.run(`UPDATE files AS used SET digest = '', mtime_ms = -1 WHERE ${isTaken}`);
    this.#sql.run(`DELETE FROM vectors WHERE origin = ${taken}`);
    return folders.map(({ id }) => id);
  }
}
