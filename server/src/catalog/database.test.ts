import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { LanternError } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { nullLog } from '../../../shared/src/log.js';
import { type Sql, openDatabase } from './database.js';
import { SCHEMA_VERSION } from './schema.js';

describe('openDatabase', () => {
  let dir: string;
  let file: string;
  let opened: Sql[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lantern-db-'));
    file = join(dir, 'catalog.db');
    opened = [];
  });

  afterEach(() => {
    for (const sql of opened) sql.close();
    rmSync(dir, { recursive: true });
  });

  function open(log: Log = nullLog): { sql: Sql; setAside?: string } {
    const result = openDatabase(file, log);
    opened.push(result.sql);
    return result;
  }

  function close(sql: Sql): void {
    opened = opened.filter((one) => one !== sql);
    sql.close();
  }

  const addModels = (sql: Sql, count: number): void =>
    sql.transaction(() => {
      for (let i = 0; i < count; i++)
        sql.run('INSERT INTO models (key) VALUES (?)', `model ${i} ${'x'.repeat(200)}`);
    });
  const models = (sql: Sql): number => sql.get<{ n: number }>('SELECT count(*) AS n FROM models')?.n ?? -1;

  const failure = (run: () => unknown): LanternError => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof LanternError, String(error));
      return error;
    }
    return assert.fail('must throw');
  };

  it('makes the folder and the schema, for nobody else to read', () => {
    file = join(dir, 'new', 'deep', 'catalog.db');
    const { sql, setAside } = open();
    assert.equal(setAside, undefined);
    assert.equal(sql.get<{ user_version: number }>('PRAGMA user_version')?.user_version, SCHEMA_VERSION);
    assert.equal(sql.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode, 'wal');
    if (process.platform !== 'win32') assert.equal(statSync(join(dir, 'new')).mode & 0o077, 0);
  });

  it('keeps everything over a restart', () => {
    const { sql } = open();
    addModels(sql, 50);
    close(sql);
    const again = open();
    assert.equal(again.setAside, undefined);
    assert.equal(models(again.sql), 50);
  });

  it('checks every page, but for a file that is as it was when it was closed', () => {
    const checks: string[] = [];
    const log: Log = { write: (_level, event) => void checks.push(event) };
    const { sql } = open(log);
    addModels(sql, 50);
    close(sql);
    close(open(log).sql);
    assert.deepEqual(checks, ['catalog.check']);
    const { sql: again } = open(log);
    assert.equal(models(again), 50);
    // As a killed process leaves it: open, so with no mark.
    const left = join(dir, 'left.db');
    for (const end of ['', '-wal']) copyFileSync(file + end, left + end);
    file = left;
    const { sql: third } = open(log);
    assert.deepEqual(checks, ['catalog.check', 'catalog.check']);
    close(third);
    utimesSync(file, new Date(), new Date(0));
    open(log);
    assert.equal(checks.length, 3);
  });

  it('keeps what was committed, and only that, when the process is killed', () => {
    const killed = open().sql;
    addModels(killed, 5);
    killed.exec('BEGIN IMMEDIATE');
    killed.run("INSERT INTO models (key) VALUES ('half done')");
    // What a killed process leaves behind, in another place.
    const left = join(dir, 'left.db');
    for (const end of ['', '-wal']) copyFileSync(file + end, left + end);
    killed.exec('ROLLBACK');
    file = left;
    const { sql, setAside } = open();
    assert.equal(setAside, undefined);
    assert.equal(models(sql), 5);
  });

  describe('with a damaged file', () => {
    function assertSetAside(): Sql {
      const written: string[] = [];
      const { sql, setAside } = open({ write: (level, event) => void written.push(`${level} ${event}`) });
      assert.ok(
        setAside?.startsWith(`${file}.damaged-`) === true && existsSync(setAside),
        'the old file is kept',
      );
      assert.deepEqual(written, ['error catalog.damaged', 'info catalog.check']);
      assert.equal(models(sql), 0);
      addModels(sql, 1);
      return sql;
    }

    it('sets aside a file that is not a database', () => {
      const text = 'This is a letter to a friend and not a database. '.repeat(200);
      writeFileSync(file, text);
      assertSetAside();
      const kept = readdirSync(dir).find((name) => name.includes('damaged') && !/-(?:wal|shm)$/.test(name));
      assert.equal(statSync(join(dir, kept ?? '')).size, text.length);
    });

    /** Puts a sound catalog of about 150 pages in place; a copy, because libsql closes files late. */
    function placeCatalog(): void {
      const elsewhere = join(dir, 'original.db');
      const { sql } = openDatabase(elsewhere, nullLog);
      addModels(sql, 2000);
      sql.close();
      copyFileSync(elsewhere, file);
      assert.ok(statSync(file).size > 100 * 4096);
    }

    function breakPages(from: number, to: number): void {
      const handle = openSync(file, 'r+');
      for (let at = from; at < to; at++) writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, at * 4096);
      closeSync(handle);
    }

    it('sets aside one with broken pages in the middle', () => {
      placeCatalog();
      breakPages(50, 60);
      assertSetAside();
    });

    it('sets aside one whose schema is broken', () => {
      placeCatalog();
      const handle = openSync(file, 'r+');
      writeSync(handle, Buffer.alloc(3900, 0xa5), 0, 3900, 100);
      closeSync(handle);
      assertSetAside();
    });

    it('sets aside a truncated file', () => {
      placeCatalog();
      truncateSync(file, 60 * 4096);
      assertSetAside();
    });

    it('can be set aside twice', () => {
      for (let time = 0; time < 2; time++) {
        writeFileSync(file, 'x'.repeat(5000));
        for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
        close(assertSetAside());
      }
    });

    it('treats an empty file as a new catalog', () => {
      writeFileSync(file, '');
      assert.equal(open().setAside, undefined);
    });

    it('says so when damage shows later', () => {
      placeCatalog();
      const { sql } = open();
      sql.get('PRAGMA shrink_memory');
      breakPages(3, 100);
      const error = failure(() => sql.all('SELECT key FROM models NOT INDEXED'));
      assert.equal(error.code, 'catalog-damaged');
      assert.match(error.message, /catalog\.db is damaged .*lantern stop/);
      close(sql);
      assertSetAside();
    });
  });

  it('rejects a catalog of a newer build, and leaves it as it is', () => {
    close(open().sql);
    const db = new Database(file);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const error = failure(open);
    assert.equal(error.code, 'incompatible');
    assert.match(error.message, /newer Lantern .*Update this one, set LANTERN_HOME/);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes('damaged')),
      [],
    );
  });

  it('says what to check when the file cannot be opened', () => {
    symlinkSync(join(dir, 'nowhere', 'catalog.db'), file);
    const error = failure(open);
    assert.equal(error.code, 'store-failed');
    assert.match(error.message, /catalog\.db could not be opened: .*Check that the folder can be written to/);
  });

  it('sets aside a file whose schema is not what its version says', () => {
    const { sql } = open();
    addModels(sql, 5);
    sql.exec('PRAGMA user_version = 2');
    close(sql);
    const again = open();
    assert.ok(again.setAside !== undefined);
    const kept = new Database(again.setAside);
    assert.deepEqual(kept.prepare('SELECT count(*) FROM models').raw().get([]), [5]);
    // No step of the failed migration was kept.
    assert.deepEqual(kept.prepare('PRAGMA user_version').raw().get([]), [2]);
    kept.close();
    assert.equal(models(again.sql), 0);
  });

  describe('transactions', () => {
    it('keep all of it or nothing', () => {
      const { sql } = open();
      assert.throws(
        () =>
          sql.transaction(() => {
            addRow('one');
            addRow('two');
            throw new Error('changed my mind');
          }),
        /changed my mind/,
      );
      assert.equal(models(sql), 0);
      assert.equal(
        sql.transaction(() => {
          addRow('three');
          return 'result';
        }),
        'result',
      );
      assert.equal(models(sql), 1);

      function addRow(key: string): void {
        sql.run('INSERT INTO models (key) VALUES (?)', key);
      }
    });

    it('roll back a statement that breaks a rule, with its own error', () => {
      const { sql } = open();
      addModels(sql, 1);
      const duplicate = (): void =>
        sql.transaction(() => {
          sql.run("INSERT INTO models (key) VALUES ('fresh')");
          sql.run('INSERT INTO models (key) SELECT key FROM models');
        });
      assert.throws(duplicate, (error: unknown) => {
        assert.match(String(error), /UNIQUE constraint failed/);
        return !(error instanceof LanternError);
      });
      assert.equal(models(sql), 1);
      addModels(sql, 0);
    });

    it('lose nothing that was kept when the disk is full', () => {
      const { sql } = open();
      addModels(sql, 10);
      sql.get('PRAGMA wal_checkpoint(TRUNCATE)');
      const { page_count: pages } = sql.get<{ page_count: number }>('PRAGMA page_count') ?? { page_count: 0 };
      sql.get(`PRAGMA max_page_count = ${pages}`);
      const error = failure(() =>
        sql.transaction(() => {
          for (let i = 0; i < 2000; i++)
            sql.run('INSERT INTO models (key) VALUES (?)', `${i} ${'x'.repeat(500)}`);
        }),
      );
      assert.equal(error.code, 'disk-full');
      assert.match(error.message, /catalog\.db could not be written .*Free some disk space/);
      assert.equal(models(sql), 10);
      sql.get('PRAGMA max_page_count = 1000000');
      sql.run("INSERT INTO models (key) VALUES ('there is room again')");
      assert.equal(models(sql), 11);
    });
  });

  it('reads many rows one by one, also while the same statement is used again', () => {
    const { sql } = open();
    addModels(sql, 500);
    const query = 'SELECT id FROM models ORDER BY id';
    let count = 0;
    for (const { id } of sql.iterate<{ id: number }>(query)) {
      count++;
      if (count % 100 === 0) assert.equal(sql.all(query).length, 500);
      assert.equal(id, count);
    }
    assert.equal(count, 500);
  });

  it('gives rows as they are selected', () => {
    const { sql } = open();
    assert.deepEqual(sql.get('SELECT 1 AS one, NULL AS none'), { one: 1, none: null });
    assert.equal(sql.get('SELECT 1 WHERE 0'), undefined);
  });

  it('can drop a table whose rows were not all read', () => {
    const { sql } = open();
    addModels(sql, 500);
    sql.exec('CREATE TABLE numbers AS SELECT id FROM models');
    const rows = sql.iterate('SELECT id FROM numbers');
    rows.next();
    rows.return();
    sql.exec('DROP TABLE numbers');
  });
});
