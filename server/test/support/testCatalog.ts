import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type {
  ChunkRow,
  FileChange,
  FileRow,
  FolderRow,
  NewChunk,
  NewFile,
} from '../../src/catalog/catalog.js';
import { openDatabase } from '../../src/catalog/database.js';
import { fromInt8, toInt8 } from '../../src/catalog/int8.js';
import { encodeFile } from '../../src/catalog/rows.js';
import type { ChunkTerms, FileTerms } from '../../src/lexical/fields.js';
import { countTerms } from '../../src/lexical/termCounts.js';
import { tokens } from '../../src/lexical/tokens.js';

export const dimensions = 8;

/** SQL that takes from the schema what version 8 added. */
export const beforeVersion8 = `DROP INDEX vectors_offered; ALTER TABLE vectors DROP COLUMN origin; DROP INDEX files_by_digest;
  ALTER TABLE files DROP COLUMN stand_in; ALTER TABLE chunks DROP COLUMN stand_in;`;

export const digest = (text: string): Uint8Array =>
  createHash('sha256').update(text).digest().subarray(0, 16);

/** A unit vector, as the catalog keeps it, that depends on the text alone. */
export function vectorOf(text: string): Float32Array {
  const bytes = createHash('sha256').update(text).digest();
  const vector = Float32Array.from({ length: dimensions }, (_, i) => (bytes[i] ?? 0) - 127.5);
  const length = Math.hypot(...vector);
  return fromInt8(toInt8(vector.map((value) => value / length)));
}

export type TestChunk = NewChunk & { readonly terms: ChunkTerms };
export type TestFile = Omit<NewFile, 'counted'> & { readonly terms: FileTerms };

/** The change that a scan writes for a file with these chunks. */
export function indexed({ terms, checkedMs, ...rest }: TestFile, chunks: readonly TestChunk[]): FileChange {
  const counted = countTerms(
    terms,
    chunks.map((one) => one.terms),
  );
  return { kind: 'indexed', rows: encodeFile({ file: { ...rest, counted }, chunks }), checkedMs };
}

/** A chunk of one line. Its key is made as by the indexer, from path and text. */
export function chunk(path: string, text: string, line = 1, more: Partial<TestChunk> = {}): TestChunk {
  return {
    key: Buffer.from(digest(`${path}\0${text}`)).toString('hex'),
    vectorDigest: digest(`${path}\n${text}`),
    textDigest: digest(text),
    startOffset: (line - 1) * 100,
    endOffset: (line - 1) * 100 + text.length,
    startLine: line,
    endLine: line,
    symbol: undefined,
    definitions: [],
    terms: { body: tokens(text), names: [], signatures: [] },
    ...more,
  };
}

export function filesOf(catalog: Catalog, folder: FolderRow): FileRow[] {
  return [...catalog.files.seen(folder.id).keys()].flatMap(
    (path) => catalog.files.get(folder.id, path) ?? [],
  );
}

export function chunkByKey(catalog: Catalog, folderId: number, key: string): ChunkRow | undefined {
  const place = catalog.chunks.locate(folderId, [key]).get(key);
  return place && catalog.chunks.get(place.chunkId);
}

export function file(path: string, more: Partial<TestFile> = {}): TestFile {
  return {
    path,
    size: 1,
    mtimeMs: 1,
    checkedMs: 1,
    digest: 'd',
    language: 'typescript',
    terms: { path: tokens(path), lead: [], comments: [] },
    commentRows: [],
    summary: undefined,
    ...more,
  };
}

/** A catalog in a temporary folder. */
export class TestCatalog {
  readonly dir = mkdtempSync(join(tmpdir(), 'lantern-catalog-'));
  catalog = new Catalog(this.dir, nullLog);

  addFolder(path: string, modelKey = 'model@1'): FolderRow {
    const name = path.replaceAll('/', '');
    return this.catalog.addFolder({ path, modelKey, chunker: '1', collection: name, generation: 'g1' });
  }

  /** Writes a file of these texts, one chunk and line each. */
  put(folder: FolderRow, path: string, ...texts: string[]): { removed: number } {
    const chunks = texts.map((text, i) => chunk(path, text, i + 1));
    return this.replace(folder, file(path), chunks);
  }

  /** Replaces the chunks of one file. */
  replace(folder: FolderRow, newFile: TestFile, chunks: readonly TestChunk[]): { removed: number } {
    return { removed: this.catalog.writeFiles(folder, [indexed(newFile, chunks)]) };
  }

  remove(folder: FolderRow, { path }: { readonly path: string }): { removed: number } {
    return { removed: this.catalog.writeFiles(folder, [{ kind: 'gone', path }]) };
  }

  chunkByKey(folderId: number, key: string): ChunkRow | undefined {
    return chunkByKey(this.catalog, folderId, key);
  }

  /** Gives every chunk of the folder its vector. */
  embed(folder: FolderRow): void {
    const vectors: { digest: Uint8Array; vector: Float32Array }[] = [];
    for (const { id } of filesOf(this.catalog, folder)) {
      for (const { key, vectorDigest } of this.catalog.chunks.ofFile(id))
        vectors.push({ digest: vectorDigest, vector: vectorOf(key) });
    }
    this.catalog.vectors.put(folder, vectors);
  }

  /** The folder's outbox, whether or not there are vectors. */
  outbox(folder: FolderRow): { key: string; op: string }[] {
    return this.query('SELECT key, op FROM outbox WHERE folder_id = ? ORDER BY op, key', folder.id);
  }

  /** Confirms all that is in the outbox. */
  settle(folder: FolderRow): void {
    this.query('DELETE FROM outbox WHERE folder_id = ? RETURNING key', folder.id);
  }

  /** Queries the database directly, not through the catalog. */
  query<T>(sql: string, ...values: (string | number)[]): T[] {
    const { sql: own } = openDatabase(join(this.dir, 'catalog.db'), nullLog);
    try {
      return own.all<T>(sql, ...values);
    } finally {
      own.close();
    }
  }

  /** Takes from the schema what versions 4 to 8 added. */
  dropCounts(): void {
    const { sql: own } = openDatabase(join(this.dir, 'catalog.db'), nullLog);
    for (const { name } of own.all<{ name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'trigger'`,
    )) {
      own.exec(`DROP TRIGGER ${name}`);
    }
    own.exec(`
      DROP TABLE folder_counts;
      DROP INDEX chunks_pending;
      DROP INDEX files_without_vector;
      ALTER TABLE chunks DROP COLUMN pending;
      ALTER TABLE files DROP COLUMN chunks_pending;
      ${beforeVersion8}
      PRAGMA user_version = 3;`);
    own.close();
  }

  reopen(): void {
    this.catalog.dispose();
    this.catalog = new Catalog(this.dir, nullLog);
  }

  dispose(): void {
    this.catalog.dispose();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
