import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import type { DoctorResult } from '../../shared/src/protocol/protocol.js';
import { ChromaTestBed } from './support/chromaTestServer.js';
import { Cli } from './support/cliHarness.js';
import { until } from './support/daemonClient.js';

/** A server between the team and Chroma, which can be taken away in the middle of a job. */
class Middle {
  readonly #server: Server;
  readonly #target: string;
  /** Requests that are let through; all when undefined. */
  left: number | undefined;
  /** Bodies of all requests. */
  readonly bodies: string[] = [];

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#forward(request, response));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.left === 0) {
      request.socket.destroy();
      return;
    }
    if (this.left !== undefined) this.left--;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    this.bodies.push((request.url ?? '') + body.toString());
    const answer = await fetch(this.#target + (request.url ?? ''), {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json' },
      ...(parts.length > 0 && { body }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }
}

/** Several data folders on one machine stand for the people of a team. */
describe('shared vectors', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let bed: ChromaTestBed;
  let chroma: string;
  let middle: Middle;
  let url: string;
  let people: Cli[];

  beforeEach(async () => {
    bed = new ChromaTestBed();
    people = [];
    ({ url: chroma } = await bed.server(await bed.folder()).ready());
    middle = new Middle(chroma);
    url = await middle.listen();
  });
  afterEach(async () => {
    for (const one of people) await one.dispose();
    middle.close();
    await bed.dispose();
  });

  const person = (access: 'read' | 'readwrite'): { cli: Cli; path: string } => {
    const cli = new Cli();
    people.push(cli);
    writeFileSync(join(cli.home, 'settings.json'), JSON.stringify({ sharedVectors: { url, access } }));
    return { cli, path: cli.folder('typescript-shop') };
  };
  const given = async ({ cli }: { cli: Cli }): Promise<number> => {
    const { sharedVectors } = await cli.status();
    return sharedVectors?.kind === 'used' ? sharedVectors.given : 0;
  };
  const queries = ['apply a discount code', 'retry a failed payment', 'where is stock reserved'];
  const places = async ({ cli, path }: { cli: Cli; path: string }, query: string): Promise<string[]> => {
    const { hits, coverage } = await cli.search(query, path);
    assert.equal(coverage.semantic, true);
    return hits.map(({ path: file, startLine }) => `${file}:${startLine}`);
  };

  it('cost the second person no run of the model, and give the same hits', async () => {
    const first = person('readwrite');
    const { chunksEmbedded, filesTotal } = await first.cli.index(first.path);
    await until('all is given', async () => (await given(first)) === chunksEmbedded + filesTotal);
    const second = person('read');
    const report = await second.cli.index(second.path);
    assert.deepEqual([report.chunksEmbedded, report.vectorsShared], [0, chunksEmbedded + filesTotal]);
    for (const query of queries)
      assert.deepEqual(await places(second, query), await places(first, query), query);
    const { stdout } = await second.cli.run(['status']);
    assert.match(stdout, /shared {3}vectors of http:\/\/127.0.0.1:\d+: \d+ taken, 0 given/);
    const { checks } = await second.cli.json<DoctorResult>(['doctor']);
    assert.ok(checks.find(({ name }) => name === 'shared vectors')?.ok);
    // Digests and vectors, and nothing else.
    for (const word of ['promotions', 'discount', first.path, 'typescript'])
      assert.ok(!middle.bodies.some((body) => body.includes(word)), word);
  });

  it('that go away half-way leave an index that is complete and right', async () => {
    const [first, second] = [person('readwrite'), person('read')];
    for (let n = 0; n < 260; n++)
      for (const { path } of [first, second])
        writeFileSync(join(path, `note${n}.md`), `# Note ${n}\n\nAbout ${n}.\n`);
    const { chunksEmbedded, filesTotal } = await first.cli.index(first.path);
    await until('all is given', async () => (await given(first)) === chunksEmbedded + filesTotal);
    // Enough for the first page of several.
    middle.left = 5;
    const report = await second.cli.index(second.path);
    assert.equal(report.vectorsShared, 500);
    assert.ok(report.chunksEmbedded > 0);
    assert.match(report.sharedProblem ?? '', /127.0.0.1.*lantern\.sharedVectors\.url/);
    const { folders, sharedVectors } = await second.cli.status();
    assert.deepEqual([folders[0]?.chunksPending, folders[0]?.filesPending], [0, 0]);
    assert.equal(sharedVectors?.kind, 'away');
    for (const query of queries)
      assert.deepEqual(await places(second, query), await places(first, query), query);
    const { code, stdout } = await second.cli.run(['doctor']);
    assert.equal(code, 2);
    assert.match(stdout, /shared vectors.*lantern\.sharedVectors\.url/s);
  });

  it('that are another’s collection are refused by name, and the index is made here', async () => {
    const { hostname, port } = new URL(chroma);
    const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
    const first = person('readwrite');
    const { chunksEmbedded, filesTotal } = await first.cli.index(first.path);
    await until('all is given', async () => (await given(first)) === chunksEmbedded + filesTotal);
    const [shared] = await client.listCollections();
    assert.ok(shared?.name.startsWith('lantern-shared-'));
    const { ids } = await shared!.get({ include: [] });
    await shared!.upsert({
      ids,
      embeddings: ids.map(() => [0, 0, 0, 1]),
      metadatas: ids.map(() => ({ vector: Buffer.alloc(384, 7).toString('base64') })),
    });
    const second = person('readwrite');
    const report = await second.cli.index(second.path);
    assert.match(report.sharedProblem ?? '', /used no more.*cosine/);
    assert.ok(report.chunksEmbedded > 0);
    for (const query of queries)
      assert.deepEqual(await places(second, query), await places(first, query), query);
    const { stdout } = await second.cli.run(['status']);
    assert.match(stdout, /used no more/);
  });

  it('need an address', async () => {
    const cli = new Cli();
    people.push(cli);
    writeFileSync(join(cli.home, 'settings.json'), JSON.stringify({ sharedVectors: { url: 'team' } }));
    const { code, stderr } = await cli.run(['status']);
    assert.notEqual(code, 0);
    assert.match(stderr, /lantern\.sharedVectors\.url "team" is not a URL/);
  });
});
