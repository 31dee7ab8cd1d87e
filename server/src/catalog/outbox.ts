import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { Sql } from './database.js';
import { type ChunkRow, type FolderRow, chunkColumns, toChunk, toVector } from './rows.js';

export interface OutboxDelete {
  readonly key: string;
  readonly seq: number;
}

export interface OutboxUpsert extends OutboxDelete {
  readonly chunk: ChunkRow;
  readonly vector: Float32Array;
}

export interface Unconfirmed {
  readonly ready: readonly number[];
  readonly missing: readonly MissingChunk[];
}

/** A chunk that has no vector, and its file. */
export interface MissingChunk {
  readonly id: number;
  readonly fileId: number;
}

interface Waiting extends MissingChunk {
  readonly key: string;
  readonly mtimeMs: number;
  readonly ready: number;
}

/** Rows that are read at a time: a few milliseconds. */
const page = 500;

/** Changes that the collections have not confirmed. A row is removed when the vector store has confirmed it. */
export class Outbox {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Keys to delete from the collection. */
  deletes(folder: FolderRow, limit: number): OutboxDelete[] {
    return this.#sql.all<OutboxDelete>(
      `SELECT key, seq FROM outbox WHERE folder_id = ? AND op = 'delete' LIMIT ?`,
      folder.id,
      limit,
    );
  }

  /** The upserts of these chunks. Chunks that are confirmed, removed or without a vector are left out. */
  upserts(folder: FolderRow, chunkIds: readonly number[]): OutboxUpsert[] {
    const found: OutboxUpsert[] = [];
    for (const id of chunkIds) {
      const row = this.#sql.get<ChunkRow & { seq: number; vector: unknown }>(
        `SELECT ${chunkColumns}, o.seq, v.vector FROM chunks c
         JOIN files f ON f.id = c.file_id
         JOIN outbox o ON o.folder_id = c.folder_id AND o.key = c.key AND o.op = 'upsert'
         JOIN vectors v ON v.model_id = ? AND v.digest = c.vector_digest
         WHERE c.id = ?`,
        folder.modelId,
        id,
      );
      if (row === undefined) continue;
      const { seq, vector, ...chunk } = row;
      found.push({ key: chunk.key, seq, chunk: toChunk(chunk), vector: toVector(vector) });
    }
    return found;
  }

  /** Removes rows that the collection has confirmed, unless they were posted again meanwhile. */
  confirm(folderId: number, rows: readonly OutboxDelete[]): void {
    this.#sql.transaction(() => {
      for (const { key, seq } of rows) {
        this.#sql.run('DELETE FROM outbox WHERE folder_id = ? AND key = ? AND seq = ?', folderId, key, seq);
      }
    });
  }

  /** Records that `key` is to be sent to the collection or deleted from it. The last operation on a key counts. */
  post(folderId: number, key: string, op: 'delete' | 'upsert'): void {
    this.#sql.run(
      `INSERT INTO outbox (folder_id, key, op, seq) VALUES (?, ?, ?, 0)
       ON CONFLICT (folder_id, key) DO UPDATE SET op = excluded.op, seq = seq + 1`,
      folderId,
      key,
      op,
    );
  }

  /** Number of changes that are not confirmed. */
  count(folderId: number): number {
    return (
      this.#sql.get<{ n: number }>('SELECT count(*) AS n FROM outbox WHERE folder_id = ?', folderId)?.n ?? 0
    );
  }

  /**
   * Ids of the chunks that the collection has not confirmed: those that have a vector (`ready`), in the order in which
   * they were added, and those that need the model first (`missing`), those of the last changed files first. Reads a
   * page at a time, so that others may run in between.
   */
  async unconfirmed(folder: FolderRow): Promise<Unconfirmed> {
    const found: Waiting[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const rows: Waiting[] = this.#sql.all(
        `SELECT o.key, c.id, c.file_id AS fileId, f.mtime_ms AS mtimeMs, EXISTS (
           SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = c.vector_digest) AS ready
         FROM outbox o JOIN chunks c ON c.folder_id = o.folder_id AND c.key = o.key JOIN files f ON f.id = c.file_id
         WHERE o.folder_id = ? AND o.op = 'upsert' AND o.key > ? ORDER BY o.key LIMIT ?`,
        folder.modelId,
        folder.id,
        after,
        page,
      );
      for (const row of rows) found.push(row);
      after = rows.length < page ? undefined : rows.at(-1)?.key;
      if (after !== undefined) await nextTurn();
    }
    found.sort((a, b) => a.id - b.id);
    const missing = found.filter(({ ready }) => ready === 0);
    missing.sort((a, b) => b.mtimeMs - a.mtimeMs || a.id - b.id);
    return {
      ready: found.filter(({ ready }) => ready === 1).map(({ id }) => id),
      missing: missing.map(({ id, fileId }) => ({ id, fileId })),
    };
  }

  /** Posts every chunk of the folder, for a new collection. */
  postAll(folderId: number): void {
    this.clear(folderId);
    this.#sql.run(
      `INSERT INTO outbox (folder_id, key, op, seq) SELECT folder_id, key, 'upsert', id FROM chunks WHERE folder_id = ?`,
      folderId,
    );
  }

  clear(folderId: number): void {
    this.#sql.run('DELETE FROM outbox WHERE folder_id = ?', folderId);
  }
}
