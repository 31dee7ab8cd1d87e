import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import type { ChromaProcess } from './chromaProcess.js';
import { RemoteChroma } from './chromaRemote.js';
import { ChromaStore } from './chromaStore.js';
import {
  block,
  ChromaTestBed,
  clusteredVectors,
  records,
  spec,
} from '../../../test/support/chromaTestServer.js';
import { collectionName } from '../collectionName.js';
import { ExactStore } from '../exactStore.js';
import { CollectionLostError } from '../vectorStore.js';
import type { VectorCollection } from '../vectorStore.js';

describe('ChromaStore', function () {
  this.timeout(40_000);

  describe('on one server', () => {
    const bed = new ChromaTestBed();
    let server: ChromaProcess;
    let store: ChromaStore;
    const all = records(clusteredVectors(700, 32, 5));
    const warnings: unknown[][] = [];
    const output = globalThis.console;
    const warn = output.warn.bind(output);

    before(async () => {
      output.warn = (...words: unknown[]) => void warnings.push(words);
      server = bed.server(await bed.folder());
      store = bed.store(server);
    });
    after(async () => {
      output.warn = warn;
      await bed.dispose();
    });

    it('creates a collection, finds it again, and creates it again for another generation, model or size', async () => {
      const name = 'generations';
      const first = await store.open(spec(name, 32));
      assert.equal(first.created, true);
      await first.collection.upsert(all.slice(0, 5));
      const second = await store.open(spec(name, 32));
      assert.equal(second.created, false);
      assert.equal(await second.collection.count(), 5);
      for (const other of [
        spec(name, 32, 'g2'),
        { ...spec(name, 32, 'g2'), model: 'm2' },
        spec(name, 8, 'g2'),
      ]) {
        const opened = await store.open(other);
        assert.equal(opened.created, true);
        assert.equal(await opened.collection.count(), 0);
      }
      await assert.rejects(second.collection.count(), CollectionLostError);
    });

    it('shares one collection between concurrent opens', async () => {
      const opened = await Promise.all([1, 2, 3, 4, 5].map(() => store.open(spec('shared', 32))));
      assert.equal(new Set(opened).size, 1);
      const [one, two] = await Promise.all([
        store.open(spec('shared', 32)),
        store.open(spec('shared', 32, 'g2')),
      ]);
      assert.deepEqual([one.created, two.created], [false, true]);
    });

    it('deletes the collections whose folders are gone, and no others', async () => {
      const names = ['/a', '/b', '/c'].map((path) => collectionName(path, 'model'));
      const others = ['doctor-5', 'lantern-shared-0011223344556677', 'mine'];
      for (const name of [...names, ...others]) await store.open(spec(name, 32));
      assert.equal(await store.dropUnknown((name) => name !== names[1]), 1);
      const { created } = await store.open(spec(names[1]!, 32));
      assert.equal(created, true);
      for (const name of [names[0]!, names[2]!, ...others])
        assert.equal((await store.open(spec(name, 32))).created, false, name);
      assert.equal(await store.dropUnknown(() => true), 0);
      // One that is added while the server is asked.
      const known = new Set([names[0], names[1]]);
      const dropping = store.dropUnknown((name) => known.has(name));
      known.add(names[2]);
      assert.equal(await dropping, 0);
      for (const name of [...names, ...others]) await store.drop(name);
    });

    it('adds, replaces, deletes, counts and lists by id, in batches', async () => {
      const { collection } = await store.open(spec('records', 32));
      await collection.upsert(all);
      await collection.upsert(all);
      assert.equal(await collection.count(), 700);
      await collection.upsert([{ ...all[0]!, vector: all[1]!.vector }, all[0]!]);
      const [self] = await collection.query(all[0]!.vector, 1);
      assert.equal(self?.id, 'c0');
      assert.ok(Math.abs(self.similarity - 1) < 1e-5);
      await collection.delete([...all.slice(0, 650).map(({ id }) => id), 'c1', 'never there']);
      assert.deepEqual(
        [...(await collection.ids())].sort(),
        all
          .slice(650)
          .map(({ id }) => id)
          .sort(),
      );
      await collection.delete([]);
      await collection.upsert([]);
      assert.equal(await collection.count(), 50);
      assert.equal((await collection.query(all[0]!.vector, 200)).length, 50);
      assert.deepEqual(await collection.query(all[0]!.vector, 0), []);
    });

    it('agrees with the exact scan, with and without a filter by language', async () => {
      const { collection } = await store.open(spec('exact', 32));
      await collection.upsert(all);
      const exact = (await exactStore(all).open(spec('exact', 32))).collection;
      const query = clusteredVectors(1, 32, 77)[0]!;
      for (const languages of [[], ['python'], ['python', 'typescript'], ['cobol']]) {
        const found = await collection.query(query, 20, { languages });
        const wanted = await exact.query(query, 20, { languages });
        assert.deepEqual(
          found.map(({ id }) => id),
          wanted.map(({ id }) => id),
        );
        found.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - wanted[i]!.similarity) < 1e-5));
      }
    });

    it('finds 97 of 100 nearest at least, also after a third was deleted', async () => {
      const many = records(clusteredVectors(3000, 384, 11));
      const { collection } = await store.open(spec('recall', 384));
      await collection.upsert(many);
      assert.ok((await recall(collection, many)) >= 0.97);
      const gone = many.filter((_, i) => i % 3 === 0);
      await collection.delete(gone.map(({ id }) => id));
      assert.ok(
        (await recall(
          collection,
          many.filter((_, i) => i % 3 !== 0),
        )) >= 0.97,
      );
      const again = await store.open(spec('recall', 384));
      assert.equal(again.created, false, 'a collection with deleted vectors is no damaged one');
    });

    it('keeps text only where it is given', async () => {
      const { collection } = await store.open(spec('documents', 32));
      await collection.upsert([{ ...all[0]!, document: 'needle in the haystack' }, all[1]!]);
      assert.equal(await collection.count(), 2);
      const { url } = await server.ready();
      const found = await getDocuments(url, 'documents');
      assert.deepEqual(found, { c0: 'needle in the haystack', c1: null });
    });

    it('refuses vectors that would spoil the index', async () => {
      const { collection } = await store.open(spec('refuse', 32));
      await assert.rejects(collection.upsert([{ ...all[0]!, vector: new Float32Array(8) }]), /8 dimensions/);
      await assert.rejects(
        collection.upsert([{ ...all[0]!, vector: new Float32Array(32).fill(NaN) }]),
        /not finite/,
      );
      assert.equal(await collection.count(), 0);
    });

    it('drops a collection, and one that is not there', async () => {
      const { collection } = await store.open(spec('dropped', 32));
      await store.drop('dropped');
      await store.drop('dropped');
      await assert.rejects(collection.query(all[0]!.vector, 1), CollectionLostError);
      assert.equal((await store.open(spec('dropped', 32))).created, true);
    });

    it('keeps confirmed vectors after kill -9, and continues with the next server', async () => {
      const { collection } = await store.open(spec('killed', 32));
      await collection.upsert(all);
      process.kill((await server.ready()).pid!, 'SIGKILL');
      assert.equal(await collection.count(), 700);
      assert.equal((await collection.query(all[699]!.vector, 700)).length, 700);
      const writing = collection.upsert(all.map((record) => ({ ...record, id: `again${record.id}` })));
      process.kill((await server.ready()).pid!, 'SIGKILL');
      await writing;
      assert.equal(await collection.count(), 1400);
    });

    it('keeps only the indexes of the last three collections when it is idle', async () => {
      const vector = all[0]!.vector;
      const opened: VectorCollection[] = [];
      for (const n of [0, 1, 2, 3, 4]) {
        const { collection } = await store.open(spec(`resting-${n}`, 32));
        await collection.upsert(all);
        opened.push(collection);
      }
      await opened[0]!.query(vector, 1);
      const before = await server.info();
      assert.equal(await store.releaseIndexes(60_000), false, 'asked a moment ago');
      assert.equal((await server.info())?.pid, before?.pid);
      assert.equal(await store.releaseIndexes(0), true);
      const after = await server.info();
      assert.notEqual(after?.pid, before?.pid);
      assert.ok(after!.rssBytes! < before!.rssBytes!);
      assert.equal(await store.releaseIndexes(0), false, 'what is left is what was used last');
      assert.equal((await server.info())?.pid, after?.pid);
      for (const collection of opened) assert.equal((await collection.query(vector, 1))[0]?.id, 'c0');
      assert.equal(await store.releaseIndexes(0), true);
    });

    it('says nothing on the console, and wants no other package', () => {
      assert.deepEqual(warnings, []);
    });
  });

  describe('on damaged files', () => {
    const bed = new ChromaTestBed();
    const all = records(clusteredVectors(2300, 8, 21));
    let intact: string;

    before(async () => {
      intact = await bed.folder();
      const store = bed.store(bed.server(intact));
      await (await store.open(spec('victim', 8))).collection.upsert(all);
      await (await store.open(spec('bystander', 8))).collection.upsert(all.slice(0, 10));
      await store.dispose();
    });
    after(() => bed.dispose());

    async function indexFile(data: string, name: string): Promise<string> {
      for (const entry of await readdir(data, { withFileTypes: true })) {
        if (!entry.isDirectory()) continue;
        // The small collection has not come to write one.
        const folder = join(data, entry.name);
        if ((await readdir(folder)).includes('index_metadata.pickle')) return join(folder, name);
      }
      throw new Error(`no ${name} under ${data}`);
    }

    const damages: Record<string, (data: string) => Promise<unknown>> = {
      'a database cut in half': (data) => halve(join(data, 'chroma.sqlite3')),
      'no database': (data) => rm(join(data, 'chroma.sqlite3')),
      'no data at all': (data) => rm(data, { recursive: true }),
      'an index that is gone': async (data) =>
        rm(join(await indexFile(data, 'header.bin'), '..'), { recursive: true }),
      'vectors cut off': async (data) => truncate(await indexFile(data, 'data_level0.bin'), 5000),
      'a header cut in half': async (data) => halve(await indexFile(data, 'header.bin')),
      'links cut in half': async (data) => halve(await indexFile(data, 'link_lists.bin')),
      'ids cut in half': async (data) => halve(await indexFile(data, 'index_metadata.pickle')),
    };
    for (const [damage, inflict] of Object.entries(damages)) {
      it(`creates the collection again after ${damage}`, async () => {
        const directory = await bed.folder();
        await cp(intact, directory, { recursive: true });
        await inflict(join(directory, 'data'));
        const store = bed.store(bed.server(directory));
        const { collection, created } = await store.open(spec('victim', 8));
        assert.equal(created, true);
        await collection.upsert(all);
        assert.equal((await collection.query(all[5]!.vector, 1))[0]?.id, 'c5');
        const other = await store.open(spec('bystander', 8));
        if (!damage.includes('data')) assert.equal(other.created, false);
        await store.dispose();
      });
    }

    it('opens undamaged files as they are', async () => {
      const store = bed.store(bed.server(intact));
      const { collection, created } = await store.open(spec('victim', 8));
      assert.equal(created, false);
      assert.equal(await collection.count(), 2300);
      await store.dispose();
    });

    it('notices that its directory was deleted while it ran', async () => {
      const directory = await bed.folder();
      const store = bed.store(bed.server(directory));
      const { collection } = await store.open(spec('victim', 8));
      await collection.upsert(all.slice(0, 100));
      await rm(directory, { recursive: true });
      await assert.rejects(collection.upsert(all.slice(100, 200)), CollectionLostError);
      const again = await store.open(spec('victim', 8));
      assert.equal(again.created, true);
      await again.collection.upsert(all.slice(0, 100));
      assert.equal(await again.collection.count(), 100);
      await stat(join(directory, 'data', 'chroma.sqlite3'));
    });
  });

  describe('on a server elsewhere', () => {
    let bed: ChromaTestBed;
    beforeEach(() => (bed = new ChromaTestBed()));
    afterEach(() => bed.dispose());

    function remote(url: string, apiKey = ''): ChromaStore {
      return new ChromaStore(new RemoteChroma(url), {
        tenant: 'acme',
        database: 'code',
        apiKey,
        log: bed.log,
      });
    }

    it('uses its own tenant and database, which it makes, and leaves the server running', async () => {
      const server = bed.server(await bed.folder());
      const { url } = await server.ready();
      const store = remote(`${url}/`);
      const { collection, created } = await store.open(spec('elsewhere', 8));
      assert.equal(created, true);
      const all = records(clusteredVectors(20, 8, 4));
      await collection.upsert(all);
      await store.dispose();
      assert.equal((await remote(url).open(spec('elsewhere', 8))).created, false);
      const mine = bed.store(server);
      assert.equal(
        (await mine.open(spec('elsewhere', 8))).created,
        true,
        'another database knows nothing of it',
      );
      assert.equal(await (await remote(url).open(spec('elsewhere', 8))).collection.count(), 20);
    });

    it('keeps the collections of a server that was unreachable for a while', async () => {
      const directory = await bed.folder();
      const server = bed.server(directory);
      const { url } = await server.ready();
      const store = remote(url);
      const { collection } = await store.open(spec('away', 8));
      await collection.upsert(records(clusteredVectors(20, 8, 4)));
      await server.dispose();
      await assert.rejects(collection.count(), /No Chroma server answers at http.*lantern\.chroma\.url/);
      await assert.rejects(store.open(spec('away', 8)), LanternError);
      const port = Number(new URL(url).port);
      await bed.server(directory, { pickPort: () => Promise.resolve(port) }).ready();
      assert.equal((await store.open(spec('away', 8))).created, false);
      assert.equal(await collection.count(), 20);
    });

    it('says what is wrong with an address', () => {
      for (const [url, why] of [
        ['localhost', /not a URL/],
        ['ftp://host', /must start with http/],
        ['http://host/chroma', /has a path/],
        ['http://user:secret@host', /apiKey/],
      ] as const) {
        assert.throws(
          () => new RemoteChroma(url),
          (error: LanternError) => {
            assert.equal(error.code, 'bad-request');
            assert.match(error.message, why);
            assert.doesNotMatch(error.message, /secret/);
            return true;
          },
        );
      }
    });

    it('sends the key, and says when it is refused or the server is no Chroma', async () => {
      const seen: (string | string[] | undefined)[] = [];
      let status = 401;
      const fake = createServer((request, response) => {
        seen.push(request.headers['x-chroma-token']);
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
      fake.listen(0, '127.0.0.1');
      await once(fake, 'listening');
      bed.onCleanup(() => new Promise((resolve) => (fake.closeAllConnections(), fake.close(resolve))));
      const url = `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
      for (const [answer, why] of [
        [401, /refused access.*apiKey/],
        [403, /refused access.*apiKey/],
        [404, /no Chroma v2 API.*1\.0/],
        [500, /cannot be used|refused the request/],
      ] as const) {
        status = answer;
        await assert.rejects(remote(url, 'key').open(spec('refused', 8)), why);
      }
      assert.deepEqual(new Set(seen), new Set(['key']));
    });
  });
});

function exactStore(of: ReturnType<typeof records>): ExactStore {
  return new ExactStore({ blocks: () => [block(of)], count: () => of.length });
}

/** The share of the exact 50 nearest that the collection finds, over 25 queries. */
async function recall(collection: VectorCollection, of: ReturnType<typeof records>): Promise<number> {
  const exact = (await exactStore(of).open(collection.spec)).collection;
  let hits = 0;
  const queries = clusteredVectors(25, 384, 11, 1.2);
  for (const query of queries) {
    const wanted = new Set((await exact.query(query, 50)).map(({ id }) => id));
    for (const { id } of await collection.query(query, 50)) if (wanted.has(id)) hits++;
  }
  return hits / (50 * queries.length);
}

async function halve(path: string): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size / 2));
}

async function getDocuments(url: string, name: string): Promise<Record<string, string | null>> {
  const collections = `${url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  const { id } = (await (await fetch(`${collections}/${name}`)).json()) as { id: string };
  const answer = await fetch(`${collections}/${id}/get`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"include":["documents"]}',
  });
  const { ids, documents } = (await answer.json()) as { ids: string[]; documents: (string | null)[] };
  return Object.fromEntries(ids.map((each, i) => [each, documents[i] ?? null]));
}
