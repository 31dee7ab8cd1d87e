import type { Sql } from './database.js';
import {
  type ChunkRow,
  type FileDefinition,
  type NewChunk,
  type NewDefinition,
  chunkColumns,
  toChunk,
} from './rows.js';
import type { VectorTable } from './vectorTable.js';

/** Chunks and the definitions in them. */
export class ChunkTable {
  readonly #sql: Sql;
  readonly #vectors: VectorTable;

  constructor(sql: Sql, vectors: VectorTable) {
    this.#sql = sql;
    this.#vectors = vectors;
  }

  get(id: number): ChunkRow | undefined {
    const row = this.#sql.get<ChunkRow>(
      `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.id = ?`,
      id,
    );
    return row && toChunk(row);
  }

  /** Chunks of a file in the order of its text. */
  ofFile(fileId: number): ChunkRow[] {
    return this.#sql
      .all<ChunkRow>(
        `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.file_id = ? ORDER BY c.id`,
        fileId,
      )
      .map(toChunk);
  }

  /** The first chunk of a file that has a line, from 1. */
  at(fileId: number, line: number): ChunkRow | undefined {
    const row = this.#sql.get<ChunkRow>(
      `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id
       WHERE c.file_id = ? AND c.start_line <= ? AND c.end_line >= ? ORDER BY c.id LIMIT 1`,
      fileId,
      line,
      line,
    );
    return row && toChunk(row);
  }

  /** At most 200 chunks that define `name` in any case, with the name as it is written there. */
  defining(folderId: number, name: string): { chunkId: number; fileId: number; name: string }[] {
    return this.#sql.all(
      `SELECT DISTINCT chunk_id AS chunkId, file_id AS fileId, name FROM definitions
       WHERE folder_id = ? AND name = ? LIMIT 200`,
      folderId,
      name,
    );
  }

  /** At most 200 definitions of exactly this name, in the order in which they were written. */
  definitionsNamed(folderId: number, name: string): (FileDefinition & { readonly fileId: number })[] {
    return this.#sql.all(
      `SELECT file_id AS fileId, chunk_id AS chunkId, name, kind, start_line AS startLine, end_line AS endLine
       FROM definitions WHERE folder_id = ? AND name = ? AND name = ? COLLATE BINARY ORDER BY rowid LIMIT 200`,
      folderId,
      name,
      name,
    );
  }

  /** All definitions of a file, in the order of the text, outer ones first. */
  definitionsOf(fileId: number): FileDefinition[] {
    return this.#sql.all(
      `SELECT chunk_id AS chunkId, name, kind, start_line AS startLine, end_line AS endLine FROM definitions
       WHERE file_id = ? ORDER BY start_line, end_line DESC, rowid`,
      fileId,
    );
  }

  /** Row ids of chunks and their files by key. Unknown keys are left out. */
  locate(folderId: number, keys: readonly string[]): Map<string, { chunkId: number; fileId: number }> {
    // CROSS JOIN makes SQLite look up each key, instead of comparing every chunk of the folder with the keys.
    const rows = this.#sql.all<{ key: string; chunkId: number; fileId: number }>(
      `SELECT c.key, c.id AS chunkId, c.file_id AS fileId FROM json_each(?) wanted
       CROSS JOIN chunks c ON c.folder_id = ? AND c.key = wanted.value`,
      JSON.stringify(keys),
      folderId,
    );
    return new Map(rows.map(({ key, ...place }) => [key, place]));
  }

  /** Definitions in a chunk, in the order of the text. Lines are those of the file. */
  definitionsIn(chunkId: number): NewDefinition[] {
    return this.#sql.all(
      `SELECT name, kind, start_line AS startLine, end_line AS endLine FROM definitions WHERE chunk_id = ?
       ORDER BY start_line, end_line DESC`,
      chunkId,
    );
  }

  /** Definitions that begin in an earlier chunk of the file and end in this one. */
  definitionsEndingIn({ id, startLine, endLine }: ChunkRow): NewDefinition[] {
    return this.#sql.all(
      `SELECT name, kind, start_line AS startLine, end_line AS endLine FROM definitions
       WHERE file_id = (SELECT file_id FROM chunks WHERE id = ?) AND chunk_id < ? AND start_line < ?
         AND end_line BETWEEN ? AND ? ORDER BY start_line, end_line DESC`,
      id,
      id,
      startLine,
      startLine,
      endLine,
    );
  }

  /** Inserts a chunk with its definitions; returns its row id. */
  insert(folderId: number, fileId: number, chunk: NewChunk): number {
    const id = this.#insertChunk(folderId, fileId, chunk);
    for (const definition of chunk.definitions) this.#insertDefinition(folderId, fileId, id, definition);
    return id;
  }

  /** Deletes the chunks of a file. Their vectors are kept for a while: see `VectorTable.dropUnused`. */
  removeAll(fileId: number, chunks: readonly ChunkRow[]): void {
    this.#sql.run('DELETE FROM definitions WHERE file_id = ?', fileId);
    for (const { id, vectorDigest } of chunks) {
      this.#vectors.markUsed(vectorDigest);
      this.#sql.run('DELETE FROM chunks WHERE id = ?', id);
    }
  }

  #insertChunk(folderId: number, fileId: number, chunk: NewChunk): number {
    return this.#sql.run(
      `INSERT INTO chunks (folder_id, file_id, key, vector_digest, text_digest, start_offset, end_offset, start_line,
         end_line, symbol, pending)
       SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOT EXISTS (
         SELECT 1 FROM vectors v JOIN folders ON folders.model_id = v.model_id WHERE folders.id = ? AND v.digest = ?)`,
      folderId,
      fileId,
      chunk.key,
      chunk.vectorDigest,
      chunk.textDigest,
      chunk.startOffset,
      chunk.endOffset,
      chunk.startLine,
      chunk.endLine,
      chunk.symbol ?? null,
      folderId,
      chunk.vectorDigest,
    ).id;
  }

  #insertDefinition(folderId: number, fileId: number, chunkId: number, definition: NewDefinition): void {
    const { name, kind, startLine, endLine } = definition;
    this.#sql.run(
      `INSERT INTO definitions (folder_id, file_id, chunk_id, name, kind, start_line, end_line)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      folderId,
      fileId,
      chunkId,
      name,
      kind,
      startLine,
      endLine,
    );
  }
}
