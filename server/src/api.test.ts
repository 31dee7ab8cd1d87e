import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EmbeddingFunction } from 'chromadb';
import { LanternError } from '../../shared/src/errors.js';
import {
  clearEmbeddingCache,
  getCacheInfo,
  getEmbeddingFunction,
  LanternEmbeddingFunction,
  preloadEmbeddingModel,
} from './api.js';
import { mochaHooks } from './mochaHooks.js';
import { modelsDir } from './paths.js';

const bundled = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');

describe('library API', () => {
  afterEach(clearEmbeddingCache);

  it('gives the same object for the same model and loads nothing for it', () => {
    const { loads } = getCacheInfo();
    const embed: EmbeddingFunction = getEmbeddingFunction();
    assert.equal(getEmbeddingFunction('all-MiniLM-L6-v2'), embed);
    assert.equal(getEmbeddingFunction('sentence-transformers/all-MiniLM-L6-v2'), embed);
    assert.notEqual(getEmbeddingFunction('acme/other'), embed);
    assert.equal(getCacheInfo().loads, loads);
  });

  it('loads once for 27 functions used at once', async () => {
    const before = getCacheInfo();
    const vectors = await Promise.all(
      Array.from({ length: 27 }, (_, at) => getEmbeddingFunction().generate([`text ${at}`])),
    );
    assert.equal(vectors.length, 27);
    assert.equal(vectors[0]?.[0]?.length, 384);
    const info = getCacheInfo();
    assert.equal(info.loads - before.loads, 1);
    assert.equal(info.hits - before.hits, 26);
    assert.deepEqual(info.cachedModels, ['all-MiniLM-L6-v2']);
    assert.equal(info.cacheSize, 1);
    assert.ok(info.bytes > 20_000_000);
  });

  it('works again after the cache was cleared, with the same vectors', async () => {
    const embed = getEmbeddingFunction();
    const first = await embed.generate(['retry a failed upload']);
    await clearEmbeddingCache();
    assert.deepEqual(getCacheInfo().cachedModels, []);
    assert.equal(getCacheInfo().bytes, 0);
    assert.deepEqual(await embed.generate(['retry a failed upload']), first);
  });

  it('embeds a long text by its start, and nothing as nothing', async () => {
    const embed = getEmbeddingFunction();
    assert.deepEqual(await embed.generate([]), []);
    const [long, start] = await embed.generate(['word '.repeat(5000), 'word '.repeat(254)]);
    assert.deepEqual(long, start);
    assert.deepEqual(await embed.generateForQueries(['word']), await embed.generate(['word']));
  });

  it('preloads', async () => {
    await preloadEmbeddingModel();
    const { loads } = getCacheInfo();
    await getEmbeddingFunction().generate(['x']);
    assert.equal(getCacheInfo().loads, loads);
  });

  it('can be made again from its configuration, as a collection does', () => {
    const embed = getEmbeddingFunction(bundled);
    assert.equal(LanternEmbeddingFunction.buildFromConfig(embed.getConfig()), embed);
    assert.equal(embed.buildFromConfig({ model: 'all-MiniLM-L6-v2' }), getEmbeddingFunction());
    embed.validateConfig({ model: bundled });
    embed.validateConfigUpdate({ model: bundled });
    assert.throws(() => embed.validateConfigUpdate({ model: 'acme/other' }), /cannot change/);
    assert.throws(() => embed.validateConfig({}), /name one/);
  });

  it('explains a wrong name, and tries again at the next call', async () => {
    assert.throws(
      () => getEmbeddingFunction('not a name'),
      (error) => error instanceof LanternError && error.code === 'unknown-model',
    );
    const missing = getEmbeddingFunction('/no/such/folder');
    await assert.rejects(missing.generate(['x']), /missing or empty/);
    await assert.rejects(missing.generate(['x']), /missing or empty/);
    assert.deepEqual(getCacheInfo().cachedModels, []);
  });

  it('is cleared between tests by the mocha hook', async () => {
    await preloadEmbeddingModel();
    assert.equal(getCacheInfo().cacheSize, 1);
    await mochaHooks.afterEach();
    assert.equal(getCacheInfo().cacheSize, 0);
  });

  it('frees the memory, and keeps it flat over cycles of load, embed and clear', async () => {
    // In a process of its own, because the other tests leave theirs in any state, and with little room for garbage, so
    // that the model's part is seen. Without the variable glibc keeps what was freed; the daemon sets it too. Each of
    // the model's threads may get another of glibc's arenas, so that it takes five cycles until all of them are used.
    const script = `
      const api = await import(process.argv[1]);
      const texts = Array.from({ length: 4 }, (_, at) => ('text ' + at + ' ').repeat(70));
      const megabytes = () => (globalThis.gc(), process.memoryUsage().rss / 1e6);
      const seen = [];
      for (let cycle = 0; cycle < 14; cycle++) {
        await api.getEmbeddingFunction().generate(texts);
        const loaded = megabytes();
        await api.clearEmbeddingCache();
        seen.push({ loaded, cleared: megabytes() });
      }
      console.log(JSON.stringify(seen));`;
    const api = new URL('api.js', import.meta.url).href;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--max-semi-space-size=2', '--input-type=module', '-e', script, api],
      { env: { ...process.env, MALLOC_TRIM_THRESHOLD_: '131072' } },
    );
    const seen = JSON.parse(stdout) as { loaded: number; cleared: number }[];
    // Means of four, because one differs from the next by up to 4 MB.
    const mean = (of: 'loaded' | 'cleared', from: number): number =>
      seen.slice(from, from + 4).reduce((sum, one) => sum + one[of], 0) / 4;
    const growth = mean('cleared', 10) - mean('cleared', 5);
    const returned = mean('loaded', 10) - mean('cleared', 10);
    assert.ok(growth < 5, `${growth.toFixed(1)} MB more after five cycles`);
    assert.ok(returned > 15, `only ${returned.toFixed(1)} MB came back`);
  });
});
