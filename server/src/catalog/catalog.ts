import { join } from 'node:path';
import { statSync } from 'node:fs';
import type { Log } from '../../../shared/src/log.js';
import { ChunkTable } from './chunkTable.js';
import { FileTable } from './fileTable.js';
import { FileVectorTable } from './fileVectorTable.js';
import { LexicalIndex } from './lexicalIndex.js';
import { Outbox } from './outbox.js';
import { UsageTable } from './usageTable.js';
import { VectorTable } from './vectorTable.js';
import type { FileRow, FolderCounts, FolderRow, NewChunk, NewFile } from './rows.js';

export type * from './rows.js';
import { type Sql, openDatabase } from './database.js';

const folderColumns = `folders.id, path, models.key AS modelKey, model_id AS modelId, chunker, collection, generation,
  indexed_at AS indexedAt`;

/**
 * Everything that Lantern knows: folders, files, chunks, their terms, and vectors by content. All else (Chroma's
 * collections, counters, status) is derived from it. This room has all SQL, and never reads a folder.
 */
export class Catalog {
  readonly files: FileTable;
  readonly chunks: ChunkTable;
  readonly lexical: LexicalIndex;
  readonly usage: UsageTable;
  readonly fileVectors: FileVectorTable;
  readonly vectors: VectorTable;
  readonly outbox: Outbox;
  /** Where a damaged catalog was moved when this one was opened. */
  readonly setAside: string | undefined;
  readonly #sql: Sql;
  readonly #file: string;

  constructor(dataDir: string, log: Log) {
    this.#file = join(dataDir, 'catalog.db');
    const { sql, setAside } = openDatabase(this.#file, log);
    this.#sql = sql;
    this.setAside = setAside;
    this.files = new FileTable(sql);
    this.lexical = new LexicalIndex(sql);
    this.usage = new UsageTable(sql, this.lexical);
    this.vectors = new VectorTable(sql);
    this.chunks = new ChunkTable(sql, this.vectors);
    this.fileVectors = new FileVectorTable(sql);
    this.outbox = new Outbox(sql);
  }

  dispose(): void {
    this.#sql.close();
  }

  /** Releases the pages of the file that SQLite keeps in memory. */
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

  /** Deletes the folder with its files and chunks. Vectors are kept by content, until `vectors.dropUnused`. */
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

  /** Begins a new, empty collection for the folder: every chunk is sent to it again. */
  renewCollection(id: number, generation: string): void {
    this.#sql.transaction(() => {
      this.#sql.run('UPDATE folders SET generation = ? WHERE id = ?', generation, id);
      this.outbox.postAll(id);
    });
  }

  markIndexed(id: number, at: number): void {
    this.#sql.run('UPDATE folders SET indexed_at = ? WHERE id = ?', at, id);
  }

  /** Costs the same in a folder of any size. */
  counts(folderId: number): FolderCounts {
    const none = { files: 0, filesPending: 0, chunks: 0, chunksPending: 0 };
    const counts = this.#sql.get<FolderCounts>(
      `SELECT files, files_pending AS filesPending, chunks, chunks_pending AS chunksPending FROM folder_counts
       WHERE folder_id = ?`,
      folderId,
    );
    return counts ?? none;
  }

  /** Chunks of the folder that have a vector. */
  countVectors(folder: FolderRow): number {
    const { chunks, chunksPending } = this.counts(folder.id);
    return chunks - chunksPending;
  }

  // ------------------------------------------------------------- files and chunks

  /**
   * Replaces the chunks of files, all in one transaction. Chunks that keep their place are not sent to the collection
   * again. Returns for each file the number of chunks that were deleted.
   */
  replaceFiles(
    folder: FolderRow,
    files: readonly { readonly file: NewFile; readonly chunks: readonly NewChunk[] }[],
  ): number[] {
    return this.#sql.transaction(() =>
      this.lexical.inBatch(() => files.map(({ file, chunks }) => this.#replaceFile(folder, file, chunks))),
    );
  }

  removeFile(folder: FolderRow, file: FileRow): { removed: number } {
    return this.#sql.transaction(() => {
      const chunks = this.chunks.ofFile(file.id);
      const names = this.usage.namesOf(file.id);
      this.chunks.removeAll(file.id, chunks);
      for (const { key } of chunks) this.outbox.post(folder.id, key, 'delete');
      this.files.remove(file.id);
      this.lexical.remove(folder.id, file.id);
      this.usage.removed(folder.id, file.id, names);
      this.fileVectors.changed(folder.id);
      return { removed: chunks.length };
    });
  }

  #replaceFile(folder: FolderRow, file: NewFile, chunks: readonly NewChunk[]): number {
    const old = this.files.get(folder.id, file.path);
    const before = new Map(
      (old === undefined ? [] : this.chunks.ofFile(old.id)).map((chunk) => [chunk.key, chunk]),
    );
    const fileId = this.files.put(folder.id, file);
    const namesBefore = this.usage.namesOf(fileId);
    this.chunks.removeAll(fileId, [...before.values()]);
    const after = new Set(chunks.map(({ key }) => key));
    for (const key of before.keys()) if (!after.has(key)) this.outbox.post(folder.id, key, 'delete');
    let firstChunk = 0;
    for (const chunk of chunks) {
      const id = this.chunks.insert(folder.id, fileId, chunk);
      if (firstChunk === 0) firstChunk = id;
      const same = before.get(chunk.key);
      // Beside its vector, which belongs to the key, this is all that a collection knows of a chunk.
      const { startLine, endLine } = chunk;
      if (same?.startLine === startLine && same.endLine === endLine && same.language === file.language)
        continue;
      this.outbox.post(folder.id, chunk.key, 'upsert');
    }
    const terms = chunks.map((chunk) => chunk.terms);
    this.lexical.put(folder.id, fileId, firstChunk, file.terms, terms);
    this.usage.changed(folder.id, fileId, namesBefore);
    this.fileVectors.changed(folder.id);
    return [...before.keys()].filter((key) => !after.has(key)).length;
  }

  #modelId(key: string): number {
    this.#sql.run('INSERT OR IGNORE INTO models (key) VALUES (?)', key);
    return this.#sql.get<{ id: number }>('SELECT id FROM models WHERE key = ?', key)?.id ?? 0;
  }
}
