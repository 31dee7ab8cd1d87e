import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { Log } from '../../../shared/src/log.js';
import type { VectorBlock } from './exactStore.js';
import { LexicalIndex } from './lexicalIndex.js';
import { type Sql, openDatabase } from './database.js';

export interface FolderRow {
  readonly id: number;
  /** Absolute real path. */
  readonly path: string;
  readonly modelKey: string;
  readonly modelId: number;
  readonly chunker: string;
  readonly collection: string;
  readonly generation: string;
  /** Milliseconds since the epoch of the last complete pass. */
  readonly indexedAt: number | null;
}

export interface FileRow {
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** When the file was last read or compared, by the clock that stamps files. */
  readonly checkedMs: number;
  readonly digest: string;
  readonly language: string;
}

/** A chunk as the indexer hands it over, with its words for the lexical index. */
export interface NewChunk {
  /** Identity within the folder, the same in every run: derived from path, text and occurrence. */
  readonly key: string;
  /** Of the embedded text. */
  readonly vectorDigest: Uint8Array;
  /** Of the text alone. */
  readonly textDigest: Uint8Array;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | undefined;
  /** What is defined in it, by unqualified name. */
  readonly definitions: readonly { readonly name: string; readonly kind: string }[];
  /** Token streams, see tokens.ts. */
  readonly words: { readonly body: string; readonly names: string; readonly path: string };
}

export interface ChunkRow {
  readonly id: number;
  readonly key: string;
  readonly path: string;
  readonly language: string;
  readonly vectorDigest: Uint8Array;
  readonly textDigest: Uint8Array;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
}

export interface OutboxDelete {
  readonly key: string;
  readonly seq: number;
}

export interface OutboxUpsert extends OutboxDelete {
  readonly chunk: ChunkRow;
  readonly vector: Float32Array;
}

export interface FolderCounts {
  readonly files: number;
  readonly chunks: number;
  /** Chunks that have no vector yet. */
  readonly chunksPending: number;
  readonly filesPending: number;
}

const chunkColumns = `c.id, c.key, f.path, f.language, c.vector_digest AS vectorDigest, c.text_digest AS textDigest,
  c.start_offset AS startOffset, c.end_offset AS endOffset, c.start_line AS startLine, c.end_line AS endLine, c.symbol`;

const folderColumns = `folders.id, path, models.key AS modelKey, model_id AS modelId, chunker, collection, generation,
  indexed_at AS indexedAt`;

const dayMs = 86_400_000;
const today = (): number => Math.floor(Date.now() / dayMs);
const asBytes = (blob: unknown): Uint8Array => new Uint8Array(blob as ArrayBuffer | Uint8Array);

function toChunk(row: ChunkRow): ChunkRow {
  return { ...row, vectorDigest: asBytes(row.vectorDigest), textDigest: asBytes(row.textDigest) };
}

/** A copy aligned to four bytes, which a view on SQLite's buffer need not be. */
const toVector = (blob: unknown): Float32Array => new Float32Array(asBytes(blob).slice().buffer);

/**
 * What Lantern knows: folders, files, chunks, their words and their vectors by content. Everything else (Chroma's
 * collections, counters, status) is made from it.
 */
export class Catalog {
  readonly lexical: LexicalIndex;
  /** Where a damaged catalog was moved when this one was opened. */
  readonly setAside: string | undefined;
  readonly #sql: Sql;
  readonly #file: string;

  constructor(dataDir: string, log: Log) {
    this.#file = join(dataDir, 'catalog.db');
    const { sql, setAside } = openDatabase(this.#file, log);
    this.#sql = sql;
    this.setAside = setAside;
    this.lexical = new LexicalIndex(sql);
  }

  dispose(): void {
    this.#sql.close();
  }

  /** Bytes on disk, the write-ahead log included. */
  sizeBytes(): number {
    return ['', '-wal'].reduce((sum, end) => {
      return sum + (statSync(this.#file + end, { throwIfNoEntry: false })?.size ?? 0);
    }, 0);
  }

  // ------------------------------------------------------------- folders

  folders(): FolderRow[] {
    return this.#sql.all<FolderRow>(
      `SELECT ${folderColumns} FROM folders JOIN models ON models.id = model_id ORDER BY path`,
    );
  }

  folder(path: string): FolderRow | undefined {
    return this.#sql.get<FolderRow>(
      `SELECT ${folderColumns} FROM folders JOIN models ON models.id = model_id WHERE path = ?`,
      path,
    );
  }

  addFolder(folder: Omit<FolderRow, 'id' | 'modelId' | 'indexedAt'>): FolderRow {
    this.#sql.transaction(() => {
      const { id } = this.#sql.run(
        'INSERT INTO folders (path, model_id, chunker, collection, generation) VALUES (?, ?, ?, ?, ?)',
        folder.path,
        this.#modelId(folder.modelKey),
        folder.chunker,
        folder.collection,
        folder.generation,
      );
      this.lexical.create(id);
    });
    const added = this.folder(folder.path);
    if (added === undefined) throw new Error(`folder ${folder.path} was not added`);
    return added;
  }

  /** Forgets files and chunks of a folder; vectors stay by content, until `dropUnusedVectors`. */
  removeFolder(id: number): { files: number; chunks: number } {
    return this.#sql.transaction(() => {
      this.#sql.run('DELETE FROM outbox WHERE folder_id = ?', id);
      this.#sql.run('DELETE FROM definitions WHERE folder_id = ?', id);
      const chunks = this.#sql.run('DELETE FROM chunks WHERE folder_id = ?', id).changes;
      const files = this.#sql.run('DELETE FROM files WHERE folder_id = ?', id).changes;
      this.#sql.run('DELETE FROM folders WHERE id = ?', id);
      this.lexical.drop(id);
      return { files, chunks };
    });
  }

  /** Gives the folder a new, empty collection to fill: everything that has a vector is told to it again. */
  renewCollection(id: number, generation: string): void {
    this.#sql.transaction(() => {
      this.#sql.run('UPDATE folders SET generation = ? WHERE id = ?', generation, id);
      this.#sql.run('DELETE FROM outbox WHERE folder_id = ?', id);
      this.#sql.run(
        `INSERT INTO outbox (folder_id, key, op, seq) SELECT folder_id, key, 'upsert', id FROM chunks WHERE folder_id = ?`,
        id,
      );
    });
  }

  markIndexed(id: number, at: number): void {
    this.#sql.run('UPDATE folders SET indexed_at = ? WHERE id = ?', at, id);
  }

  counts(folderId: number): FolderCounts {
    const one = (sql: string): number => this.#sql.get<{ n: number }>(sql, folderId)?.n ?? 0;
    const pending = `FROM outbox o JOIN chunks c ON c.folder_id = o.folder_id AND c.key = o.key
      JOIN folders ON folders.id = o.folder_id
      WHERE o.folder_id = ? AND o.op = 'upsert' AND NOT EXISTS (
        SELECT 1 FROM vectors v WHERE v.model_id = folders.model_id AND v.digest = c.vector_digest)`;
    return {
      files: one('SELECT count(*) AS n FROM files WHERE folder_id = ?'),
      chunks: one('SELECT count(*) AS n FROM chunks WHERE folder_id = ?'),
      chunksPending: one(`SELECT count(*) AS n ${pending}`),
      filesPending: one(`SELECT count(DISTINCT c.file_id) AS n ${pending}`),
    };
  }

  /** What the collection has still to be told or to forget. */
  unconfirmedCount(folderId: number): number {
    return (
      this.#sql.get<{ n: number }>('SELECT count(*) AS n FROM outbox WHERE folder_id = ?', folderId)?.n ?? 0
    );
  }

  // ------------------------------------------------------------- files and chunks

  files(folderId: number): Map<string, FileRow> {
    const rows = this.#sql.iterate<FileRow>(
      `SELECT id, path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, digest, language FROM files WHERE folder_id = ?`,
      folderId,
    );
    return new Map([...rows].map((row) => [row.path, row]));
  }

  file(folderId: number, path: string): FileRow | undefined {
    return this.#sql.get<FileRow>(
      `SELECT id, path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, digest, language FROM files
       WHERE folder_id = ? AND path = ?`,
      folderId,
      path,
    );
  }

  /** Notes that a file's bytes are as they were although its time stamp is not. */
  touchFile(id: number, seen: { size: number; mtimeMs: number; checkedMs: number }): void {
    this.#sql.run(
      'UPDATE files SET size = ?, mtime_ms = ?, checked_ms = ? WHERE id = ?',
      seen.size,
      seen.mtimeMs,
      seen.checkedMs,
      id,
    );
  }

  /**
   * Puts a file's chunks in place of those it had, in one transaction. Chunks that stay where they were are not told
   * to the collection again.
   */
  replaceFile(
    folder: FolderRow,
    file: Omit<FileRow, 'id'>,
    chunks: readonly NewChunk[],
  ): { removed: number } {
    return this.#sql.transaction(() => {
      const old = this.file(folder.id, file.path);
      const before = new Map(
        (old === undefined ? [] : this.chunksOfFile(old.id)).map((chunk) => [chunk.key, chunk]),
      );
      const fileId = old?.id ?? this.#insertFile(folder.id, file);
      if (old !== undefined) this.#updateFile(old.id, file);

      this.#dropChunks(folder.id, [...before.values()]);
      const after = new Set(chunks.map(({ key }) => key));
      for (const key of before.keys()) if (!after.has(key)) this.#post(folder.id, key, 'delete');
      for (const chunk of chunks) {
        const id = this.#insertChunk(folder.id, fileId, chunk);
        this.lexical.add(folder.id, id, chunk.words);
        for (const { name, kind } of chunk.definitions) {
          this.#sql.run(
            'INSERT INTO definitions (folder_id, chunk_id, name, kind) VALUES (?, ?, ?, ?)',
            folder.id,
            id,
            name,
            kind,
          );
        }
        const same = before.get(chunk.key);
        if (same?.startLine === chunk.startLine && same.endLine === chunk.endLine) continue;
        this.#post(folder.id, chunk.key, 'upsert');
      }
      return { removed: [...before.keys()].filter((key) => !after.has(key)).length };
    });
  }

  removeFile(folder: FolderRow, file: FileRow): { removed: number } {
    return this.#sql.transaction(() => {
      const chunks = this.chunksOfFile(file.id);
      this.#dropChunks(folder.id, chunks);
      for (const { key } of chunks) this.#post(folder.id, key, 'delete');
      this.#sql.run('DELETE FROM files WHERE id = ?', file.id);
      return { removed: chunks.length };
    });
  }

  chunksOfFile(fileId: number): ChunkRow[] {
    return this.#sql
      .all<ChunkRow>(
        `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.file_id = ? ORDER BY c.id`,
        fileId,
      )
      .map(toChunk);
  }

  chunk(id: number): ChunkRow | undefined {
    const row = this.#sql.get<ChunkRow>(
      `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.id = ?`,
      id,
    );
    return row && toChunk(row);
  }

  /** Chunks that define `name`, whatever its case, with the name as it is written there. */
  definitionsOf(folderId: number, name: string): { chunkId: number; name: string }[] {
    return this.#sql.all(
      'SELECT DISTINCT chunk_id AS chunkId, name FROM definitions WHERE folder_id = ? AND name = ? LIMIT 200',
      folderId,
      name,
    );
  }

  chunkByKey(folderId: number, key: string): ChunkRow | undefined {
    const row = this.#sql.get<ChunkRow>(
      `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.folder_id = ? AND c.key = ?`,
      folderId,
      key,
    );
    return row && toChunk(row);
  }

  // ------------------------------------------------------------- vectors

  vector(folder: FolderRow, digest: Uint8Array): Float32Array | undefined {
    const row = this.#sql.get<{ vector: unknown }>(
      'SELECT vector FROM vectors WHERE model_id = ? AND digest = ?',
      folder.modelId,
      digest,
    );
    return row && toVector(row.vector);
  }

  /**
   * Ids of the chunks that the collection has not confirmed, in the order in which they were added: those whose vector
   * is `ready`, and those that need the model first.
   */
  unconfirmed(folder: FolderRow): { ready: number[]; missing: number[] } {
    const rows = this.#sql.iterate<{ id: number; ready: number }>(
      `SELECT c.id, EXISTS (SELECT 1 FROM vectors v WHERE v.model_id = ? AND v.digest = c.vector_digest) AS ready
       FROM outbox o JOIN chunks c ON c.folder_id = o.folder_id AND c.key = o.key
       WHERE o.folder_id = ? AND o.op = 'upsert' ORDER BY c.id`,
      folder.modelId,
      folder.id,
    );
    const found = { ready: [] as number[], missing: [] as number[] };
    for (const { id, ready } of rows) found[ready === 1 ? 'ready' : 'missing'].push(id);
    return found;
  }

  /** Keeps vectors by the digest of the text they were made from. */
  putVectors(folder: FolderRow, vectors: readonly { digest: Uint8Array; vector: Float32Array }[]): void {
    this.#sql.transaction(() => {
      for (const { digest, vector } of vectors) {
        this.#sql.run(
          'INSERT OR REPLACE INTO vectors (model_id, digest, vector, used_day) VALUES (?, ?, ?, ?)',
          folder.modelId,
          digest,
          new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
          today(),
        );
      }
    });
  }

  /** Every vector of a folder in blocks of at most `rows`, for a scan without Chroma. */
  *vectorBlocks(folder: FolderRow, dimensions: number, rows = 2000): Generator<VectorBlock> {
    const found = this.#sql.iterate<{ key: string; language: string; vector: unknown }>(
      `SELECT c.key, f.language, v.vector FROM chunks c JOIN files f ON f.id = c.file_id
       JOIN vectors v ON v.model_id = ? AND v.digest = c.vector_digest WHERE c.folder_id = ?`,
      folder.modelId,
      folder.id,
    );
    let block = {
      ids: [] as string[],
      languages: [] as string[],
      vectors: new Float32Array(rows * dimensions),
    };
    for (const { key, language, vector } of found) {
      block.vectors.set(toVector(vector), block.ids.length * dimensions);
      block.ids.push(key);
      block.languages.push(language);
      if (block.ids.length < rows) continue;
      yield block;
      block = { ids: [], languages: [], vectors: new Float32Array(rows * dimensions) };
    }
    if (block.ids.length > 0)
      yield { ...block, vectors: block.vectors.subarray(0, block.ids.length * dimensions) };
  }

  countVectors(folder: FolderRow): number {
    const { chunks, chunksPending } = this.counts(folder.id);
    return chunks - chunksPending;
  }

  /** Deletes vectors that no chunk has used for `days`; an undone edit or an old branch is served until then. */
  dropUnusedVectors(days: number): number {
    return this.#sql.run(
      `DELETE FROM vectors WHERE used_day < ? AND digest NOT IN (SELECT vector_digest FROM chunks)`,
      today() - days,
    ).changes;
  }

  // ------------------------------------------------------------- outbox

  /** Keys that the collection has still to forget. */
  outboxDeletes(folder: FolderRow, limit: number): OutboxDelete[] {
    return this.#sql.all<OutboxDelete>(
      `SELECT key, seq FROM outbox WHERE folder_id = ? AND op = 'delete' LIMIT ?`,
      folder.id,
      limit,
    );
  }

  /** What the collection is to be told of these chunks; those confirmed, gone or without a vector are left out. */
  outboxUpserts(folder: FolderRow, chunkIds: readonly number[]): OutboxUpsert[] {
    const upserts: OutboxUpsert[] = [];
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
      upserts.push({ key: chunk.key, seq, chunk: toChunk(chunk), vector: toVector(vector) });
    }
    return upserts;
  }

  /** Takes rows off the outbox that the collection has confirmed, unless they were posted anew meanwhile. */
  confirm(folderId: number, rows: readonly OutboxDelete[]): void {
    this.#sql.transaction(() => {
      for (const { key, seq } of rows) {
        this.#sql.run('DELETE FROM outbox WHERE folder_id = ? AND key = ? AND seq = ?', folderId, key, seq);
      }
    });
  }

  #post(folderId: number, key: string, op: 'delete' | 'upsert'): void {
    this.#sql.run(
      `INSERT INTO outbox (folder_id, key, op, seq) VALUES (?, ?, ?, 0)
       ON CONFLICT (folder_id, key) DO UPDATE SET op = excluded.op, seq = seq + 1`,
      folderId,
      key,
      op,
    );
  }

  #modelId(key: string): number {
    this.#sql.run('INSERT OR IGNORE INTO models (key) VALUES (?)', key);
    return this.#sql.get<{ id: number }>('SELECT id FROM models WHERE key = ?', key)?.id ?? 0;
  }

  #insertFile(folderId: number, file: Omit<FileRow, 'id'>): number {
    return this.#sql.run(
      'INSERT INTO files (folder_id, path, size, mtime_ms, checked_ms, digest, language) VALUES (?, ?, ?, ?, ?, ?, ?)',
      folderId,
      file.path,
      file.size,
      file.mtimeMs,
      file.checkedMs,
      file.digest,
      file.language,
    ).id;
  }

  #updateFile(id: number, file: Omit<FileRow, 'id'>): void {
    this.#sql.run(
      'UPDATE files SET size = ?, mtime_ms = ?, checked_ms = ?, digest = ?, language = ? WHERE id = ?',
      file.size,
      file.mtimeMs,
      file.checkedMs,
      file.digest,
      file.language,
      id,
    );
  }

  #insertChunk(folderId: number, fileId: number, chunk: NewChunk): number {
    return this.#sql.run(
      `INSERT INTO chunks (folder_id, file_id, key, vector_digest, text_digest, start_offset, end_offset, start_line,
         end_line, symbol) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    ).id;
  }

  #dropChunks(folderId: number, chunks: readonly ChunkRow[]): void {
    for (const { id } of chunks) {
      this.lexical.remove(folderId, id);
      this.#sql.run('DELETE FROM definitions WHERE chunk_id = ?', id);
      this.#sql.run('DELETE FROM chunks WHERE id = ?', id);
    }
  }
}
