import { Buffer } from 'node:buffer';
import Database from 'libsql';
import { catalogFile } from '../../../shared/src/connection/dataDir.js';
import type { TestIndex } from './testIndex.js';

const fileFields = new Set(['path', 'lead', 'comments', 'usage']);

/** Everything that catalog and collection hold of the one folder of `test`, without ids, which depend on the past. */
export function indexState({ files, root, catalog, store }: TestIndex): Record<string, unknown> {
  const db = new Database(catalogFile(files.home), { readonly: true });
  const rows = (sql: string): Record<string, unknown>[] =>
    (db.prepare(sql).all([]) as Record<string, unknown>[]).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value)])),
    );
  const count = (table: string): unknown => rows(`SELECT count(*) AS n FROM ${table}`)[0]?.['n'];
  try {
    const folder = catalog.folder(root)!;
    const docs = catalog.lexical.docs(folder.id);
    const chunkPlace = (chunk: number): string => {
      const file = docs.files[docs.fileOf[chunk] ?? -1]!;
      return `${file.path}#${chunk - file.at}`;
    };
    const terms = rows('SELECT DISTINCT term FROM postings ORDER BY term').map(({ term }) => String(term));
    const postings = catalog.lexical
      .match(folder.id, terms)
      .map(({ term, fields }) => [
        term,
        Object.entries(fields).map(([field, { docs: numbers, counts }]) =>
          numbers
            .map((doc, i) =>
              [fileFields.has(field) ? docs.files[doc]?.path : chunkPlace(doc), counts[i]].join(' '),
            )
            .sort(),
        ),
      ]);
    const records = [...(store.collections.get(folder.collection)?.records.values() ?? [])];
    return {
      model: folder.modelKey,
      files: rows(
        `SELECT path, size, digest, language, uses_due, comment_rows, vector_digest, summary, chunks_pending
         FROM files ORDER BY path`,
      ),
      skipped: rows('SELECT path, size, reason FROM skipped_files ORDER BY path'),
      chunks: rows(
        `SELECT f.path, c.key, c.vector_digest, c.text_digest, start_offset, end_offset, start_line, end_line, symbol,
           pending, v.vector FROM chunks c JOIN files f ON f.id = c.file_id JOIN folders ON folders.id = c.folder_id
         LEFT JOIN vectors v ON v.model_id = folders.model_id AND v.digest = c.vector_digest ORDER BY c.key`,
      ),
      definitions: rows(
        `SELECT c.key, d.name, d.kind, d.start_line, d.end_line FROM definitions d JOIN chunks c ON c.id = d.chunk_id
         ORDER BY c.key, d.start_line, d.name`,
      ),
      uses: rows(
        `SELECT t.path AS target, f.path AS user, u.terms FROM uses u JOIN files t ON t.id = u.target_id
         JOIN files f ON f.id = u.user_id ORDER BY t.path, f.path`,
      ),
      // They are a set, whose order nothing reads.
      fileTerms: rows(
        `SELECT f.path, part, lengths, terms FROM file_terms w JOIN files f ON f.id = w.file_id ORDER BY f.path, part`,
      ).map((row) => ({ ...row, terms: String(row['terms']).split(' ').sort() })),
      postings,
      counts: rows('SELECT files, files_pending, chunks, chunks_pending FROM folder_counts'),
      // No row is left of what is gone.
      rows: [
        'folders',
        'files',
        'skipped_files',
        'chunks',
        'definitions',
        'uses',
        'file_terms',
        'outbox',
      ].map((table) => [table, count(table)]),
      collections: store.collections.size,
      collection: records
        .map(({ vector, ...rest }) => ({
          ...rest,
          vector: shown(Buffer.from(new Uint8Array(vector.buffer))),
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  } finally {
    db.close();
  }
}

function shown(value: unknown): unknown {
  return value instanceof Uint8Array || value instanceof ArrayBuffer
    ? Buffer.from(value as Uint8Array).toString('hex')
    : value;
}
