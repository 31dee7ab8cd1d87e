import assert from 'node:assert/strict';
import { LanternError } from '../errors.js';
import { defaultSettings, mergeSettings } from './settings.js';

const refused =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof LanternError && error.code === 'bad-request' && message.test(error.message);

describe('mergeSettings', () => {
  it('gives the defaults where nothing is chosen', () => {
    assert.deepEqual(mergeSettings({}, 'settings.json'), defaultSettings);
    assert.deepEqual(mergeSettings({ index: {} }, 'settings.json'), defaultSettings);
    assert.deepEqual(mergeSettings({ index: null }, 'settings.json'), defaultSettings);
  });

  it('merges settings with the defaults, and leaves these as they are', () => {
    const before = structuredClone(defaultSettings);
    const merged = mergeSettings(
      { model: { threads: 3 }, index: { exclude: ['*.gen.ts'] }, chroma: { storeDocuments: true } },
      'settings.json',
    );
    assert.equal(merged.model.threads, 3);
    assert.equal(merged.model.name, defaultSettings.model.name);
    assert.deepEqual(merged.index.exclude, ['*.gen.ts']);
    assert.equal(merged.chroma.storeDocuments, true);
    assert.deepEqual(defaultSettings, before);
  });

  it('leaves out what it does not know', () => {
    const merged = mergeSettings({ model: { colour: 'red' }, mood: { good: true } }, 'settings.json');
    assert.deepEqual(merged, defaultSettings);
  });

  it('is not led astray by names that every object has', () => {
    const chosen: unknown = JSON.parse('{"__proto__": {"model": {"threads": 9}}, "constructor": 1}');
    assert.deepEqual(mergeSettings(chosen, 'settings.json'), defaultSettings);
    const within: unknown = JSON.parse('{"model": {"__proto__": {"threads": 9}}}');
    assert.deepEqual(mergeSettings(within, 'settings.json'), defaultSettings);
  });

  for (const [chosen, message] of [
    [[], /^settings\.json must be an object/],
    ['text', /^settings\.json must be an object/],
    [null, /^settings\.json must be an object/],
    [{ model: 'all-MiniLM' }, /^settings\.json: "model" must be an object/],
    [{ model: [] }, /"model" must be an object/],
    [{ model: { name: 7 } }, /"model\.name" must be a string/],
    [{ model: { threads: '2' } }, /"model\.threads" must be a number/],
    [{ model: { threads: -1 } }, /"model\.threads" must be a number/],
    [{ model: { threads: Number.NaN } }, /"model\.threads" must be a number/],
    [{ index: { maxFileBytes: Infinity } }, /"index\.maxFileBytes" must be a number/],
    [{ index: { exclude: 'dist' } }, /"index\.exclude" must be a list of texts/],
    [{ index: { exclude: ['dist', 1] } }, /"index\.exclude" must be a list of texts/],
    [{ index: { exclude: null } }, /"index\.exclude" must be a list of texts/],
    [{ chroma: { storeDocuments: 'yes' } }, /"chroma\.storeDocuments" must be a boolean/],
    [{ model: { dtype: 'fp64' } }, /"model\.dtype" must be one of auto, int8, fp32/],
    [{ model: { device: 'cuda' } }, /"model\.device" must be one of auto, cpu, coreml/],
  ] as const) {
    it(`refuses ${JSON.stringify(chosen)}`, () => {
      assert.throws(() => mergeSettings(chosen, 'settings.json'), refused(message));
    });
  }
});
