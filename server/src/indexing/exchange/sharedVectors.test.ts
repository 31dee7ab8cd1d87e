import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexProgress, IndexReport } from '../../../../shared/src/protocol/protocol.js';
import { until } from '../../../test/support/chromaTestServer.js';
import { Gate } from '../../../test/support/testGate.js';
import { TestIndex } from '../../../test/support/testIndex.js';
import { recordingLog } from '../../../test/support/testLog.js';
import { SourceTexts } from '../../source/sourceTexts.js';
import type { NewVector } from '../../catalog/catalog.js';
import { WrongVectorsError } from '../../vectors/vectorStore.js';
import { localWriter } from '../indexWriter.js';
import type { Folder } from '../folders.js';
import { type SharedVectorSource, SharedVectors } from './sharedVectors.js';
import { WantedVectors } from './wantedVectors.js';

/** What a team shares, and the faults of its server. */
class TestSource implements SharedVectorSource {
  readonly vectors = new Map<string, Float32Array>();
  /** Digests asked for, by request. */
  readonly asked: number[] = [];
  fault: (() => void) | undefined;

  get(digests: readonly Uint8Array[]): Promise<NewVector[]> {
    this.asked.push(digests.length);
    return Promise.resolve().then(() => {
      this.fault?.();
      return digests.flatMap((digest) => {
        const vector = this.vectors.get(hex(digest));
        return vector === undefined ? [] : [{ digest, vector }];
      });
    });
  }

  put(vectors: readonly NewVector[]): Promise<void> {
    return Promise.resolve().then(() => {
      this.fault?.();
      for (const { digest, vector } of vectors) this.vectors.set(hex(digest), vector);
    });
  }
}

const hex = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');
const url = 'http://vectors.example:8000';

/** One who takes part, with a folder, a catalog and a model of their own. */
class Member {
  readonly index: TestIndex;
  readonly log = recordingLog();
  /** How often this was logged. */
  readonly logged = (name: string): number =>
    this.log.events('warn', 'error').filter(({ event }) => event === name).length;
  shared: SharedVectors;
  folder!: Folder;
  readonly #source: SharedVectorSource;
  readonly #mayGive: boolean;

  constructor(source: SharedVectorSource, mayGive: boolean, files: Readonly<Record<string, string>>) {
    this.#source = source;
    this.#mayGive = mayGive;
    this.index = new TestIndex(files);
    this.shared = this.begin();
  }

  /** As at a start of the daemon. */
  begin(at = url): SharedVectors {
    const { catalog, files } = this.index;
    const writer = localWriter(catalog);
    this.shared = new SharedVectors({
      source: this.#source,
      url: at,
      mayGive: this.#mayGive,
      file: join(files.home, 'shared-vectors.json'),
      catalog,
      writer,
      log: this.log.log,
      retryMs: 60_000,
    });
    this.index.shared = this.shared;
    this.index.folders = this.index.makeFolders();
    this.shared.onDidForget((ids) => this.index.folders.renewed(ids));
    return this.shared;
  }

  async refresh(): Promise<IndexReport> {
    this.folder = await this.index.open();
    const report = await this.index.folders.refresh(this.folder);
    // What is to be given is given behind the job.
    await this.shared.give(this.folder.indexer.folder);
    return report;
  }

  /** Texts that the model has embedded since the last call. */
  embedded(): number {
    const { embedded, summaries } = this.index.embedder;
    return embedded.splice(0).length + summaries.splice(0).length;
  }

  async dispose(): Promise<void> {
    await this.index.dispose();
  }
}

const files = (count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`part${n}.ts`, `export const river${n} = ${n};\n`]),
  );

describe('SharedVectors', function () {
  this.timeout(20_000);
  let source: TestSource;
  let members: Member[];

  const member = (mayGive: boolean, of = files(20)): Member => {
    const made = new Member(source, mayGive, of);
    members.push(made);
    return made;
  };

  beforeEach(() => {
    source = new TestSource();
    members = [];
  });
  afterEach(async () => {
    for (const one of members) await one.dispose();
  });

  it('spare the second the model, but for a sample', async () => {
    const first = member(true);
    assert.equal((await first.refresh()).vectorsShared, 0);
    assert.equal(first.embedded(), 40);
    assert.equal(source.vectors.size, 40);
    const second = member(false);
    const progress: IndexProgress[] = [];
    (await second.index.open()).progress.on((event) => progress.push(event));
    const report = await second.refresh();
    assert.deepEqual([report.vectorsShared, report.chunksEmbedded, report.sharedProblem], [40, 0, undefined]);
    assert.equal(second.embedded(), 8);
    assert.deepEqual(
      progress.filter(({ kind }) => kind === 'vectors').map((event) => ('done' in event ? event.done : 0)),
      [40],
    );
    const { status } = second.index.folders.status(second.folder);
    assert.deepEqual(status, { kind: 'idle' });
    assert.deepEqual(second.shared.status(), { kind: 'used', url, taken: 40, given: 0 });
    // What was taken is not given on.
    const third = member(true);
    await third.refresh();
    assert.deepEqual(third.shared.status(), { kind: 'used', url, taken: 40, given: 0 });
  });

  it('are asked once for what they do not have, and get only what was made here', async () => {
    const first = member(true);
    await first.refresh();
    const second = member(true, { ...files(20), 'own.ts': 'export const copper = 1;\n' });
    source.asked.length = 0;
    const report = await second.refresh();
    assert.deepEqual([report.vectorsShared, report.chunksEmbedded], [40, 1]);
    assert.deepEqual(source.asked, [42]);
    assert.equal(source.vectors.size, 42);
    assert.deepEqual(second.shared.status(), { kind: 'used', url, taken: 40, given: 2 });
  });

  it('get nothing of who may only read', async () => {
    const first = member(false);
    await first.refresh();
    assert.equal(source.vectors.size, 0);
  });

  it('get what was made before somebody began to share, once, and again at another address', async () => {
    const first = member(true);
    first.index.shared = undefined;
    first.index.folders = first.index.makeFolders();
    await first.index.folders.refresh(await first.index.open());
    assert.equal(source.vectors.size, 0);
    first.begin();
    await first.refresh();
    assert.equal(source.vectors.size, 40);
    source.vectors.clear();
    first.begin();
    await first.refresh();
    assert.equal(source.vectors.size, 0);
    first.begin('http://other.example:8000');
    await first.refresh();
    assert.equal(source.vectors.size, 40);
  });

  it('that do not answer are said once, left alone for a while, and got what they missed later', async () => {
    const first = member(true);
    source.fault = () => {
      throw new Error('connect ECONNREFUSED');
    };
    const report = await first.refresh();
    assert.match(report.sharedProblem ?? '', /ECONNREFUSED/);
    assert.deepEqual([report.vectorsShared, first.embedded()], [0, 40]);
    await first.refresh();
    assert.equal(source.asked.length, 1);
    assert.equal(first.logged('shared.away'), 1);
    assert.equal(first.shared.status().kind, 'away');
    source.fault = undefined;
    first.begin();
    await first.refresh();
    assert.deepEqual([source.vectors.size, first.shared.status().kind], [40, 'used']);
  });

  it('that end half-way leave the rest to the model', async () => {
    await member(true, files(400)).refresh();
    assert.equal(source.vectors.size, 800);
    const second = member(false, files(400));
    source.fault = () => {
      if (source.asked.length > 1) throw new Error('socket hang up');
    };
    source.asked.length = 0;
    const report = await second.refresh();
    assert.equal(report.vectorsShared, 500, report.sharedProblem);
    assert.match(report.sharedProblem ?? '', /hang up/);
    const { status, filesPending, chunksPending } = second.index.folders.status(second.folder);
    assert.deepEqual([status.kind, filesPending, chunksPending], ['idle', 0, 0]);
    // The sample of a page, and what was not taken.
    assert.equal(second.embedded(), 8 + 300);
  });

  for (const [what, spoil] of [
    ['wrong', () => undefined],
    ['no vectors', () => new WrongVectorsError('it has what is no vector')],
  ] as const) {
    it(`that are ${what} are used no more, and all that came from them is made here`, async () => {
      await member(true, files(700)).refresh();
      const right = new Map(source.vectors);
      const second = member(false, files(700));
      const keys = [...source.vectors.keys()];
      const fault = spoil();
      // Right at first: two pages are taken before the fault is met.
      source.fault = () => {
        if (source.asked.length < 3) return;
        if (fault !== undefined) throw fault;
        for (const [i, key] of keys.entries()) {
          const other = right.get(keys[(i + 1) % keys.length]!)!;
          source.vectors.set(
            key,
            other.map((value) => -value),
          );
        }
      };
      source.asked.length = 0;
      const report = await second.refresh();
      assert.match(report.sharedProblem ?? '', /used no more/);
      assert.equal(second.logged('shared.refused'), 1);
      await until('all vectors are made here', () => {
        const { chunksPending, filesPending, status } = second.index.folders.status(second.folder);
        return status.kind === 'idle' && chunksPending === 0 && filesPending === 0;
      });
      const { catalog } = second.index;
      const row = catalog.folder(second.index.root)!;
      const digests = catalog.vectors.digests(row);
      assert.equal(digests.length, 1400);
      for (const { digest } of digests) {
        const [own, theirs] = [catalog.vectors.get(row, digest), right.get(hex(digest))];
        assert.deepEqual(own, theirs);
      }
      assert.deepEqual(second.index.store.ids(row.collection), second.index.keys(second.folder));
      // Also after a start, and until there is another address.
      source.asked.length = 0;
      assert.equal(second.begin().status().kind, 'refused');
      await second.refresh();
      assert.deepEqual(source.asked, []);
      assert.ok(existsSync(join(second.index.files.home, 'shared-vectors.json')));
      assert.equal(second.begin('http://other.example:8000').status().kind, 'used');
    });
  }

  it('are not taken by a job that was waiting for them when another refused them', async () => {
    await member(true).refresh();
    const second = member(false);
    const folder = await second.index.open();
    await second.index.folders.scan(folder);
    const { catalog, embedder } = second.index;
    const row = folder.indexer.folder;
    const job = () => ({
      catalog,
      folder: row,
      embedder,
      texts: new SourceTexts(folder.path, { maxFileBytes: 100_000 }),
      wanted: new WantedVectors(catalog, row),
      onProgress: () => undefined,
    });
    const { signal } = new AbortController();
    const gate = new Gate();
    const get = source.get.bind(source);
    source.get = async (digests) => {
      const found = await get(digests);
      await gate.pass();
      return found;
    };
    const waiting = second.shared.take(job(), signal);
    await gate.reached;
    source.get = () => Promise.reject(new WrongVectorsError('it has what is no vector'));
    assert.equal(await second.shared.take(job(), signal), 0);
    assert.equal(second.shared.status().kind, 'refused');
    gate.open();
    assert.equal(await waiting, 0);
    assert.equal(catalog.countVectors(row), 0);
  });

  it('leave a large new collection to be filled behind the job, which is complete without it', async () => {
    await member(true, files(600)).refresh();
    const second = member(false, files(600));
    const report = await second.refresh();
    assert.deepEqual([report.vectorsShared, report.chunksEmbedded, report.chunksReused], [1200, 0, 600]);
    const row = second.index.catalog.folder(second.index.root)!;
    assert.ok(row.indexedAt !== null);
    await until('the collection is full', () => second.index.store.ids(row.collection).length === 600);
  });
});
