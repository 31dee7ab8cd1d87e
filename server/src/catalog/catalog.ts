import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { catalogFile } from '../../../shared/src/connection/dataDir.js';
import type { Log } from '../../../shared/src/log.js';
import { ChunkTable } from './chunkTable.js';
import { FileTable } from './fileTable.js';
import { FileVectorTable } from './fileVectorTable.js';
import { LexicalIndex } from './lexicalIndex.js';
import { Outbox } from './outbox.js';
import { type VectorOrigin, VectorOrigins } from './vectorOrigins.js';
import { UsageTable } from './usageTable.js';
import { VectorTable } from './vectorTable.js';
import {
  type FileChange,
  type FileRow,
  type FolderCounts,
  type FolderRow,
  type NewChunk,
  type NewFile,
  type NewVector,
  decodeFile,
} from './rows.js';

import { type Sql, openAgain, openDatabase } from './database.js';

export type * from './rows.js';
export type { MissingChunk, OutboxDelete } from './outbox.js';
export type { VectorOrigin } from './vectorOrigins.js';

const folderColumns = `folders.id, path, models.key AS modelKey, model_id AS modelId, chunker, collection, generation,
  indexed_at AS indexedAt`;

/** The ids of a file and of its folder. */
export interface FileId {
  readonly folderId: number;
  readonly fileId: number;
}

const noChanges = (): CatalogChanges => ({ files: [], removedFiles: [], folders: [] });

/** What the tables of another connection, which keep some rows in memory, have to read again. */
export interface CatalogChanges {
  /** Files that were written or removed, or have got a vector. */
  readonly files: FileId[];
  readonly removedFiles: FileId[];
  /** Ids of folders that were removed. */
  readonly folders: number[];
}

export type NewFolder = Omit<FolderRow, 'id' | 'modelId' | 'indexedAt'>;

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
  readonly origins: VectorOrigins;
  readonly outbox: Outbox;
  /** Where a damaged catalog was moved when this one was opened. */
  readonly setAside: string | undefined;
  readonly #sql: Sql;
  readonly #file: string;
  /** Of a further connection: what it has changed. */
  #changes: CatalogChanges | undefined;

  /** Opens the catalog of a data folder, or a further connection to it: `second` is for another thread. */
  constructor(dataDir: string, log: Log, second = false) {
    this.#file = catalogFile(dataDir);
    const { sql, setAside } = second ? { sql: openAgain(this.#file) } : openDatabase(this.#file, log);
    this.#sql = sql;
    this.setAside = setAside;
    this.#changes = second ? noChanges() : undefined;
    this.files = new FileTable(sql);
    this.lexical = new LexicalIndex(sql);
    this.usage = new UsageTable(sql, this.lexical);
    this.vectors = new VectorTable(sql);
    this.origins = new VectorOrigins(sql);
    this.chunks = new ChunkTable(sql, this.vectors);
    this.fileVectors = new FileVectorTable(sql);
    this.outbox = new Outbox(sql);
  }

  dispose(): void {
    if (this.#changes === undefined) this.#sql.close();
    else this.#sql.closeAgain();
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

  /** Runs `read`, which may make several calls, on one state of the catalog. */
  snapshot<T>(read: () => T): T {
    return this.#sql.snapshot(read);
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

  addFolder(folder: NewFolder): FolderRow {
    this.#sql.transaction(() => this.#insertFolder(folder));
    return this.#added(folder.path);
  }

  /** Begins the index of a folder anew, as `folder` says. */
  replaceFolder(id: number, folder: NewFolder): FolderRow {
    this.#sql.transaction(() => {
      this.#removeFolder(id);
      this.#insertFolder(folder);
    });
    return this.#added(folder.path);
  }

  #insertFolder(folder: NewFolder): void {
    this.#sql.run(
      'INSERT INTO folders (path, model_id, chunker, collection, generation) VALUES (?, ?, ?, ?, ?)',
      folder.path,
      this.#modelId(folder.modelKey),
      folder.chunker,
      folder.collection,
      folder.generation,
    );
  }

  #added(path: string): FolderRow {
    const added = this.folder(path);
    if (added === undefined) throw new Error(`folder ${path} was not added`);
    return added;
  }

  /** Deletes the folder with its files and chunks. Vectors are kept by content, until `vectors.dropUnused`. */
  removeFolder(id: number): { files: number; chunks: number } {
    return this.#sql.transaction(() => this.#removeFolder(id));
  }

  #removeFolder(id: number): { files: number; chunks: number } {
    this.outbox.clear(id);
    this.vectors.markUsedBy(id);
    this.#sql.run('DELETE FROM definitions WHERE folder_id = ?', id);
    this.usage.drop(id);
    const chunks = this.#sql.run('DELETE FROM chunks WHERE folder_id = ?', id).changes;
    this.#sql.run('DELETE FROM skipped_files WHERE folder_id = ?', id);
    const files = this.#sql.run('DELETE FROM files WHERE folder_id = ?', id).changes;
    this.#sql.run('DELETE FROM folders WHERE id = ?', id);
    this.lexical.drop(id);
    this.fileVectors.dropped(id);
    this.#changes?.folders.push(id);
    return { files, chunks };
  }

  /** Begins a new, empty collection for the folder: every chunk is sent to it again. */
  renewCollection(id: number, generation: string): void {
    this.#sql.transaction(() => this.#renewCollection(id, generation));
  }

  #renewCollection(id: number, generation: string): void {
    this.#sql.run('UPDATE folders SET generation = ? WHERE id = ?', generation, id);
    this.outbox.postAll(id);
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
   * Writes what a scan found out, all in one transaction. Chunks that keep their place are not sent to the collection
   * again. Returns the number of chunks that were deleted.
   */
  writeFiles(folder: FolderRow, changes: readonly FileChange[]): number {
    return this.#sql.transaction(() =>
      this.lexical.inBatch(() => {
        let removed = 0;
        for (const change of changes) removed += this.#writeFile(folder, change);
        return removed;
      }),
    );
  }

  /** Stores vectors by the digest of the text that they were made from. `fileIds`: files whose own are among them. */
  putVectors(
    folder: FolderRow,
    vectors: readonly NewVector[],
    fileIds: readonly number[] = [],
    origin: VectorOrigin = 'made',
  ): void {
    this.vectors.put(folder, vectors, origin);
    for (const id of fileIds) this.#fileChanged(folder.id, id);
  }

  /**
   * Deletes what was taken from the shared vectors, and begins the collections of the folders that had some anew. Their
   * next job makes the vectors here. Returns the ids of these folders.
   */
  deleteTakenVectors(): number[] {
    return this.#sql.transaction(() => {
      const folders = this.origins.deleteTaken();
      for (const id of folders) {
        this.#renewCollection(id, randomUUID());
        this.fileVectors.dropped(id);
      }
      this.#changes?.folders.push(...folders);
      return folders;
    });
  }

  // ------------------------------------------------------------- two connections

  /** Refuses to write through this connection while another thread has the right to. */
  setReadOnly(readOnly: boolean): void {
    this.#sql.exec(`PRAGMA query_only = ${readOnly ? 1 : 0}`);
  }

  /** What a further connection has changed since the last call. The first one must know, by `apply`. */
  takeChanges(): CatalogChanges {
    const taken = this.#changes ?? noChanges();
    this.#changes = noChanges();
    return taken;
  }

  apply({ files, removedFiles, folders }: CatalogChanges): void {
    for (const { folderId, fileId } of files) this.fileVectors.changed(folderId, fileId);
    for (const { folderId, fileId } of removedFiles) this.lexical.removed(folderId, fileId);
    for (const id of folders) {
      this.lexical.dropped(id);
      this.fileVectors.dropped(id);
    }
  }

  /** Another connection found the file damaged: it is set aside at the next start. */
  noteDamage(cause: string): void {
    this.#sql.noteDamage(cause);
  }

  #fileChanged(folderId: number, fileId: number): void {
    this.fileVectors.changed(folderId, fileId);
    this.#changes?.files.push({ folderId, fileId });
  }

  #writeFile(folder: FolderRow, change: FileChange): number {
    if (change.kind === 'indexed') {
      const { file, chunks } = decodeFile(change.rows);
      this.files.deleteSkipped(folder.id, file.path);
      return this.#replaceFile(folder, { ...file, checkedMs: change.checkedMs }, chunks);
    }
    const { path } = change;
    const known = this.files.get(folder.id, path);
    if (change.kind === 'skipped' && change.state !== undefined)
      this.files.recordSkipped(folder.id, { path, ...change.state, reason: change.reason });
    else this.files.deleteSkipped(folder.id, path);
    if (known === undefined) return 0;
    if (change.kind !== 'same') return this.#removeFile(folder, known);
    this.files.touch(known.id, change);
    return 0;
  }

  #removeFile(folder: FolderRow, file: FileRow): number {
    const chunks = this.chunks.ofFile(file.id);
    const names = this.usage.namesOf(file.id);
    this.chunks.removeAll(file.id, chunks);
    for (const { key } of chunks) this.outbox.post(folder.id, key, 'delete');
    this.files.remove(file.id);
    this.lexical.remove(folder.id, file.id);
    this.usage.removed(folder.id, file.id, names);
    this.#fileChanged(folder.id, file.id);
    this.#changes?.removedFiles.push({ folderId: folder.id, fileId: file.id });
    return chunks.length;
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
    if (old === undefined) this.files.standIn(fileId, file);
    this.lexical.put(folder.id, fileId, firstChunk, file.counted);
    this.usage.changed(folder.id, fileId, namesBefore);
    this.#fileChanged(folder.id, fileId);
    return [...before.keys()].filter((key) => !after.has(key)).length;
  }

  #modelId(key: string): number {
    this.#sql.run('INSERT OR IGNORE INTO models (key) VALUES (?)', key);
    return this.#sql.get<{ id: number }>('SELECT id FROM models WHERE key = ?', key)?.id ?? 0;
  }
}
