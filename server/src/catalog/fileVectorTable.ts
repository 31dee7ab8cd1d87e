import { keepLast } from '../../../shared/src/keepLast.js';
import type { Sql } from './database.js';
import { componentsOf, unitFactor } from './int8.js';
import { type FolderRow, asBytes } from './rows.js';

/** A file without a vector, and the text to embed for it. */
export interface FileSummary {
  readonly id: number;
  readonly digest: Uint8Array;
  readonly text: string;
}

/** The vectors of a folder's files, with a byte per component: 0.4 KB per file, without a loss that rankings show. */
interface Packed {
  /** The row of each file. */
  readonly rows: Map<number, number>;
  /** Rows of files that are gone. */
  readonly free: number[];
  /** Rows one after another, with room for more. */
  components: Int8Array;
  /** The factor for the components of each row. */
  readonly scales: number[];
  /** Files whose vector may be another one, or gone. They are read again before the next use. */
  readonly stale: Set<number>;
}

/** Most folders whose vectors are kept in memory. */
const keptFolders = 4;

/** The vector of a file, and that which stands in for it until it is there. */
const ownOrStandIn = `LEFT JOIN vectors v ON v.digest = f.vector_digest AND v.model_id = ?
  LEFT JOIN vectors s ON s.digest = f.stand_in AND s.model_id = ?`;

/** One vector for each whole file, stored by content together with those of chunks. */
export class FileVectorTable {
  readonly #sql: Sql;
  readonly #packed = new Map<number, Packed>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Files without a vector, with the digest of the text that they need one of; the last changed first. */
  missing(folder: FolderRow): { readonly id: number; readonly digest: Uint8Array }[] {
    return this.#sql
      .all<{ id: number; digest: unknown }>(
        `SELECT f.id, f.vector_digest AS digest FROM files f WHERE f.folder_id = ? AND f.summary IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = f.vector_digest)
         ORDER BY f.mtime_ms DESC, f.id`,
        folder.id,
        folder.modelId,
      )
      .map(({ id, digest }) => ({ id, digest: asBytes(digest) }));
  }

  /** The texts of these files, in the same order. Files that are gone or need no vector are left out. */
  summaries(ids: readonly number[]): FileSummary[] {
    return this.#sql
      .all<{ id: number; digest: unknown; text: string }>(
        `SELECT f.id, f.vector_digest AS digest, f.summary AS text FROM json_each(?) wanted
         CROSS JOIN files f ON f.id = wanted.value WHERE f.summary IS NOT NULL ORDER BY wanted.key`,
        JSON.stringify(ids),
      )
      .map(({ digest, ...file }) => ({ ...file, digest: asBytes(digest) }));
  }

  /** Number of files that still need a vector; during `embedFiles` also of those that have just got one. */
  pending(folder: FolderRow): number {
    const row = this.#sql.get<{ count: number }>(
      'SELECT COUNT(*) AS count FROM files WHERE folder_id = ? AND summary IS NOT NULL',
      folder.id,
    );
    return row?.count ?? 0;
  }

  /** Number of files that have a vector, or one that stands in for it. */
  count(folder: FolderRow): number {
    return this.#of(folder).rows.size;
  }

  /** Deletes the texts that are no longer needed, because their files have vectors. */
  dropSummaries(folder: FolderRow): void {
    this.#sql.run(
      `UPDATE files SET summary = NULL WHERE folder_id = ? AND summary IS NOT NULL AND EXISTS (
         SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = files.vector_digest)`,
      folder.id,
      folder.modelId,
    );
  }

  /** Call it after a file of the folder was written or removed, or has got a vector. */
  changed(folderId: number, fileId: number): void {
    this.#packed.get(folderId)?.stale.add(fileId);
  }

  dropped(folderId: number): void {
    this.#packed.delete(folderId);
  }

  /**
   * Cosine of a unit vector with the vector of each of the folder's files, by file id; only of those in `among` if
   * given.
   */
  cosines(folder: FolderRow, query: Float32Array, among?: ReadonlySet<number>): Map<number, number> {
    const { rows, components, scales } = this.#of(folder);
    const dimensions = query.length;
    const found = new Map<number, number>();
    for (const [id, row] of rows) {
      if (among?.has(id) === false) continue;
      const start = row * dimensions;
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += (components[start + i] ?? 0) * (query[i] ?? 0);
      found.set(id, sum * (scales[row] ?? 0));
    }
    return found;
  }

  #of(folder: FolderRow): Packed {
    const packed = this.#packed.get(folder.id) ?? this.#load(folder);
    keepLast(this.#packed, folder.id, packed, keptFolders);
    if (packed.stale.size > 0) this.#update(packed, folder);
    return packed;
  }

  #load(folder: FolderRow): Packed {
    const found = this.#sql.all<StoredVector>(
      `SELECT f.id, coalesce(v.vector, s.vector) AS vector FROM files f ${ownOrStandIn} WHERE f.folder_id = ?`,
      folder.modelId,
      folder.modelId,
      folder.id,
    );
    const components = new Int8Array(0);
    const packed: Packed = { rows: new Map(), free: [], components, scales: [], stale: new Set() };
    for (const { id, vector } of found)
      if (vector !== null) put(packed, id, componentsOf(asBytes(vector)), found.length);
    return packed;
  }

  #update(packed: Packed, folder: FolderRow): void {
    const found = this.#sql.all<StoredVector>(
      `SELECT f.id, coalesce(v.vector, s.vector) AS vector FROM json_each(?) wanted
       CROSS JOIN files f ON f.id = wanted.value ${ownOrStandIn} WHERE f.folder_id = ?`,
      JSON.stringify([...packed.stale]),
      folder.modelId,
      folder.modelId,
      folder.id,
    );
    for (const { id, vector } of found) {
      if (vector === null) continue;
      put(packed, id, componentsOf(asBytes(vector)));
      packed.stale.delete(id);
    }
    for (const id of packed.stale) {
      const row = packed.rows.get(id);
      if (row !== undefined) packed.free.push(row);
      packed.rows.delete(id);
    }
    packed.stale.clear();
  }
}

interface StoredVector {
  readonly id: number;
  readonly vector: unknown;
}

/** Rows that a packed table has at first, if it does not know how many it will need. */
const firstRows = 64;

function put(packed: Packed, id: number, vector: Int8Array, expected = firstRows): void {
  const row = packed.rows.get(id) ?? packed.free.pop() ?? packed.scales.length;
  packed.rows.set(id, row);
  if ((row + 1) * vector.length > packed.components.length) {
    const larger = new Int8Array(Math.max(expected, row * 2) * vector.length);
    larger.set(packed.components);
    packed.components = larger;
  }
  packed.components.set(vector, row * vector.length);
  packed.scales[row] = unitFactor(vector);
}
