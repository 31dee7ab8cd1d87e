import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { SCHEMA_VERSION } from '../../src/catalog/schema.js';
import type { UseRequest, UseResult } from '../support/catalogUser.js';
import { tried } from '../../../shared/test/tally.js';
import { TestService } from '../support/testService.js';
import { roundsOr, seedOr } from '../../../shared/test/runLength.js';
import { randomNumbers } from '../support/randomNumbers.js';

/** Damaged pages of each kind; `LANTERN_TEST_ROUNDS` raises it. */
const rounds = roundsOr(2);
const seed = seedOr(Date.now() % 100_000);

const words = ['river', 'ledger', 'violet', 'harbor', 'copper', 'meadow', 'signal'];
const word = (n: number): string => words[n % words.length] ?? '';
const files = Object.fromEntries(
  Array.from({ length: 60 }, (_, n) => {
    const body = Array.from({ length: 30 }, (_, i) => `  ${word(n * i)}${i}(${word(i)}, total${n});`).join(
      '\n',
    );
    return [
      `src/${word(n)}${n}.ts`,
      `export function ${word(n)}${n}(total${n}: number): void {\n${body}\n}\n`,
    ];
  }),
);
const queries = ['river ledger', 'copper signal total7', 'harbor12'];

/** SQLite's kinds of pages, by their first byte; a page of another kind is an overflow or a free page. */
const kinds: Readonly<Record<number, string>> = {
  2: 'interior of an index',
  5: 'interior of a table',
  10: 'leaf of an index',
  13: 'leaf of a table',
};

/** Numbers of the pages of each kind, from 0. */
function pagesByKind(bytes: Buffer): Map<string, number[]> {
  const size = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  const pages = new Map<string, number[]>([['the first page', [0]]]);
  for (let page = 1; page * size < bytes.length; page++) {
    const kind = kinds[bytes[page * size] ?? 0] ?? 'overflow or free';
    pages.set(kind, [...(pages.get(kind) ?? []), page]);
  }
  return pages;
}

describe('a damaged catalog', function () {
  this.timeout(1_200_000);
  this.slow(30_000);
  const random = randomNumbers(seed);
  let test: TestService;
  let user: ChildProcess | undefined;
  let catalog: string;
  let sound: Buffer;
  let undisturbed: unknown;

  const aside = (): string[] =>
    readdirSync(test.index.files.home).filter((name) => name.startsWith('catalog.db.damaged-'));

  before(async () => {
    test = new TestService(files);
    catalog = join(test.index.files.home, 'catalog.db');
    await test.index.close();
    undisturbed = await used('the sound one');
    sound = readFileSync(catalog);
  });
  after(() => {
    user?.kill();
    test.index.files.dispose();
  });

  /** Puts the sound catalog back, changed by `damage`. `silently`: the mark of a clean end says that it is as it was. */
  function damaged(damage: () => void, silently = false): void {
    for (const name of aside()) rmSync(join(test.index.files.home, name), { recursive: true });
    for (const end of ['', '-wal', '-shm', '.closed', '.unsound'])
      rmSync(catalog + end, { recursive: true, force: true });
    writeFileSync(catalog, sound);
    damage();
    if (!silently) return;
    const { size, mtimeNs } = statSync(catalog, { bigint: true });
    writeFileSync(`${catalog}.closed`, `${size} ${mtimeNs}\n`);
  }

  /** What a daemon that is started on the catalog makes of it. */
  async function attempt(): Promise<UseResult> {
    user ??= fork(fileURLToPath(new URL('../support/catalogUser.js', import.meta.url)), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const child = user;
    return new Promise<UseResult>((resolve) => {
      const ended = (_: unknown, signal: unknown): void => {
        user = undefined;
        resolve({ code: 'ended', message: String(signal) });
      };
      child.once('exit', ended);
      child.once('message', (result: UseResult) => {
        child.off('exit', ended);
        resolve(result);
      });
      child.send({ top: test.index.files.top, queries } satisfies UseRequest);
    });
  }

  /** What a user sees who indexes and searches; after an error that says so, or a crash, once more with another daemon. */
  async function used(what: string): Promise<unknown> {
    for (let attempts = 0; ; attempts++) {
      const result = await attempt();
      if (result.code === undefined) return result.state;
      assert.ok(/^(catalog-damaged|ended)$/.test(result.code), `${what}: ${result.code} ${result.message}`);
      assert.ok(attempts < 2, `${what}: it stays damaged: ${result.message}`);
    }
  }

  for (const silently of [false, true]) {
    it(`with a flipped bit in every kind of page is noticed or harmless${silently ? ', also when it looks untouched' : ''} (seed ${seed})`, async () => {
      const pages = pagesByKind(sound);
      assert.ok(pages.size >= 5, [...pages.keys()].join());
      const size = sound.readUInt16BE(16);
      const noticed = new Map<string, number>();
      for (const [kind, numbers] of pages) {
        for (let round = 0; round < rounds; round++) {
          const page = numbers[Math.floor(random() * numbers.length)] ?? 0;
          let at = page * size + Math.floor(random() * (round % 2 === 0 ? size : 64));
          // Another version of the schema is a case of its own, below.
          if (at >= 60 && at < 64) at = 100;
          const bit = 1 << Math.floor(random() * 8);
          const bytes = Buffer.from(sound);
          bytes[at] = (bytes[at] ?? 0) ^ bit;
          const what = `bit ${bit} of byte ${at} (${kind})`;
          damaged(() => writeFileSync(catalog, bytes), silently);
          const state = await used(what);
          if (aside().length > 0) {
            noticed.set(kind, (noticed.get(kind) ?? 0) + 1);
            assert.deepEqual(state, undisturbed, what);
          }
          tried('faults');
        }
      }

      if (!silently) assert.ok(noticed.size > 0);
    });
  }

  it('that is truncated, empty, a directory, or of another program is set aside and made again', async () => {
    const cases: Record<string, () => void> = {
      'half of it': () => writeFileSync(catalog, sound.subarray(0, sound.length / 2)),
      'half of a page': () => writeFileSync(catalog, sound.subarray(0, 2000)),
      'its first 16 bytes': () => writeFileSync(catalog, sound.subarray(0, 16)),
      'nothing at all': () => writeFileSync(catalog, ''),
      'zeros in place of it': () => writeFileSync(catalog, Buffer.alloc(sound.length)),
      'a file of another kind': () => writeFileSync(catalog, 'PK\u0003\u0004'.repeat(1000)),
      'a directory': () => {
        rmSync(catalog);
        mkdirSync(catalog);
        writeFileSync(join(catalog, 'precious'), 'x');
      },
      'a database of another program': () => {
        rmSync(catalog);
        const db = new Database(catalog);
        db.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
        db.close();
      },
      'a write-ahead log of another file': () => {
        copyFileSync(catalog, `${catalog}-wal`);
      },
    };
    for (const [what, damage] of Object.entries(cases)) {
      damaged(damage);
      assert.deepEqual(await used(what), undisturbed, what);
      const isKept = aside().length > 0 || /nothing|log/.test(what);
      assert.ok(isKept, `${what} was not set aside`);
      tried('faults');
    }
  });

  it('of a newer Lantern is refused with the way out, and stays as it is', async () => {
    const version = `PRAGMA user_version = ${SCHEMA_VERSION + 1}`;
    const makeNewer = (): void => {
      const db = new Database(catalog);
      db.exec(version);
      db.close();
    };
    damaged(makeNewer);
    const result = await attempt();
    assert.equal(result.code, 'incompatible');
    assert.match(result.message, /Update this one/);
    assert.deepEqual(aside(), []);
    const db = new Database(catalog);
    assert.deepEqual(db.prepare('SELECT count(*) AS n FROM folders').raw().get([]), [1]);
    db.close();
    damaged(() => undefined);
    assert.deepEqual(await used('the sound one'), undisturbed);
    tried('faults');
  });
});
