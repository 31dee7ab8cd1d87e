import type Database from 'libsql';
import { toInt8 } from './int8.js';

/** Raised with every change of the schema, with a new step in `migrations`. */
export const SCHEMA_VERSION = 8;

/** Version 1. */
const initial = `
  CREATE TABLE models (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);

  -- Vectors by the digest of the embedded text; chunks of any folder refer to them.
  CREATE TABLE vectors (
    model_id INTEGER NOT NULL REFERENCES models(id),
    digest BLOB NOT NULL,
    vector BLOB NOT NULL,
    used_day INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX vectors_by_content ON vectors(digest, model_id);

  CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    model_id INTEGER NOT NULL REFERENCES models(id),
    chunker TEXT NOT NULL,
    collection TEXT NOT NULL,
    generation TEXT NOT NULL,
    indexed_at INTEGER
  );

  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL REFERENCES folders(id),
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    checked_ms REAL NOT NULL,
    digest TEXT NOT NULL,
    language TEXT NOT NULL
  );
  CREATE UNIQUE INDEX files_by_path ON files(folder_id, path);

  -- Files that were read and skipped for their content. They are not read again while they stay the same.
  CREATE TABLE skipped_files (
    folder_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    checked_ms REAL NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (folder_id, path)
  ) WITHOUT ROWID;

  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL,
    file_id INTEGER NOT NULL REFERENCES files(id),
    key TEXT NOT NULL,
    vector_digest BLOB NOT NULL,
    text_digest BLOB NOT NULL,
    start_offset INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    symbol TEXT
  );
  CREATE UNIQUE INDEX chunks_by_key ON chunks(folder_id, key);
  CREATE INDEX chunks_by_file ON chunks(file_id);

  -- Names that a chunk defines, as they are written.
  CREATE TABLE definitions (
    folder_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    kind TEXT NOT NULL
  );
  CREATE INDEX definitions_by_name ON definitions(folder_id, name);
  CREATE INDEX definitions_by_chunk ON definitions(chunk_id);

  -- Changes that the collection has not confirmed. A row is deleted when the vector store has confirmed it.
  CREATE TABLE outbox (
    folder_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    op TEXT NOT NULL CHECK (op IN ('delete', 'upsert')),
    seq INTEGER NOT NULL,
    PRIMARY KEY (folder_id, key)
  ) WITHOUT ROWID;
`;

/** Version 2. */
const lexicalIndex = `
  -- Where terms occur. A row has one term's entries of up to 64 files, see lexical/postings.ts.
  CREATE TABLE postings (
    folder_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    part INTEGER NOT NULL,
    block INTEGER NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (folder_id, word, part, block)
  ) WITHOUT ROWID;

  -- For each file and part: the lengths of its fields, and its terms, so that its postings can be removed.
  CREATE TABLE file_words (
    file_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    folder_id INTEGER NOT NULL,
    first_chunk INTEGER NOT NULL,
    lengths BLOB NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (file_id, part)
  ) WITHOUT ROWID;
  CREATE INDEX file_words_by_folder ON file_words(folder_id, part);

  -- Usage lines: terms of the lines in one file that name a definition of another.
  CREATE TABLE uses (
    target_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (target_id, user_id)
  ) WITHOUT ROWID;
  CREATE INDEX uses_by_user ON uses(user_id);

  -- What is due for usage lines: 1, this file's lines have to be read; 2, those of other files have to be collected.
  ALTER TABLE files ADD COLUMN uses_due INTEGER NOT NULL DEFAULT 3;
  CREATE INDEX files_by_uses_due ON files(folder_id, uses_due);
  ALTER TABLE files ADD COLUMN comment_rows BLOB;
  -- The vector of the whole file, and the text that it is made from, until there is a vector.
  ALTER TABLE files ADD COLUMN vector_digest BLOB;
  ALTER TABLE files ADD COLUMN summary TEXT;

  DROP TABLE definitions;
  -- Names that a chunk defines, as they are written.
  CREATE TABLE definitions (
    folder_id INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    kind TEXT NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL
  );
  CREATE INDEX definitions_by_name ON definitions(folder_id, name);
  CREATE INDEX definitions_by_file ON definitions(file_id);
  CREATE INDEX definitions_by_chunk ON definitions(chunk_id);

  -- Every folder has to be read again. Vectors are kept by content, so the model is not needed.
  UPDATE folders SET chunker = '';
`;

/** Version 3: the names of the lexical index speak of terms. */
const terms = `
  ALTER TABLE postings RENAME COLUMN word TO term;
  ALTER TABLE file_words RENAME COLUMN words TO terms;
  ALTER TABLE file_words RENAME TO file_terms;
  DROP INDEX file_words_by_folder;
  CREATE INDEX file_terms_by_folder ON file_terms(folder_id, part);
  ALTER TABLE uses RENAME COLUMN words TO terms;
`;

/** Version 4: counts are kept by triggers, so that a status costs the same in a folder of any size. */
const counts = `
  -- 1 while there is no vector for the chunk's digest and its folder's model.
  ALTER TABLE chunks ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
  UPDATE chunks SET pending = 1 WHERE NOT EXISTS (
    SELECT 1 FROM folders JOIN vectors v ON v.model_id = folders.model_id
    WHERE folders.id = chunks.folder_id AND v.digest = chunks.vector_digest);
  CREATE INDEX chunks_pending ON chunks(vector_digest) WHERE pending = 1;

  -- The number of the file's chunks that are pending.
  ALTER TABLE files ADD COLUMN chunks_pending INTEGER NOT NULL DEFAULT 0;
  UPDATE files SET chunks_pending = (SELECT count(*) FROM chunks WHERE file_id = files.id AND pending = 1);

  CREATE TABLE folder_counts (
    folder_id INTEGER PRIMARY KEY,
    files INTEGER NOT NULL DEFAULT 0,
    files_pending INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    chunks_pending INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO folder_counts SELECT id,
    (SELECT count(*) FROM files WHERE folder_id = folders.id),
    (SELECT count(*) FROM files WHERE folder_id = folders.id AND chunks_pending > 0),
    (SELECT count(*) FROM chunks WHERE folder_id = folders.id),
    (SELECT count(*) FROM chunks WHERE folder_id = folders.id AND pending = 1) FROM folders;

  CREATE TRIGGER folder_added AFTER INSERT ON folders BEGIN
    INSERT INTO folder_counts (folder_id) VALUES (new.id);
  END;
  CREATE TRIGGER folder_removed AFTER DELETE ON folders BEGIN
    DELETE FROM folder_counts WHERE folder_id = old.id;
  END;
  CREATE TRIGGER file_added AFTER INSERT ON files BEGIN
    UPDATE folder_counts SET files = files + 1 WHERE folder_id = new.folder_id;
  END;
  CREATE TRIGGER file_removed AFTER DELETE ON files BEGIN
    UPDATE folder_counts SET files = files - 1, files_pending = files_pending - (old.chunks_pending > 0)
    WHERE folder_id = old.folder_id;
  END;
  CREATE TRIGGER file_pending AFTER UPDATE OF chunks_pending ON files
  WHEN (old.chunks_pending > 0) <> (new.chunks_pending > 0) BEGIN
    UPDATE folder_counts SET files_pending = files_pending + (new.chunks_pending > 0) - (old.chunks_pending > 0)
    WHERE folder_id = new.folder_id;
  END;
  CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
    UPDATE folder_counts SET chunks = chunks + 1, chunks_pending = chunks_pending + new.pending
    WHERE folder_id = new.folder_id;
    UPDATE files SET chunks_pending = chunks_pending + 1 WHERE id = new.file_id AND new.pending = 1;
  END;
  CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
    UPDATE folder_counts SET chunks = chunks - 1, chunks_pending = chunks_pending - old.pending
    WHERE folder_id = old.folder_id;
    UPDATE files SET chunks_pending = chunks_pending - 1 WHERE id = old.file_id AND old.pending = 1;
  END;
  CREATE TRIGGER chunk_pending AFTER UPDATE OF pending ON chunks WHEN old.pending <> new.pending BEGIN
    UPDATE folder_counts SET chunks_pending = chunks_pending + new.pending - old.pending
    WHERE folder_id = new.folder_id;
    UPDATE files SET chunks_pending = chunks_pending + new.pending - old.pending WHERE id = new.file_id;
  END;
`;

/** Version 5: rows of file_terms have ascending ids, so that a reader finds what has changed since it last looked. */
const changes = `
  CREATE TABLE changed_terms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    folder_id INTEGER NOT NULL,
    first_chunk INTEGER NOT NULL,
    lengths BLOB NOT NULL,
    terms TEXT NOT NULL,
    UNIQUE (file_id, part)
  );
  INSERT INTO changed_terms (file_id, part, folder_id, first_chunk, lengths, terms)
    SELECT file_id, part, folder_id, first_chunk, lengths, terms FROM file_terms;
  DROP TABLE file_terms;
  ALTER TABLE changed_terms RENAME TO file_terms;
  CREATE INDEX file_terms_by_folder ON file_terms(folder_id, part);
`;

/** Counts the files without a vector at the cost of these alone. */
const fileVectorsPending = `CREATE INDEX files_without_vector ON files(folder_id) WHERE summary IS NOT NULL`;

/** Version 7: vectors have a byte per component. */
function shortenVectors(db: Database.Database): void {
  const page = db.prepare(
    'SELECT rowid AS id, vector FROM vectors WHERE rowid > ? ORDER BY rowid LIMIT 1000',
  );
  const put = db.prepare('UPDATE vectors SET vector = ? WHERE rowid = ?');
  for (let after = 0; ;) {
    const rows = page.all([after]) as { id: number; vector: Uint8Array }[];
    for (const { id, vector } of rows) {
      // A copy, because a view of SQLite's buffer need not be aligned to four bytes.
      const bytes = new Uint8Array(vector);
      put.run([toInt8(new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))), id]);
      after = id;
    }
    if (rows.length === 0) return;
  }
}

/** Version 8: where each vector comes from, and stand-ins. */
const origins = `
  -- As \`originNumber\` says.
  ALTER TABLE vectors ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX vectors_offered ON vectors(model_id) WHERE origin = 1;

  -- Of a file that was moved or copied: digests whose vectors are used until its own are there.
  ALTER TABLE chunks ADD COLUMN stand_in BLOB;
  ALTER TABLE files ADD COLUMN stand_in BLOB;
  CREATE INDEX files_by_digest ON files(digest);
`;

/** Version 1 had an FTS5 table per folder. */
function dropWordTables(db: Database.Database): void {
  const tables = db
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE words%'`)
    .all([]) as { name: string }[];
  for (const { name } of tables) db.exec(`DROP TABLE ${name}`);
}

/** `migrations[n]` changes a catalog from version n to n + 1. */
const migrations: readonly ((db: Database.Database) => void)[] = [
  (db) => db.exec(initial),
  (db) => {
    dropWordTables(db);
    db.exec(lexicalIndex);
  },
  (db) => db.exec(terms),
  (db) => db.exec(counts),
  (db) => db.exec(changes),
  (db) => db.exec(fileVectorsPending),
  shortenVectors,
  (db) => db.exec(origins),
];

/** Brings the schema up to date in one transaction. Throws for a catalog of a newer build. */
export function migrate(db: Database.Database): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) throw new NewerCatalogError(version);
  if (version === SCHEMA_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(version)) step(db);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

export class NewerCatalogError extends Error {
  constructor(version: number) {
    super(`schema version ${version} is newer than ${SCHEMA_VERSION}`);
  }
}
