import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ChromaClient, type Collection } from 'chromadb';
import { nullLog } from '../../../../shared/src/log.js';
import { ChromaTestBed, clusteredVectors } from '../../../test/support/chromaTestServer.js';
import type { NewVector } from '../../catalog/catalog.js';
import { WrongVectorsError } from '../vectorStore.js';
import { ChromaConnection } from './chromaConnection.js';
import { RemoteChroma } from './chromaRemote.js';
import { SharedCollection } from './sharedCollection.js';

const dimensions = 16;

describe('SharedCollection', function () {
  this.timeout(60_000);
  const bed = new ChromaTestBed();
  let url: string;
  let client: ChromaClient;
  let count = 0;

  before(async () => {
    ({ url } = await bed.server(await bed.folder()).ready());
    const { hostname, port } = new URL(url);
    client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  });
  after(() => bed.dispose());

  const userOf = (model: string, address = url, length = dimensions): SharedCollection => {
    const options = { tenant: 'default_tenant', database: 'default_database', apiKey: '', log: nullLog };
    const server = new RemoteChroma(address, 'sharedVectors');
    const connection = new ChromaConnection(
      server,
      { ...options, settings: 'sharedVectors', callTimeoutMs: 5000 },
      () => undefined,
    );
    return new SharedCollection(connection, { model, dimensions: length });
  };
  const vectors = (howMany: number): NewVector[] =>
    clusteredVectors(howMany, dimensions, 5).map((vector, i) => ({
      digest: createHash('sha256').update(`${i}`).digest().subarray(0, 16),
      vector,
    }));
  const model = (): string => `model${count++}@1`;
  /** The collection of a model, as another program sees it. */
  const collectionOf = async (name: string): Promise<Collection> => {
    const all = await client.listCollections();
    return all.find(({ metadata }) => metadata?.['model'] === name)!;
  };

  it('gives what was put, to anybody with the same model, and nothing else', async () => {
    const name = model();
    const [one, other] = [userOf(name), userOf(name)];
    const all = vectors(600);
    const digests = all.map(({ digest }) => digest);
    assert.deepEqual(await one.get(digests.slice(0, 10)), [], 'there is no collection yet');
    await one.put(all.slice(0, 250));
    await one.put(all.slice(200, 300));
    const found = await other.get(digests.slice(0, 500));
    const byDigest = new Map(
      found.map(({ digest, vector }) => [Buffer.from(digest).toString('hex'), vector]),
    );
    assert.equal(byDigest.size, 300);
    for (const { digest, vector } of all.slice(0, 300))
      assert.deepEqual(byDigest.get(Buffer.from(digest).toString('hex')), vector);
    assert.deepEqual(await userOf(model()).get(digests), []);
  });

  it('goes on when its collection is deleted', async () => {
    const name = model();
    const user = userOf(name);
    const all = vectors(20);
    await user.put(all);
    await client.deleteCollection({ name: (await collectionOf(name)).name });
    assert.deepEqual(await user.get(all.map(({ digest }) => digest)), []);
    await user.put(all);
    assert.equal((await user.get(all.map(({ digest }) => digest))).length, 20);
  });

  it('refuses what cannot be vectors of its model', async () => {
    const name = model();
    const user = userOf(name);
    const all = vectors(3);
    await user.put(all);
    const digests = all.map(({ digest }) => digest);
    const collection = await collectionOf(name);
    const [id = ''] = (await collection.get({ include: [] })).ids;
    for (const vector of [
      Buffer.alloc(dimensions - 1, 3).toString('base64'),
      Buffer.alloc(dimensions).toString('base64'),
      Buffer.alloc(5000, 1).toString('base64'),
      'ü',
      7,
    ]) {
      await collection.upsert({ ids: [id], embeddings: [[0, 0, 0, 0]], metadatas: [{ vector }] });
      await assert.rejects(user.get(digests), WrongVectorsError, String(vector).slice(0, 20));
    }
    await assert.rejects(userOf(name, url, 8).get(digests), /made for something else/);
  });

  it('names the settings of a server that does not answer', async () => {
    const user = userOf(model(), 'http://127.0.0.1:9');
    await assert.rejects(
      user.get(vectors(1).map(({ digest }) => digest)),
      /127\.0\.0\.1:9.*lantern\.sharedVectors\.url/,
    );
  });
});
