import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { LanternError } from '../../../shared/src/errors.js';
import type { ChromaLauncher } from './chroma/chromaLauncher.js';
import { findLaunchers } from './chroma/chromaLauncher.js';
import {
  block,
  ChromaTestBed,
  clusteredVectors,
  records,
  spec,
  until,
} from '../../test/support/chromaTestServer.js';
import { ExactStore } from './exactStore.js';
import { FallbackStore } from './fallbackStore.js';

describe('FallbackStore', function () {
  this.timeout(40_000);
  const all = records(clusteredVectors(60, 8, 9));
  let bed: ChromaTestBed;
  let scans: number;
  beforeEach(() => {
    bed = new ChromaTestBed();
    scans = 0;
  });
  afterEach(() => bed.dispose());

  const exact = new ExactStore({
    blocks: () => {
      scans++;
      return [block(all)];
    },
    count: () => all.length,
  });

  it('answers by exact scan without Chroma, takes no writes, and asks to be opened again when Chroma is there', async () => {
    const launchers: ChromaLauncher[] = [];
    const server = bed.server(await bed.folder(), { launchers, coolOffMs: 0 });
    const store = new FallbackStore(bed.store(server), exact, bed.log);
    const statuses: string[] = [];
    store.onDidChangeStatus(({ kind }) => statuses.push(kind));
    const reopened: (string | undefined)[] = [];
    store.onShouldReopen((name) => reopened.push(name));

    const { collection, created } = await store.open(spec('one', 8));
    assert.equal(created, false);
    assert.equal((await collection.query(all[7]!.vector, 3))[0]?.id, 'c7');
    const status = store.status();
    assert.ok(
      status.kind === 'fallback' && status.reason.includes('No Chroma server can be started'),
      status.kind,
    );
    for (const refused of [collection.upsert(all), collection.delete(['c1']), collection.count()]) {
      await assert.rejects(refused, (error: LanternError) => error.code === 'store-failed');
    }

    launchers.push(...findLaunchers());
    await server.ready();
    await until('it is noticed', () => reopened.length > 0);
    assert.deepEqual(reopened, [undefined]);
    assert.equal(store.status().kind, 'running');
    assert.ok(statuses.includes('fallback') && statuses.at(-1) === 'running', statuses.join());

    const again = await store.open(spec('one', 8));
    assert.equal(again.created, true);
    const before = scans;
    assert.equal((await again.collection.query(all[7]!.vector, 3))[0]?.id, 'c7');
    assert.equal(scans, before + 1, 'while Chroma is being filled, the exact scan answers');
    await again.collection.upsert(all);
    await until('Chroma answers', async () => {
      const scansBefore = scans;
      assert.equal((await again.collection.query(all[7]!.vector, 3))[0]?.id, 'c7');
      return scans === scansBefore;
    });
    await store.dispose();
  });

  it('looks by itself whether Chroma is back, and a search does not wait for it', async () => {
    const launchers: ChromaLauncher[] = [];
    const server = bed.server(await bed.folder(), { launchers, coolOffMs: 0 });
    const store = new FallbackStore(bed.store(server), exact, bed.log, { probePauseMs: 0 });
    const { collection } = await store.open(spec('one', 8));
    await assert.rejects(collection.count(), LanternError);
    launchers.push(...findLaunchers());
    await assert.rejects(collection.count(), LanternError);
    await until('it is back', () => {
      void collection.query(all[0]!.vector, 1);
      return store.status().kind === 'running';
    });
    await store.dispose();
  });

  it('looks whether Chroma is back though nobody searches, so that what it has missed is sent', async () => {
    const launchers: ChromaLauncher[] = [];
    const server = bed.server(await bed.folder(), { launchers, coolOffMs: 0 });
    const store = new FallbackStore(bed.store(server), exact, bed.log, { probePauseMs: 20 });
    const reopened: (string | undefined)[] = [];
    store.onShouldReopen((name) => reopened.push(name));
    await store.open(spec('one', 8));
    assert.equal(store.status().kind, 'fallback');
    launchers.push(...findLaunchers());
    await until('it is back', () => reopened.length > 0);
    assert.equal(store.status().kind, 'running');
    await store.dispose();
  });

  it('answers correctly while a collection is lost, and names it', async () => {
    const directory = await bed.folder();
    const store = new FallbackStore(bed.store(bed.server(directory)), exact, bed.log);
    const reopened: (string | undefined)[] = [];
    store.onShouldReopen((name) => reopened.push(name));
    const { collection } = await store.open(spec('one', 8));
    await collection.upsert(all);
    await rm(directory, { recursive: true });
    await assert.rejects(collection.upsert(all), LanternError);
    assert.deepEqual(reopened, ['one']);
    assert.equal((await collection.query(all[7]!.vector, 3))[0]?.id, 'c7');
    await assert.rejects(collection.count(), LanternError);
    assert.equal((await store.open(spec('one', 8))).created, true);
    await store.dispose();
  });
});
