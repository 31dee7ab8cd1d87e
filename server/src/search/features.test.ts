import assert from 'node:assert/strict';
import {
  aboveMedian,
  bm25,
  byLargest,
  coverage,
  largest,
  inverseDocumentFrequency,
  sumByFile,
} from './features.js';

const lengths = (...values: number[]): Uint32Array => Uint32Array.from(values);
const settings = { k1: 1.2, b: 0.75 };

describe('features', () => {
  describe('rarity', () => {
    it('is higher for fewer texts with the term, and never negative', () => {
      assert.ok(inverseDocumentFrequency(1, 100) > inverseDocumentFrequency(2, 100));
      assert.ok(inverseDocumentFrequency(100, 100) > 0);
      assert.ok(inverseDocumentFrequency(0, 0) >= 0);
    });
  });

  describe('bm25', () => {
    const score = (docs: number[], counts: number[], sizes = lengths(10, 10, 10)): number[] => [
      ...bm25([{ docs, counts }], sizes, 10, settings),
    ];

    it('is the formula', () => {
      const [only = 0] = bm25([{ docs: [0], counts: [3] }], lengths(20, 0), 10, settings);
      const expected =
        (Math.log(1 + (2 - 1 + 0.5) / 1.5) * 3 * 2.2) / (3 + 1.2 * (1 - 0.75 + (0.75 * 20) / 10));
      assert.ok(Math.abs(only - expected) < 1e-12);
    });

    it('counts further occurrences less and less', () => {
      const [once = 0] = score([0], [1]);
      const [twice = 0] = score([0], [2]);
      const [thrice = 0] = score([0], [3]);
      assert.ok(once < twice && twice < thrice && twice - once > thrice - twice);
    });

    it('prefers the shorter of two texts', () => {
      const [long = 0, short = 0] = score([0, 1], [1, 1], lengths(100, 5, 5));
      assert.ok(short > long);
    });

    it('sums over terms, and gives 0 to a text without any', () => {
      const words = [
        { docs: [0, 1], counts: [1, 1] },
        { docs: [1], counts: [1] },
      ];
      const [one = 0, both = 0, none] = bm25(words, lengths(10, 10, 10), 10, settings);
      assert.ok(both > one && one > 0);
      assert.equal(none, 0);
    });
  });

  describe('coverage', () => {
    it('is 1 for a file with every term, 0 for a file with none', () => {
      assert.deepEqual([...coverage([{ files: [0] }, { files: [0] }], 2)], [1, 0]);
      assert.deepEqual([...coverage([], 2)], [0, 0]);
    });

    it('weighs rare terms more, and terms that no file contains most', () => {
      const [rare = 0, common = 0] = coverage([{ files: [0] }, { files: [1, 2, 3, 4] }], 5);
      assert.ok(rare > common);
      const [alone = 0] = coverage([{ files: [0] }, { files: [] }], 5);
      assert.ok(alone < rare);
    });
  });

  it('byLargest divides by the largest, if there is one', () => {
    assert.deepEqual([1, 2, 4].map(byLargest([1, 2, 4])), [0.25, 0.5, 1]);
    assert.equal(byLargest([])(3), 0);
    assert.equal(byLargest([0, 0])(0), 0);
  });

  it('aboveMedian counts only what is better than the middle', () => {
    const map = aboveMedian([1, 2, 3, 4, 5, undefined]);
    assert.deepEqual([1, 3, 4, 5, undefined].map(map), [0, 0, 0.5, 1, 0]);
    assert.equal(aboveMedian([7])(7), 1);
    assert.equal(aboveMedian([])(7), 0);
  });

  it('sumByFile adds up the best of each file', () => {
    const items = [
      { fileId: 1, value: 3 },
      { fileId: 2, value: 2 },
      { fileId: 1, value: 1 },
    ];
    assert.deepEqual(
      [...sumByFile(items, ({ value }) => value)],
      [
        [1, 4],
        [2, 2],
      ],
    );
    assert.deepEqual(
      [...sumByFile(items, ({ value }) => value, 2)],
      [
        [1, 3],
        [2, 2],
      ],
    );
  });

  describe('largest', () => {
    const sorted = (values: Float64Array, most: number, floor: number): number[] =>
      [...values.keys()]
        .filter((at) => values[at]! > floor)
        .sort((a, b) => values[b]! - values[a]! || a - b)
        .slice(0, most);

    it('gives what sorting all would, equal ones included', () => {
      let seed = 7;
      const next = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
      for (const most of [1, 3, 20]) {
        const values = Float64Array.from({ length: 5000 }, () => Math.round(next() * 40) / 10 - 1);
        assert.deepEqual(largest(values, most, 0), sorted(values, most, 0));
        assert.deepEqual(largest(values.sort(), most, -2), sorted(values, most, -2));
      }
      assert.deepEqual(largest(new Float64Array(9), 3, 0), []);
      assert.deepEqual(largest(Float64Array.of(1, -Infinity, 2), 9, 0), [2, 0]);
    });
  });
});
