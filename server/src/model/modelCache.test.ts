import assert from 'node:assert/strict';
import { LanternError } from '../../../shared/src/errors.js';
import type { Log, LogFields } from '../../../shared/src/log.js';
import { nullLog } from '../../../shared/src/log.js';
import { defaultSettings } from '../../../shared/src/settings/settings.js';
import { modelsDir } from '../paths.js';
import type { EmbeddingSession } from './embeddingSession.js';
import { ModelCache } from './modelCache.js';
import type { LoadedModel } from './modelCache.js';
import type { ModelId } from './modelId.js';
import { ModelLoader } from './modelLoader.js';
import { ModelRegistry } from './registry.js';

const idOf = (name: string): ModelId => ({ name, revision: 'r1', dtype: 'int8' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const hasCode = (code: string) => (error: unknown) => error instanceof LanternError && error.code === code;

/** Loads end when the test says so. */
class FakeLoader {
  readonly events: string[] = [];
  readonly #open: { resolve: (model: LoadedModel) => void; reject: (error: Error) => void; name: string }[] =
    [];
  releaseFails = false;
  /** Declares the model that was loaded last to be lost. */
  lose: () => void = () => undefined;

  readonly load = (id: ModelId): Promise<LoadedModel> => {
    this.events.push(`load ${id.name}`);
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject, name: id.name }));
  };

  async finish(error?: Error): Promise<void> {
    await turn();
    const load = this.#open.shift();
    assert.ok(load, 'nothing loads');
    if (error) load.reject(error);
    else {
      load.resolve({
        provider: { kind: 'cpu', threads: 1 },
        bytes: 100,
        lost: new Promise((settle) => (this.lose = settle)),
        release: () => {
          this.events.push(`release ${load.name}`);
          return this.releaseFails ? Promise.reject(new Error('stuck')) : Promise.resolve();
        },
      });
    }
    await turn();
  }
}

class Records implements Log {
  readonly events: string[] = [];
  readonly fields: LogFields[] = [];
  write(_level: string, event: string, fields: LogFields = {}): void {
    this.events.push(event);
    this.fields.push(fields);
  }
}

describe('ModelCache', () => {
  describe('with a fake loader', () => {
    let fake: FakeLoader;
    let log: Records;
    let clock: number;
    let cache: ModelCache<LoadedModel>;

    beforeEach(() => {
      fake = new FakeLoader();
      log = new Records();
      clock = 1000;
      cache = new ModelCache({ loader: fake.load, log, now: () => clock });
    });

    it('loads once for concurrent callers, and not again for later ones', async () => {
      const asked = Array.from({ length: 27 }, (_, at) => cache.acquire(idOf('m'), `folder ${at}`));
      await fake.finish();
      const leases = await Promise.all(asked);
      const later = await cache.acquire(idOf('m'), 'later');
      assert.deepEqual(fake.events, ['load m']);
      assert.equal(new Set([...leases, later].map((lease) => lease.model)).size, 1);
      const { loads, hits, releases, models } = cache.info();
      assert.deepEqual({ loads, hits, releases }, { loads: 1, hits: 27, releases: 0 });
      assert.equal(models.length, 1);
      assert.equal(models[0]?.leases.length, 28);
      assert.equal(models[0].idleMs, undefined);
    });

    it('keeps models of different names, revisions and dtypes apart', async () => {
      const ids: ModelId[] = [idOf('m'), { ...idOf('m'), revision: 'r2' }, { ...idOf('m'), dtype: 'fp32' }];
      const asked = ids.map((id) => cache.acquire(id, 'x'));
      await fake.finish();
      await fake.finish();
      await fake.finish();
      await Promise.all(asked);
      assert.equal(cache.info().loads, 3);
      assert.equal(cache.info().bytes, 300);
    });

    it('rejects every waiting caller of a failed load, and loads at the next attempt', async () => {
      const asked = [cache.acquire(idOf('m'), 'a'), cache.acquire(idOf('m'), 'b')];
      const rejected = asked.map((one) => assert.rejects(one, /no such file/));
      await fake.finish(new Error('no such file'));
      await Promise.all(rejected);
      assert.deepEqual(cache.info().models, []);
      const retry = cache.acquire(idOf('m'), 'a');
      await fake.finish();
      (await retry).dispose();
      assert.equal(cache.info().loads, 1);
      assert.ok(log.events.includes('model.load.failed'));
    });

    it('ends the wait of a caller that cancels, not the load', async () => {
      const controller = new AbortController();
      const first = cache.acquire(idOf('m'), 'a', controller.signal);
      const second = cache.acquire(idOf('m'), 'b');
      await turn();
      controller.abort();
      await assert.rejects(first, hasCode('cancelled'));
      await fake.finish();
      const lease = await second;
      assert.deepEqual(cache.info().models[0]?.leases, ['b']);
      lease.dispose();
    });

    it('keeps a model whose callers have all cancelled, for the next one', async () => {
      const controller = new AbortController();
      const asked = cache.acquire(idOf('m'), 'a', controller.signal);
      await turn();
      controller.abort();
      await assert.rejects(asked, hasCode('cancelled'));
      await fake.finish();
      assert.equal(cache.info().models[0]?.state, 'loaded');
      (await cache.acquire(idOf('m'), 'b')).dispose();
      assert.deepEqual(fake.events, ['load m']);
      await assert.rejects(cache.acquire(idOf('n'), 'a', AbortSignal.abort()), hasCode('cancelled'));
      assert.deepEqual(fake.events, ['load m']);
    });

    const loaded = async (holder: string, name = 'm') => {
      const asked = cache.acquire(idOf(name), holder);
      await fake.finish();
      return asked;
    };

    it('ends a lease once, however often it is disposed', async () => {
      const one = await loaded('a');
      const two = await cache.acquire(idOf('m'), 'b');
      one.dispose();
      one.dispose();
      assert.deepEqual(cache.info().models[0]?.leases, ['b']);
      two.dispose();
      clock += 500;
      assert.equal(cache.info().models[0]?.idleMs, 500);
    });

    it('clears when the last lease ends, and gives a later caller a new load', async () => {
      const lease = await loaded('a');
      const clearing = cache.clear();
      const next = cache.acquire(idOf('m'), 'b');
      await turn();
      assert.deepEqual(fake.events, ['load m']);
      lease.dispose();
      await clearing;
      assert.deepEqual(fake.events.slice(0, 2), ['load m', 'release m']);
      await fake.finish();
      const second = await next;
      assert.notEqual(second.model, lease.model);
      const { loads, releases } = cache.info();
      assert.deepEqual({ loads, releases }, { loads: 2, releases: 1 });
      second.dispose();
    });

    it('gives a holder further leases while clear waits for it', async () => {
      const lease = await loaded('a');
      const clearing = cache.clear();
      const nested = await cache.acquire(idOf('m'), 'a');
      lease.dispose();
      await turn();
      assert.equal(cache.info().releases, 0);
      nested.dispose();
      await clearing;
      assert.equal(cache.info().releases, 1);
    });

    it('clears a model that is still loading after those who waited are done', async () => {
      const asked = cache.acquire(idOf('m'), 'a');
      await turn();
      const clearing = cache.clear();
      await fake.finish();
      (await asked).dispose();
      await clearing;
      assert.deepEqual(fake.events, ['load m', 'release m']);
      assert.deepEqual(cache.info().models, []);
    });

    it('clears twice at once, when empty, and after a load that fails', async () => {
      await cache.clear();
      (await loaded('a')).dispose();
      await Promise.all([cache.clear(), cache.clear()]);
      assert.equal(cache.info().releases, 1);
      const failing = assert.rejects(cache.acquire(idOf('m'), 'a'), /broken/);
      await turn();
      const clearing = cache.clear();
      await fake.finish(new Error('broken'));
      await Promise.all([failing, clearing]);
    });

    it('drops a model that is lost, and loads it again for the next caller', async () => {
      const first = cache.acquire(idOf('a'), 'x');
      await fake.finish();
      const lease = await first;
      fake.lose();
      await turn();
      const next = cache.acquire(idOf('a'), 'y');
      await turn();
      assert.deepEqual(fake.events, ['load a'], 'a lease is held');
      lease.dispose();
      await fake.finish();
      (await next).dispose();
      assert.deepEqual(fake.events, ['load a', 'release a', 'load a']);
      assert.ok(log.events.includes('model.lost'));
    });

    it('drops a model whose release fails', async () => {
      fake.releaseFails = true;
      (await loaded('a')).dispose();
      await cache.clear();
      assert.deepEqual(cache.info().models, []);
      assert.ok(log.events.includes('model.release.failed'));
    });

    it('unloads what has been idle for long enough, and nothing that is held', async () => {
      (await loaded('a', 'old')).dispose();
      clock += 1000;
      (await loaded('a', 'new')).dispose();
      const held = await loaded('a', 'held');
      clock += 1000;
      assert.equal(await cache.unloadIdle(1500), 1);
      assert.deepEqual(
        cache.info().models.map((model) => model.name),
        ['new', 'held'],
      );
      held.dispose();
      assert.equal(await cache.unloadIdle(1000), 1);
      assert.equal(await cache.unloadIdle(0), 1);
    });

    it('preloads without keeping a lease', async () => {
      const preloading = cache.preload(idOf('m'));
      await fake.finish();
      await preloading;
      assert.deepEqual(cache.info().models[0]?.leases, []);
      (await cache.acquire(idOf('m'), 'a')).dispose();
      assert.equal(cache.info().loads, 1);
    });

    it('gives no lease once it is disposed of', async () => {
      const lease = await loaded('a');
      const disposing = cache.dispose();
      await assert.rejects(cache.acquire(idOf('n'), 'b'), hasCode('unavailable'));
      const waiting = assert.rejects(cache.acquire(idOf('m'), 'b'), hasCode('unavailable'));
      lease.dispose();
      await Promise.all([disposing, waiting]);
      assert.deepEqual(fake.events, ['load m', 'release m']);
    });

    it('tells listeners of every load, lease and release, and logs bytes and milliseconds', async () => {
      const states: (string | undefined)[] = [];
      const listening = cache.onDidChange(() => states.push(cache.info().models[0]?.state));
      (await loaded('a')).dispose();
      (await cache.acquire(idOf('m'), 'b')).dispose();
      await cache.clear();
      listening.dispose();
      (await loaded('c')).dispose();
      assert.deepEqual([...new Set(states)], ['loading', 'loaded', 'releasing', undefined]);
      assert.deepEqual(log.events, ['model.load', 'model.hit', 'model.release', 'model.load']);
      for (const at of [0, 2]) {
        assert.equal(typeof log.fields[at]?.['ms'], 'number');
        assert.equal(typeof log.fields[at]?.['bytes'], 'number');
      }
    });
  });

  describe('with the bundled model', () => {
    it('loads once for 27 users and 1,000 texts at once from cold, in bounded memory', async () => {
      const registry = new ModelRegistry({
        modelsDir: modelsDir(import.meta.url),
        dataDir: '/nonexistent',
        log: nullLog,
      });
      const settings = { ...defaultSettings.model, device: 'cpu' } as const;
      const loader = new ModelLoader({ registry, settings: () => settings, log: nullLog });
      const id = await registry.find(settings);
      assert.ok(id);
      const cache = new ModelCache<EmbeddingSession>({ loader: (one) => loader.load(one), log: nullLog });
      const before = process.memoryUsage.rss();
      const vectors = await Promise.all(
        Array.from({ length: 1000 }, async (_, at) => {
          const holder = `user ${at % 27}`;
          const lease = await cache.acquire(id, holder);
          try {
            const [vector] = await lease.model.embed([`text number ${at % 100}`], { holder });
            return vector;
          } finally {
            lease.dispose();
          }
        }),
      );
      const grown = process.memoryUsage.rss() - before;
      assert.equal(cache.info().loads, 1);
      assert.equal(cache.info().hits, 999);
      assert.equal(vectors.length, 1000);
      for (const [at, vector] of vectors.entries()) assert.deepEqual(vector, vectors[at % 100]);
      // One model takes some 70 MB; 27 would take over a gigabyte.
      assert.ok(grown < 200 * 1024 * 1024, `${Math.round(grown / 1e6)} MB`);
      await cache.clear();
      const lease = await cache.acquire(id, 'again');
      assert.deepEqual(await lease.model.embed(['text number 0']), [vectors[0]]);
      assert.equal(cache.info().loads, 2);
      lease.dispose();
      await cache.dispose();
    });
  });
});
