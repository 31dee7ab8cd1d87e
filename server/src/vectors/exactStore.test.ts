import assert from 'node:assert/strict';
import { block, clusteredVectors, records, spec } from '../../test/support/chromaTestServer.js';
import { ExactStore } from './exactStore.js';
import type { VectorBlock } from '../catalog/vectorTable.js';

describe('ExactStore', () => {
  const all = records(clusteredVectors(900, 16, 3));
  const blocks: VectorBlock[] = [block(all.slice(0, 500)), block([]), block(all.slice(500))];
  const store = new ExactStore({ blocks: () => blocks, count: () => all.length });
  const query = clusteredVectors(1, 16, 99)[0]!;

  function expected(keep: (language: string) => boolean): string[] {
    return all
      .filter((record) => keep(record.language))
      .map((record) => ({
        id: record.id,
        similarity: record.vector.reduce((sum, x, i) => sum + x * query[i]!, 0),
      }))
      .sort((a, b) => b.similarity - a.similarity)
      .map(({ id }) => id);
  }

  it('returns the nearest, best first, at every limit', async () => {
    const { collection, created } = await store.open(spec('exact', 16));
    assert.equal(created, false);
    const order = expected(() => true);
    for (const limit of [1, 2, 3, 10, 50, 899, 900, 5000]) {
      const found = await collection.query(query, limit);
      assert.deepEqual(
        found.map(({ id }) => id),
        order.slice(0, limit),
      );
    }
    assert.deepEqual(await collection.query(query, 0), []);
    assert.equal(await collection.count(), 900);
    assert.equal((await collection.ids()).size, 900);
  });

  it('keeps only the languages asked for; an empty list keeps all', async () => {
    const { collection } = await store.open(spec('exact', 16));
    const ids = async (...languages: string[]): Promise<string[]> =>
      (await collection.query(query, 40, { languages })).map(({ id }) => id);
    assert.deepEqual(await ids('python'), expected((language) => language === 'python').slice(0, 40));
    assert.deepEqual(await ids('python', 'typescript'), expected(() => true).slice(0, 40));
    assert.deepEqual(await ids(), expected(() => true).slice(0, 40));
    assert.deepEqual(await ids('cobol'), []);
  });

  it('lets other work run during a long scan', async () => {
    const large = new ExactStore({
      blocks: () => Array.from({ length: 20 }, () => blocks[0]!),
      count: () => 10_000,
    });
    const { collection } = await large.open(spec('exact', 16));
    let turns = 0;
    let done = false;
    const others = (): void => {
      turns++;
      if (!done) setImmediate(others);
    };
    setImmediate(others);
    await collection.query(query, 5);
    done = true;
    assert.ok(turns >= 10, `others had ${turns} turns in 20 blocks`);
  });

  it('refuses a query of other dimensions', async () => {
    const { collection } = await store.open(spec('exact', 16));
    await assert.rejects(collection.query(new Float32Array(8), 5), /8 dimensions/);
  });
});
