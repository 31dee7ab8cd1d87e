import type { Sql } from './database.js';
import { componentsOf, cosineWith, toInt8 } from './int8.js';
import { type VectorOrigin, originNumber } from './vectorOrigins.js';
import { type FolderRow, type NewVector, asBytes, toVector } from './rows.js';

/** A block of vectors of one collection. */
export interface VectorBlock {
  readonly ids: readonly string[];
  /** A byte per component, as `toInt8` makes them, one vector after another: `ids.length × dimensions`. */
  readonly components: Int8Array;
  /** Language of each id, in the same order. */
  readonly languages: readonly string[];
}

const dayMs = 86_400_000;
const today = (): number => Math.floor(Date.now() / dayMs);

/**
 * Vectors by content: by model and digest of the embedded text. A text that was embedded once, in any folder, branch
 * or worktree, does not need the model again.
 */
export class VectorTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The vector of the text with this digest, for the folder's model. */
  get(folder: FolderRow, digest: Uint8Array): Float32Array | undefined {
    const row = this.#sql.get<{ vector: unknown }>(
      'SELECT vector FROM vectors WHERE model_id = ? AND digest = ?',
      folder.modelId,
      digest,
    );
    return row && toVector(row.vector);
  }

  /**
   * Components of the vectors of chunks, or of those that stand in for them, by row id of the chunk. Chunks without a
   * vector are left out.
   */
  ofChunks(folder: FolderRow, chunkIds: readonly number[]): Map<number, Int8Array> {
    const rows = this.#sql.all<{ id: number; vector: unknown }>(
      `SELECT c.id, v.vector FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value
       JOIN vectors v ON v.digest = CASE c.pending WHEN 1 THEN c.stand_in ELSE c.vector_digest END AND v.model_id = ?`,
      JSON.stringify(chunkIds),
      folder.modelId,
    );
    return new Map(rows.map(({ id, vector }) => [id, componentsOf(asBytes(vector))]));
  }

  /** Cosine of a unit vector with the vector of each of these chunks that has one, by row id. */
  cosines(folder: FolderRow, query: Float32Array, chunkIds: readonly number[]): Map<number, number> {
    const found = new Map<number, number>();
    for (const [id, components] of this.ofChunks(folder, chunkIds))
      found.set(id, cosineWith(query, components));
    return found;
  }

  /** Stores vectors by the digest of the text that they were made from. */
  put(folder: FolderRow, vectors: readonly NewVector[], origin: VectorOrigin = 'made'): void {
    this.#sql.transaction(() => {
      for (const { digest, vector } of vectors) {
        this.#sql.run(
          'INSERT OR REPLACE INTO vectors (model_id, digest, vector, used_day, origin) VALUES (?, ?, ?, ?, ?)',
          folder.modelId,
          digest,
          toInt8(vector),
          today(),
          originNumber[origin],
        );
        this.#sql.run(
          `UPDATE chunks SET pending = 0 WHERE vector_digest = ? AND pending = 1
           AND folder_id IN (SELECT id FROM folders WHERE model_id = ?)`,
          digest,
          folder.modelId,
        );
      }
    });
  }

  /** Every vector of a folder, in blocks of at most `rows`, for the exact scan. */
  *blocks(folder: FolderRow, dimensions: number, rows = 2000): Generator<VectorBlock> {
    // Page by page, because a statement that is still being read prevents removing a folder.
    for (let after: string | undefined = ''; after !== undefined;) {
      const found: { key: string; language: string; vector: unknown }[] = this.#sql.all(
        `SELECT c.key, f.language, v.vector FROM chunks c JOIN files f ON f.id = c.file_id
         JOIN vectors v ON v.model_id = ? AND v.digest = c.vector_digest
         WHERE c.folder_id = ? AND c.key > ? ORDER BY c.key LIMIT ?`,
        folder.modelId,
        folder.id,
        after,
        rows,
      );
      const components = new Int8Array(found.length * dimensions);
      for (const [i, { vector }] of found.entries())
        components.set(componentsOf(asBytes(vector)), i * dimensions);
      after = found.length < rows ? undefined : found.at(-1)?.key;
      if (found.length === 0) return;
      yield {
        ids: found.map(({ key }) => key),
        languages: found.map(({ language }) => language),
        components,
      };
    }
  }

  /** Digests of the texts of the folder's chunks and files, each once, and whether there is a vector for it. */
  digests(folder: FolderRow): { readonly digest: Uint8Array; readonly isStored: boolean }[] {
    return this.#sql
      .all<{ digest: unknown; stored: number }>(
        `SELECT digest, EXISTS (SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = used.digest) AS stored
         FROM (SELECT vector_digest AS digest FROM chunks WHERE folder_id = ?
           UNION SELECT vector_digest FROM files WHERE folder_id = ? AND vector_digest IS NOT NULL) used`,
        folder.modelId,
        folder.id,
        folder.id,
      )
      .map(({ digest, stored }) => ({ digest: asBytes(digest), isStored: stored === 1 }));
  }

  /** Chunks of the folder without a vector, with the digest of the text that they need one of. */
  missing(folder: FolderRow): { readonly id: number; readonly digest: Uint8Array }[] {
    return this.#sql
      .all<{ id: number; digest: unknown }>(
        'SELECT id, vector_digest AS digest FROM chunks WHERE folder_id = ? AND pending = 1',
        folder.id,
      )
      .map(({ id, digest }) => ({ id, digest: asBytes(digest) }));
  }

  /** Deletes vectors that no chunk has used for `days`. Until then they serve an undone edit or an old branch. */
  dropUnused(days: number): number {
    return this.#sql.run(
      `DELETE FROM vectors WHERE used_day < ? AND digest NOT IN (SELECT vector_digest FROM chunks)
       AND digest NOT IN (SELECT vector_digest FROM files WHERE vector_digest IS NOT NULL)`,
      today() - days,
    ).changes;
  }

  /** Records that the folder's chunks used their vectors until today. */
  markUsedBy(folderId: number): void {
    const day = today();
    this.#sql.run(
      `UPDATE vectors SET used_day = ? WHERE used_day < ?
       AND digest IN (SELECT vector_digest FROM chunks WHERE folder_id = ?)`,
      day,
      day,
      folderId,
    );
  }

  /** Records that a chunk used the vector until today. */
  markUsed(digest: Uint8Array): void {
    const day = today();
    this.#sql.run('UPDATE vectors SET used_day = ? WHERE digest = ? AND used_day < ?', day, digest, day);
  }
}
