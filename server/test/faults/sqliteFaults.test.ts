import assert from 'node:assert/strict';
import { join } from 'node:path';
import Database from 'libsql';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import type { SearchResult } from '../../../shared/src/protocol/protocol.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { Searcher } from '../../src/search/searcher.js';
import { FolderAccess } from '../../src/service/folderAccess.js';
import { Refusals } from '../../src/service/refusals.js';
import { Groups } from '../../src/service/groups.js';
import { FaultPoints, spread, sqliteFault } from '../support/faultPoints.js';
import { tried } from '../../../shared/test/tally.js';
import { TestService } from '../support/testService.js';
import { bagOfWords } from '../support/testIndex.js';
import { roundsOr, seedOr } from '../../../shared/test/runLength.js';

/** Most calls of a scenario that fail, spread over all of them; `LANTERN_TEST_ROUNDS` raises it. */
const most = roundsOr(8);
const seed = seedOr(Date.now() % 1000);

const caller = { folders: (): string[] => [] };
const queries = ['river stone', 'ledger total', 'copper wire signal'];

const files = {
  'src/river.ts': 'export function river(stone: number): number {\n  return stone + 1;\n}\n',
  'src/ledger.ts': 'export function ledger(total: number): number {\n  return total * 2;\n}\n',
  'src/old.ts': 'export const copper = "wire";\n',
  'docs/signal.md': '# Signal\n\nThe copper wire carries the signal to the river.\n',
};
const edited = {
  'src/river.ts':
    'export function river(stone: number, water: number): number {\n  return stone + water;\n}\n',
  'src/fresh.ts': 'export function meadow(): string {\n  return "violet ledger";\n}\n',
};

interface Scenario {
  readonly name: string;
  /** What is done before, undisturbed. */
  readonly before: (test: TestService) => Promise<unknown>;
  /** What a fault disturbs. It can be repeated. */
  readonly act: (test: TestService) => Promise<unknown>;
}

const index = (test: TestService): Promise<unknown> =>
  test.service.index({ path: test.root }, () => undefined);
const searchAll = async (test: TestService, wait: boolean): Promise<SearchResult[]> => {
  const results: SearchResult[] = [];
  for (const query of queries)
    results.push(await test.service.search({ path: test.root, query, wait }, caller));
  return results;
};

const scenarios: readonly Scenario[] = [
  { name: 'the first index of a folder', before: () => Promise.resolve(), act: index },
  {
    name: 'an edit',
    before: async (test) => {
      await index(test);
      test.index.write(edited, 5);
      await test.index.remove('src/old.ts');
    },
    act: index,
  },
  {
    name: 'the rebuild of a lost collection',
    before: async (test) => {
      await index(test);
      test.index.store.collections.clear();
      test.index.folders.reattach(undefined);
    },
    act: index,
  },
  { name: 'a search', before: index, act: (test) => searchAll(test, false) },
  {
    name: 'the removal of an index',
    before: index,
    act: async (test) => {
      // The second time there may be nothing left to remove.
      await test.service.remove(test.root).catch((error: unknown) => {
        if (!(error instanceof LanternError) || error.code !== 'not-found') throw error;
      });
    },
  },
];

const faults = {
  'a disk that is full until the attempt ends': {
    fault: sqliteFault('SQLITE_FULL', 'database or disk is full', true),
    lasting: true,
  },
  'one error of the disk': {
    fault: sqliteFault('SQLITE_IOERR_READ', 'disk I/O error', true),
    lasting: false,
  },
  'one lock that is held': { fault: sqliteFault('SQLITE_BUSY', 'database is locked', false), lasting: false },
};

/** All of the catalog that does not depend on when and in which order things happened. */
function stored(home: string): unknown {
  const db = new Database(join(home, 'catalog.db'));
  try {
    const rows = (sql: string): unknown[] => db.prepare(sql).raw().all([]);
    return {
      files: rows('SELECT path, size, mtime_ms, digest, language FROM files ORDER BY path'),
      chunks: rows(
        'SELECT key, hex(vector_digest), hex(text_digest), start_offset, end_offset FROM chunks ORDER BY key',
      ),
      counts: rows('SELECT files, files_pending, chunks, chunks_pending FROM folder_counts'),
      outbox: rows('SELECT key FROM outbox'),
      check: rows('PRAGMA integrity_check'),
    };
  } finally {
    db.close();
  }
}

const shown = (results: readonly SearchResult[]): unknown =>
  results.map(({ hits }) =>
    hits.map(({ path, startLine, endLine, score }) => [path, startLine, endLine, score]),
  );

/** What a user and the next daemon see. */
async function endState(test: TestService): Promise<unknown> {
  const results = await searchAll(test, true);
  const { home } = test.index.files;
  const folder = (await test.index.folders.find(test.root))?.folder;
  assert.ok(folder !== undefined);
  assert.deepEqual(test.index.folders.status(folder).status, { kind: 'idle' });
  assert.deepEqual([test.index.jobs, test.index.embedder.leases], [[], 0], 'jobs or leases are left');
  const collection = test.index.store.ids(folder.indexer.folder.collection);
  assert.deepEqual(collection, test.index.keys(folder), 'the collection differs from the catalog');
  return { ...(stored(home) as object), hits: shown(results), reopened: await reopened(test) };
}

/** The hits of a process that has just opened the catalog: what is in memory was right, and what is on disk. */
async function reopened(test: TestService): Promise<unknown> {
  const catalog = new Catalog(test.index.files.home, nullLog);
  try {
    const row = catalog.folder(test.root);
    assert.ok(row !== undefined);
    const view = await test.index.folders.find(test.root);
    assert.ok(view !== undefined);
    const access = new FolderAccess({
      settings: test.settings,
      dataDir: test.index.files.home,
      catalog,
      folders: test.index.folders,
      refusals: new Refusals(join(test.index.files.home, 'refused.json'), nullLog),
      groups: new Groups(join(test.index.files.home, 'groups.json'), nullLog),
      log: nullLog,
    });
    const searcher = new Searcher(catalog);
    const found: unknown[] = [];
    for (const query of queries) {
      const vector = bagOfWords(query, test.index.embedder.dimensions);
      const target = { ...access.target(view, vector, 1000, () => undefined), folder: row };
      found.push(
        (await searcher.search([target], { query, limit: 10, mode: 'hybrid' })).map(({ path, score }) => [
          path,
          score,
        ]),
      );
    }
    return found;
  } finally {
    catalog.dispose();
  }
}

describe('a failing call of SQLite', function () {
  this.timeout(600_000);
  this.slow(30_000);
  let points: FaultPoints;

  before(() => {
    points = new FaultPoints();
    points.openSqlite();
  });
  after(() => points.dispose());

  async function run(scenario: Scenario, disturb: (test: TestService) => Promise<void>): Promise<unknown> {
    const test = new TestService(files);
    try {
      await scenario.before(test);
      await disturb(test);
      await scenario.act(test);
      if (scenario.name.includes('removal')) await index(test);
      return await endState(test);
    } finally {
      points.disarm();
      await test.dispose();
    }
  }

  for (const scenario of scenarios) {
    it(`during ${scenario.name} is reported or made good, and the next attempt gives the undisturbed result`, async () => {
      let total = 0;
      const undisturbed = await run(scenario, async (test) => {
        points.count();
        await scenario.act(test);
        total = points.disarm();
      });
      assert.ok(total > 10, `${total} calls`);

      for (const [kind, { fault, lasting }] of Object.entries(faults)) {
        for (const n of spread(total, most, seed)) {
          let what = '';
          const state = await run(scenario, async (test) => {
            points.arm(n, fault, lasting);
            try {
              await scenario.act(test);
            } catch (error) {
              assert.ok(errorMessage(error).length > 0);
              assert.doesNotMatch(errorMessage(error), /transaction is active|within a transaction/);
            }
            what = points.calls[n - 1] ?? '';
            points.disarm();
          }).catch((error: unknown) => {
            throw new Error(`${kind} at call ${n} of ${total} (${what}): ${errorMessage(error)}`, {
              cause: error,
            });
          });
          assert.deepEqual(state, undisturbed, `${kind} at call ${n} of ${total} (${what})`);
          tried('faults');
        }
      }
    });
  }
});
