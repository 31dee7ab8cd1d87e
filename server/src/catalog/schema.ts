import type Database from 'libsql';

/** Raised with every change of the schema, together with a step in `migrations`. */
export const SCHEMA_VERSION = 2;

const initial = `
  CREATE TABLE models (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);

  -- A vector by what it was made from; chunks of any folder refer to it by digest.
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

  -- Files that were read and turned down for what is in them, so that they are not read again while they stay the same.
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

  -- What the collection has still to be told. A row goes when the vector store has confirmed it.
  CREATE TABLE outbox (
    folder_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    op TEXT NOT NULL CHECK (op IN ('delete', 'upsert')),
    seq INTEGER NOT NULL,
    PRIMARY KEY (folder_id, key)
  ) WITHOUT ROWID;
`;

const words = `
  -- Where words stand: a row has one word's entries of up to 64 files, see postings.ts.
  CREATE TABLE postings (
    folder_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    part INTEGER NOT NULL,
    block INTEGER NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (folder_id, word, part, block)
  ) WITHOUT ROWID;

  -- Of each file and part: the lengths of its fields, and its words, so that its postings can be taken back.
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

  -- Words of the lines in one file that name what another one defines.
  CREATE TABLE uses (
    target_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (target_id, user_id)
  ) WITHOUT ROWID;
  CREATE INDEX uses_by_user ON uses(user_id);

  -- What is still to be done for uses: 1, this file's lines are to be read; 2, what others say of it is to be gathered.
  ALTER TABLE files ADD COLUMN uses_due INTEGER NOT NULL DEFAULT 3;
  CREATE INDEX files_by_uses_due ON files(folder_id, uses_due);
  ALTER TABLE files ADD COLUMN comment_rows BLOB;
  -- The vector of the whole file, and the text it is made from until it is there.
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

  -- What is indexed has to be read again; vectors stay by content, so that the model is not needed.
  UPDATE folders SET chunker = '';
`;

/** Version 1 had an FTS5 table per folder. */
function dropWordTables(db: Database.Database): void {
  const tables = db
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE words%'`)
    .all([]) as { name: string }[];
  for (const { name } of tables) db.exec(`DROP TABLE ${name}`);
}

/** `migrations[n]` takes a catalog from version n to n + 1. */
const migrations: readonly ((db: Database.Database) => void)[] = [
  (db) => db.exec(initial),
  (db) => {
    dropWordTables(db);
    db.exec(words);
  },
];

/** Brings the schema up to date in one transaction; a catalog from a newer build is refused. */
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
