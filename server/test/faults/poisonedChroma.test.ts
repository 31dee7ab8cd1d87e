import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { ChromaTestBed } from '../support/chromaTestServer.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, settledRss, until } from '../support/daemonClient.js';
import { tried } from '../../../shared/test/tally.js';

interface Found {
  readonly ids: readonly (readonly string[])[];
  readonly distances: readonly (readonly number[])[];
}

/** What a query is answered with, given what Chroma answers: an object, or raw text. */
type Lie = (truth: Found) => unknown;

const lies: Readonly<Record<string, Lie>> = {
  'ids that no chunk has': ({ ids }) => ({
    ids: [ids[0]?.map((_, i) => `made-up-${i}`)],
    distances: [ids[0]?.map(() => 0)],
  }),
  'ids that are paths and SQL': ({ distances }) => ({
    ids: [['../../etc/passwd', "'; DROP TABLE chunks; --", '\0']],
    distances,
  }),
  'ids that are no texts': ({ distances }) => ({ ids: [[7, null, {}, ['a'], true]], distances }),
  'the same id a thousand times': ({ ids }) => ({
    ids: [Array(1000).fill(ids[0]?.[0])],
    distances: [Array(1000).fill(0)],
  }),
  'distances that are no numbers': ({ ids }) => ({
    ids,
    distances: [ids[0]?.map((_, i) => ['x', null, {}, true][i % 4])],
  }),
  'distances beyond every bound': ({ ids }) => ({
    ids,
    distances: [ids[0]?.map((_, i) => (i % 2 === 0 ? -1e300 : 1e300))],
  }),
  'fewer distances than ids': ({ ids }) => ({ ids, distances: [[]] }),
  'texts of its own': ({ ids, distances }) => ({
    ids,
    distances,
    documents: [ids[0]?.map(() => 'INJECTED')],
    metadatas: [ids[0]?.map(() => ({ path: '/etc/passwd', startLine: -5 }))],
  }),
  'nothing at all': () => ({}),
  null: () => null,
  'a list': () => [],
  'no JSON': () => '<html>INJECTED</html>',
  'the opposite order': ({ ids, distances }) => ({ ids: [ids[0]?.toReversed()], distances }),
};

describe('a poisoned or foreign Chroma', function () {
  this.timeout(60_000);
  const bed = new ChromaTestBed();
  let cli: Cli;
  let client: DaemonClient;
  let proxy: Server;
  let folder: string;
  let lie: Lie | 'endless' | undefined;
  let asked = 0;

  before(async () => {
    const real = bed.server(await bed.folder());
    const { url } = await real.ready();
    proxy = createServer((request, response) => void forward(url, request, response));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    cli = new Cli();
    const settings = { chroma: { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } };
    writeFileSync(join(cli.home, 'settings.json'), JSON.stringify(settings));
    folder = cli.folder('typescript-shop');
    await cli.index(folder);
    client = await DaemonClient.open(cli.home);
    await client.request('lantern/search', { path: folder, query: 'warm up', wait: true });
  });
  after(async () => {
    client.close();
    await cli.dispose();
    proxy.closeAllConnections();
    proxy.close();
    await bed.dispose();
  });

  async function forward(url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = await fetch(url + (request.url ?? ''), {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      ...(parts.length > 0 && { body: Buffer.concat(parts) }),
    });
    let body = await answer.text();
    const type = { 'content-type': 'application/json' };
    if (lie !== undefined && request.url?.endsWith('/query') === true) {
      asked++;
      if (lie === 'endless') {
        response.writeHead(200, type).write('{"ids":[["');
        const part = Buffer.alloc(1024 * 1024, 'a');
        const more = (): void => {
          while (!response.destroyed && response.write(part));
        };
        response.on('drain', more);
        more();
        return;
      }
      const told = lie(JSON.parse(body) as Found);
      body = typeof told === 'string' ? told : JSON.stringify(told);
    }
    response.writeHead(answer.status, type).end(body);
  }

  async function search(query: string): Promise<readonly SearchHit[]> {
    const { hits } = await client.request('lantern/search', { path: folder, query, limit: 20 });
    for (const { path, startLine, text } of hits) {
      const lines = readFileSync(join(folder, path), 'utf8').split(/\r?\n/);
      const first = text.split(/\r?\n/, 1)[0] ?? '';
      assert.equal(first, lines[startLine - 1], `${path}:${startLine} shows what is not there`);
      assert.doesNotMatch(text, /INJECTED/);
    }
    return hits;
  }

  for (const [what, told] of Object.entries(lies)) {
    it(`that answers with ${what} can lose a hit and invent none`, async () => {
      lie = told;
      const before = asked;
      const hits = await search('join the cart of a guest with that of the account');
      // After an answer that cannot be read the exact scan answers, until Chroma is tried again.
      await until('it was asked', async () => {
        if (asked === before) await search('cart of a guest');
        return asked > before;
      });
      assert.ok(hits.length > 0, 'words alone have hits');
      for (const { score } of hits) assert.ok(Number.isFinite(score), `a score of ${score}`);
      lie = undefined;
      tried('attacks');
    });
  }

  it('that never ends its answer holds up no search and fills no memory', async () => {
    const before = await settledRss(client, 1);
    lie = 'endless';
    const began = performance.now();
    assert.ok((await search('refund an order that was paid twice')).length > 0);
    assert.ok(performance.now() - began < 5000);
    let most = 0;
    for (let i = 0; i < 20; i++) {
      most = Math.max(most, (await client.memory()).daemon.rssBytes - before);
      await new Promise((settle) => setTimeout(settle, 150));
    }
    lie = undefined;
    assert.ok(most < 300 * 1024 * 1024, `the daemon grew by ${Math.round(most / 1024 / 1024)} MiB`);
    tried('attacks');
  });

  it('is asked again when it is well, and answers as before', async () => {
    const { coverage } = await client.request('lantern/search', { path: folder, query: 'cart', wait: true });
    assert.ok(coverage.semantic);
    assert.equal(coverage.reason, undefined);
  });
});
