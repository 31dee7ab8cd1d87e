import assert from 'node:assert/strict';
import { type FolderStatistics, type StoredFile, changeStatistics, noStatistics } from './statistics.js';

const file = (id: number, chunks: number, salt = 0): StoredFile => ({
  id,
  path: `${id}.ts`,
  language: 'typescript',
  firstChunk: id * 100 + salt,
  lengths: Array.from({ length: 3 + 3 * chunks }, (_, i) => id * 1000 + salt + i),
  usage: id + salt,
});

const byId = (files: readonly StoredFile[]): Map<number, StoredFile> =>
  new Map(files.map((one) => [one.id, one]));

const plain = ({ files, fileOf, lengths, averages }: FolderStatistics): unknown => ({
  files,
  fileOf,
  lengths,
  averages,
});

describe('statistics of a folder', () => {
  it('files are numbered by their row ids, chunks one after the other', () => {
    const statistics = changeStatistics(noStatistics, byId([file(7, 1), file(3, 2), file(5, 0)]));
    assert.deepEqual(
      statistics.files.map(({ id, at, chunks }) => ({ id, at, chunks })),
      [
        { id: 3, at: 0, chunks: 2 },
        { id: 5, at: 2, chunks: 0 },
        { id: 7, at: 2, chunks: 1 },
      ],
    );
    assert.deepEqual([...statistics.fileOf], [0, 0, 2]);
    assert.deepEqual([...statistics.lengths.body], [3003, 3006, 7003]);
    assert.deepEqual([...statistics.lengths.signatures], [3005, 3008, 7005]);
    assert.deepEqual([...statistics.lengths.usage], [3, 5, 7]);
    assert.equal(statistics.averages.path, 5000);
    assert.equal(statistics.numberOf(7), 2);
    assert.equal(statistics.chunkNumber(3, 301), 1);
    assert.equal(statistics.chunkNumber(3, 302), undefined);
  });

  it('a folder that changed file by file has the statistics of one that was read at once', () => {
    const now = new Map<number, StoredFile>();
    let statistics = noStatistics;
    // Some numbers without order, the same in every run.
    let state = 1;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let step = 0; step < 300; step++) {
      const changed = new Map<number, StoredFile | undefined>();
      for (let many = random(4); many >= 0; many--) {
        const id = 1 + random(40);
        const next = random(3) === 0 ? undefined : file(id, random(5), step);
        changed.set(id, next);
        if (next === undefined) now.delete(id);
        else now.set(id, next);
      }
      statistics = changeStatistics(statistics, changed);
      assert.deepEqual(plain(statistics), plain(changeStatistics(noStatistics, now)), `step ${step}`);
      for (const { id, firstChunk } of now.values())
        assert.equal(statistics.chunkNumber(id, firstChunk - 1), undefined);
    }
  });

  it('the statistics of before stay as they were', () => {
    const old = changeStatistics(noStatistics, byId([file(1, 2), file(2, 1), file(4, 3)]));
    const before = structuredClone(plain(old));
    changeStatistics(
      old,
      new Map([
        [1, undefined],
        [2, file(2, 4, 9)],
        [3, file(3, 1)],
      ]),
    );
    assert.deepEqual(plain(old), before);
  });
});
