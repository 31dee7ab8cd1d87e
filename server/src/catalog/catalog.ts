import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { Log } from '../../../shared/src/log.js';
import { FileVectorTable } from './fileVectorTable.js';
import { LexicalIndex } from './lexicalIndex.js';
import { Outbox } from './outbox.js';
import { UsageTable } from './usageTable.js';
import { VectorTable } from './vectorTable.js';
import { chunkColumns, toChunk } from './rows.js';
import { encodeRows } from '../lexical/postings.js';
import type {
  ChunkRow,
  FileRow,
  FolderCounts,
  FolderRow,
  NewChunk,
  NewDefinition,
  NewFile,
  SeenFile,
  SkippedFile,
} from './rows.js';

export type * from './rows.js';
import { type Sql, openDatabase } from './database.js';

const folderColumns = `folders.id, path, models.key AS modelKey, model_id AS modelId, chunker, collection, generation,
  indexed_at AS indexedAt`;

/**
 * What Lantern knows: folders, files, chunks, their words and their vectors by content. Everything else (Chroma's
 * collections, counters, status) is made from it.
 */
export class Catalog {
  readonly lexical: LexicalIndex;
  readonly usage: UsageTable;
  readonly fileVectors: FileVectorTable;
  readonly vectors: VectorTable;
  readonly outbox: Outbox;
  /** Where a damaged catalog was moved when this one was opened. */
  readonly setAside: string | undefined;
  readonly #sql: Sql;
  readonly #file: string;
  /** As they were when SQLite had made `at` changes in all. */
  readonly #counts = new Map<number, { readonly at: number; readonly counts: FolderCounts }>();

  constructor(dataDir: string, log: Log) {
    this.#file = join(dataDir, 'catalog.db');
    const { sql, setAside } = openDatabase(this.#file, log);
    this.#sql = sql;
    this.setAside = setAside;
    this.lexical = new LexicalIndex(sql);
    this.usage = new UsageTable(sql, this.lexical);
    this.vectors = new VectorTable(sql);
    this.fileVectors = new FileVectorTable(sql);
    this.outbox = new Outbox(sql);
  }

  dispose(): void {
    this.#sql.close();
  }

  /** Gives back what SQLite keeps of the file in memory. */
  releaseMemory(): void {
    this.#sql.exec('PRAGMA shrink_memory');
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
      this.#sql.run(
        'INSERT INTO folders (path, model_id, chunker, collection, generation) VALUES (?, ?, ?, ?, ?)',
        folder.path,
        this.#modelId(folder.modelKey),
        folder.chunker,
        folder.collection,
        folder.generation,
      );
    });
    const added = this.folder(folder.path);
    if (added === undefined) throw new Error(`folder ${folder.path} was not added`);
    return added;
  }

  /** Forgets files and chunks of a folder; vectors stay by content, until `dropUnusedVectors`. */
  removeFolder(id: number): { files: number; chunks: number } {
    return this.#sql.transaction(() => {
      this.outbox.clear(id);
      this.vectors.markUsedBy(id);
      this.#sql.run('DELETE FROM definitions WHERE folder_id = ?', id);
      this.usage.drop(id);
      const chunks = this.#sql.run('DELETE FROM chunks WHERE folder_id = ?', id).changes;
      this.#sql.run('DELETE FROM skipped_files WHERE folder_id = ?', id);
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
      this.outbox.postAll(id);
    });
  }

  markIndexed(id: number, at: number): void {
    this.#sql.run('UPDATE folders SET indexed_at = ? WHERE id = ?', at, id);
  }

  counts(folderId: number): FolderCounts {
    // Every search asks, and counting takes SQLite a millisecond; its own counter says whether anything was written since.
    const at = this.#sql.get<{ n: number }>('SELECT total_changes() AS n')?.n ?? 0;
    const known = this.#counts.get(folderId);
    if (known?.at === at) return known.counts;
    const counts = this.#count(folderId);
    this.#counts.set(folderId, { at, counts });
    return counts;
  }

  #count(folderId: number): FolderCounts {
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

  /** Chunks of the folder that have a vector. */
  countVectors(folder: FolderRow): number {
    const { chunks, chunksPending } = this.counts(folder.id);
    return chunks - chunksPending;
  }

  // ------------------------------------------------------------- files and chunks

  /** Files by path, with no more than a comparison with the disk needs: every search may need one. */
  seenFiles(folderId: number): Map<string, SeenFile> {
    const rows = this.#sql.iterate<SeenFile>(
      `SELECT path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs FROM files WHERE folder_id = ?`,
      folderId,
    );
    const seen = new Map<string, SeenFile>();
    for (const row of rows) seen.set(row.path, row);
    return seen;
  }

  file(folderId: number, path: string): FileRow | undefined {
    return this.#sql.get<FileRow>(
      `SELECT id, path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, digest, language FROM files
       WHERE folder_id = ? AND path = ?`,
      folderId,
      path,
    );
  }

  skippedFiles(folderId: number): Map<string, SkippedFile> {
    const rows = this.#sql.all<SkippedFile>(
      `SELECT path, size, mtime_ms AS mtimeMs, checked_ms AS checkedMs, reason FROM skipped_files WHERE folder_id = ?`,
      folderId,
    );
    return new Map(rows.map((row) => [row.path, row]));
  }

  rememberSkipped(folderId: number, file: SkippedFile): void {
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

  forgetSkipped(folderId: number, path: string): void {
    this.#sql.run('DELETE FROM skipped_files WHERE folder_id = ? AND path = ?', folderId, path);
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
   * Puts files' chunks in place of those they had, all of them in one transaction. Chunks that stay where they were are
   * not told to the collection again. Says how many went of each.
   */
  replaceFiles(
    folder: FolderRow,
    files: readonly { readonly file: NewFile; readonly chunks: readonly NewChunk[] }[],
  ): number[] {
    return this.#sql.transaction(() =>
      files.map(({ file, chunks }) => this.#replaceFile(folder, file, chunks)),
    );
  }

  /** The same for one. */
  replaceFile(folder: FolderRow, file: NewFile, chunks: readonly NewChunk[]): { removed: number } {
    const [removed = 0] = this.replaceFiles(folder, [{ file, chunks }]);
    return { removed };
  }

  removeFile(folder: FolderRow, file: FileRow): { removed: number } {
    return this.#sql.transaction(() => {
      const chunks = this.chunksOfFile(file.id);
      const names = this.usage.namesOf(file.id);
      this.#dropChunks(file.id, chunks);
      for (const { key } of chunks) this.outbox.post(folder.id, key, 'delete');
      this.#sql.run('DELETE FROM files WHERE id = ?', file.id);
      this.lexical.remove(folder.id, file.id);
      this.usage.removed(folder.id, file.id, names);
      this.fileVectors.changed(folder.id);
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
  definitionsOf(folderId: number, name: string): { chunkId: number; fileId: number; name: string }[] {
    return this.#sql.all(
      `SELECT DISTINCT chunk_id AS chunkId, file_id AS fileId, name FROM definitions
       WHERE folder_id = ? AND name = ? LIMIT 200`,
      folderId,
      name,
    );
  }

  /** Row ids of chunks and their files by key; keys that are not there are left out. */
  placesOf(folderId: number, keys: readonly string[]): Map<string, { chunkId: number; fileId: number }> {
    // CROSS JOIN keeps SQLite from going through the whole folder for the keys instead of the other way round.
    const rows = this.#sql.all<{ key: string; chunkId: number; fileId: number }>(
      `SELECT c.key, c.id AS chunkId, c.file_id AS fileId FROM json_each(?) wanted
       CROSS JOIN chunks c ON c.folder_id = ? AND c.key = wanted.value`,
      JSON.stringify(keys),
      folderId,
    );
    return new Map(rows.map(({ key, ...place }) => [key, place]));
  }

  /** What a chunk defines, with lines in its file, in the order of the text. */
  definitionsIn(chunkId: number): NewDefinition[] {
    return this.#sql.all(
      `SELECT name, kind, start_line AS startLine, end_line AS endLine FROM definitions WHERE chunk_id = ?
       ORDER BY start_line, end_line DESC`,
      chunkId,
    );
  }

  /** What began in an earlier chunk of its file and ends in this one. */
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

  chunkByKey(folderId: number, key: string): ChunkRow | undefined {
    const row = this.#sql.get<ChunkRow>(
      `SELECT ${chunkColumns} FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.folder_id = ? AND c.key = ?`,
      folderId,
      key,
    );
    return row && toChunk(row);
  }

  #modelId(key: string): number {
    this.#sql.run('INSERT OR IGNORE INTO models (key) VALUES (?)', key);
    return this.#sql.get<{ id: number }>('SELECT id FROM models WHERE key = ?', key)?.id ?? 0;
  }

  #replaceFile(folder: FolderRow, file: NewFile, chunks: readonly NewChunk[]): number {
    const old = this.file(folder.id, file.path);
    const before = new Map(
      (old === undefined ? [] : this.chunksOfFile(old.id)).map((chunk) => [chunk.key, chunk]),
    );
    const fileId = old?.id ?? this.#insertFile(folder.id, file);
    if (old !== undefined) this.#updateFile(old.id, file);

    const namesBefore = this.usage.namesOf(fileId);
    this.#dropChunks(fileId, [...before.values()]);
    const after = new Set(chunks.map(({ key }) => key));
    for (const key of before.keys()) if (!after.has(key)) this.outbox.post(folder.id, key, 'delete');
    let firstChunk = 0;
    for (const chunk of chunks) {
      const id = this.#insertChunk(folder.id, fileId, chunk);
      if (firstChunk === 0) firstChunk = id;
      for (const definition of chunk.definitions) this.#insertDefinition(folder.id, fileId, id, definition);
      const same = before.get(chunk.key);
      // All that a collection is told of a chunk beside its vector, which goes with the key.
      const { startLine, endLine } = chunk;
      if (same?.startLine === startLine && same.endLine === endLine && same.language === file.language)
        continue;
      this.outbox.post(folder.id, chunk.key, 'upsert');
    }
    const words = chunks.map((chunk) => chunk.terms);
    this.lexical.put(folder.id, fileId, firstChunk, file.terms, words);
    this.usage.changed(folder.id, fileId, namesBefore);
    this.fileVectors.changed(folder.id);
    return [...before.keys()].filter((key) => !after.has(key)).length;
  }

  #insertFile(folderId: number, file: NewFile): number {
    const { id } = this.#sql.run(
      `INSERT INTO files (folder_id, path, size, mtime_ms, checked_ms, digest, language)
       VALUES (?, ?, 0, 0, 0, '', '')`,
      folderId,
      file.path,
    );
    this.#updateFile(id, file);
    return id;
  }

  #updateFile(id: number, file: NewFile): void {
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

  #dropChunks(fileId: number, chunks: readonly ChunkRow[]): void {
    this.#sql.run('DELETE FROM definitions WHERE file_id = ?', fileId);
    for (const { id, vectorDigest } of chunks) {
      this.vectors.markUsed(vectorDigest);
      this.#sql.run('DELETE FROM chunks WHERE id = ?', id);
    }
  }
}
