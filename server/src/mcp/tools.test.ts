import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { CallToolResult, Client } from '@modelcontextprotocol/client';
import { formKey } from './answers/form.js';
import { hitsShape } from './answers/hitsAnswer.js';
import { TestAgents, textOf } from '../../test/support/testAgent.js';

const files = {
  'src/retry.ts':
    'export function retryUpload() {\n  // tries a failed upload again\n  return upload();\n}\n',
  'src/upload.ts': 'export function upload() {\n  return send("upload");\n}\n',
  'lib/tax.py': 'def tax(total):\n    return total * 0.2\n',
  'notes.md': '# Notes\n\nAn upload fails when the network does.\n',
};

describe('the agents’ tools', () => {
  let agents: TestAgents;
  let agent: Client;

  const call = (name: string, args: Record<string, unknown> = {}, client = agent) =>
    client.callTool({ name, arguments: args });
  /** A call of a program that reads structure. */
  const ask = (name: string, args: Record<string, unknown> = {}, client = agent) =>
    client.callTool({ name, arguments: args, _meta: { [formKey]: 'structured' } });
  const search = async (args: Record<string, unknown>, client = agent) => {
    const answer = await ask('search_code', args, client);
    assert.ok(answer.isError !== true, textOf(answer));
    return hitsShape.parse(answer.structuredContent);
  };

  const fields = (answer: CallToolResult) => answer.structuredContent as Readonly<Record<string, unknown>>;

  before(async () => {
    agents = new TestAgents(files);
    agent = await agents.connect({ roots: [agents.root] });
  });

  after(() => agents.dispose());

  it('are listed with schemas, annotations and few words', async () => {
    const { tools } = await agent.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      [
        'search_code',
        'find_related',
        'index_status',
        'list_folders',
        'index_directory',
        'get_cache_info',
        'clear_embedding_cache',
      ],
    );
    for (const { name, description, inputSchema, outputSchema, annotations } of tools) {
      // With one, every answer would have to be structured.
      assert.equal(outputSchema, undefined);
      assert.ok((description ?? '').length < 500, name);
      assert.equal(inputSchema.type, 'object');
      assert.ok(annotations !== undefined);
      assert.equal(typeof annotations.readOnlyHint, 'boolean');
      assert.equal(annotations.idempotentHint, true);
      assert.equal(annotations.destructiveHint, false);
    }
    const writing = tools.filter(({ annotations }) => annotations?.readOnlyHint === false);
    assert.deepEqual(
      writing.map(({ name }) => name),
      ['index_directory', 'clear_embedding_cache'],
    );
    // What a model reads of it in every session.
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    assert.ok(JSON.stringify(read).length < 6000, `${JSON.stringify(read).length}`);
  });

  it('say what to do while nothing is indexed', async () => {
    const answer = await call('search_code', { query: 'upload' }, await agents.connect());
    assert.equal(answer.isError, true);
    assert.match(textOf(answer), /Nothing is indexed yet. Call index_directory with the absolute path/);
    const related = await call('find_related', { path: 'src/retry.ts', line: 1 });
    assert.match(textOf(related), /not indexed yet. Call index_directory with path/);
    assert.match(textOf(await call('list_folders')), /Nothing is indexed yet: index_directory/);
    assert.match(textOf(await call('index_status')), /not indexed; index_directory adds it/);
  });

  it('index a folder, with progress that rises', async () => {
    const progress: number[] = [];
    const answer = await agent.callTool(
      { name: 'index_directory', arguments: { path: agents.root } },
      { onprogress: (event) => progress.push(event.progress) },
    );
    assert.match(textOf(answer), /4 files.*search_code answers from it now/);
    assert.deepEqual(
      progress,
      [...new Set(progress)].sort((a, b) => a - b),
    );
    assert.ok(progress.length > 0);
  });

  it('find code in the open folder, and say how complete the answer is', async () => {
    const found = await search({ query: 'try a failed upload again' });
    assert.deepEqual(found.folders, [agents.root]);
    assert.equal(found.hits[0]?.path, 'src/retry.ts');
    assert.ok(found.hits[0].text?.includes('// tries a failed upload again'));
    assert.deepEqual(found.coverage, {
      files_total: 4,
      files_indexed: 4,
      files_pending: 0,
      files_unread: 0,
      by_meaning: true,
      complete: true,
    });
  });

  it('answer in one form: text, or structure for a program that asks', async () => {
    for (const [name, args] of [
      ['search_code', { query: 'upload' }],
      ['find_related', { path: 'src/retry.ts', line: 2 }],
      ['index_status', {}],
      ['list_folders', {}],
      ['index_directory', { path: agents.root }],
      ['get_cache_info', {}],
    ] as const) {
      const text = await call(name, args);
      assert.equal(text.structuredContent, undefined, name);
      assert.ok(textOf(text) !== '', name);
      const structured = await ask(name, args);
      assert.deepEqual(structured.content, [], name);
      assert.ok(structured.structuredContent !== undefined, name);
    }
  });

  it('show places, lines or code', async () => {
    const shown = async (detail?: string) =>
      textOf(await call('search_code', { query: 'retryUpload', detail }));
    assert.match(await shown('locations'), /^src\/retry\.ts:1-4$/m);
    assert.match(await shown('lines'), /^src\/retry\.ts:1-4 1\| export function retryUpload\(\) \{$/m);
    assert.match(await shown('code'), /^\[1\] src\/retry\.ts:1-4\n1\| export/m);
    assert.match(await shown(), /^\[1\]\n1\| export function retryUpload/m);
    assert.match(textOf(await call('search_code', { query: 'x', detail: 'all' })), /Invalid arguments/);
  });

  it('leave out what matches too weakly', async () => {
    const found = async (args: Record<string, unknown>) =>
      (await search({ query: 'retryUpload', ...args })).hits;
    const all = await found({});
    const strong = await found({ min_match: 'strong' });
    assert.ok(all.some(({ match }) => match !== 'strong') && strong.length < all.length);
    assert.ok(strong.every(({ match }) => match === 'strong'));
  });

  it('filter by language, glob and folder', async () => {
    const paths = async (args: Record<string, unknown>) =>
      (await search({ query: 'upload total', ...args })).hits.map(({ path }) => path).sort();
    assert.deepEqual(await paths({ language: 'py' }), ['lib/tax.py']);
    assert.deepEqual(await paths({ path_glob: '*.md' }), ['notes.md']);
    assert.deepEqual(await paths({ folder: join(agents.root, 'src') }), ['retry.ts', 'upload.ts']);
    assert.deepEqual(await paths({ folder: 'lib' }), ['tax.py']);
  });

  it('page with a cursor, without gaps and repeats', async () => {
    const all = (await search({ query: 'upload' })).hits.map(({ path }) => path);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search({ query: 'upload', limit: 1, ...(cursor !== undefined && { cursor }) });
      paged.push(...page.hits.map(({ path }) => path));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    assert.deepEqual(paged, all);
    const wrong = await call('search_code', { query: 'tax', cursor: 'MS5mY2QzYWQ5NA' });
    assert.match(textOf(wrong), /belongs to another question/);
  });

  it('find what is like a place, named relative, absolute or in a folder', async () => {
    const line = 2;
    for (const args of [
      { path: 'src/retry.ts', line },
      { path: join(agents.root, 'src/retry.ts'), line },
      { path: 'retry.ts', folder: join(agents.root, 'src'), line },
    ]) {
      const answer = await ask('find_related', args);
      const { hits } = hitsShape.parse(answer.structuredContent);
      assert.ok(hits.length > 0, JSON.stringify(args));
      assert.ok(hits.every(({ path }) => !path.endsWith('retry.ts')));
    }
  });

  it('read nothing outside indexed folders', async () => {
    const outside = [
      '/etc/passwd',
      join(agents.root, '../secret.ts'),
      '../secret.ts',
      `${agents.root}/../../etc/passwd`,
    ];
    for (const path of outside) {
      const answer = await call('find_related', { path, line: 1 });
      assert.equal(answer.isError, true, path);
      assert.equal(answer.structuredContent, undefined);
    }
    for (const folder of ['/etc', '..', join(agents.root, '..')]) {
      const answer = await call('search_code', { query: 'root', folder });
      assert.match(textOf(answer), /not indexed yet/);
    }
    const globbed = await search({ query: 'upload', path_glob: '../**' });
    assert.equal(globbed.hits.length, 0);
  });

  it('refuse what no agent should have indexed', async () => {
    for (const path of ['/', '/etc', join(agents.root, 'notes.md'), 'relative/of/nothing']) {
      const answer = await call('index_directory', { path });
      assert.equal(answer.isError, true, path);
    }
  });

  it('answer wrong arguments with what is right', async () => {
    for (const args of [
      {},
      { query: '' },
      { query: 'x', limit: 0 },
      { query: 'x', max_tokens: 1 },
      { query: 7 },
    ]) {
      const answer = await call('search_code', args);
      assert.equal(answer.isError, true);
      assert.match(textOf(answer), /Invalid arguments/);
    }
    assert.match(
      textOf(await call('search_code', { query: 'x', language: 'klingon' })),
      /Unknown language "klingon"/,
    );
    assert.match(textOf(await call('search_code', { query: 'x', path_glob: '*a'.repeat(60) })), /wildcards/);
  });

  it('report folders, model and memory', async () => {
    const status = await call('index_status');
    assert.match(textOf(status), /ready, 4 files/);
    assert.match(textOf(status), /Model test-model: ready. Vectors: running/);
    assert.match(textOf(await call('index_status', { folder: '/nowhere' })), /\/nowhere: not indexed/);
    const info = await ask('get_cache_info');
    assert.deepEqual([fields(info)['loads'], fields(info)['hits']], [1, 2]);
    assert.deepEqual([fields(info)['chroma_running'], fields(info)['chroma_rss_bytes']], [true, 70]);
    agents.service.chroma = { pid: 7, rssBytes: null };
    const unknown = await ask('get_cache_info');
    assert.match(textOf(await call('get_cache_info')), /Chroma running \(memory unknown\)/);
    assert.deepEqual(
      [fields(unknown)['chroma_running'], fields(unknown)['chroma_rss_bytes']],
      [true, undefined],
    );
    agents.service.chroma = undefined;
    const none = await ask('get_cache_info');
    assert.match(textOf(await call('get_cache_info')), /Chroma not running/);
    agents.service.remoteChroma = 'http://db:8000';
    assert.match(textOf(await call('get_cache_info')), /Chroma at http:\/\/db:8000 \(memory unknown\)/);
    assert.deepEqual([fields(none)['chroma_running'], fields(none)['chroma_rss_bytes']], [false, undefined]);
    assert.deepEqual((await ask('clear_embedding_cache')).structuredContent, {
      models_released: 1,
      bytes_freed: 5,
    });
  });

  it('answer by words at once while the model loads, and say so', async () => {
    agents.service.model.loaded = false;
    const answer = await call('search_code', { query: 'upload' });
    assert.match(textOf(answer), /Ranked by words only: the model is being loaded\./);
    assert.match(textOf(answer), /The same call in a few seconds ranks by meaning/);
  });

  it('stop when the client cancels', async () => {
    const { model } = agents.service;
    let aborted: (() => void) | undefined;
    const cancelled = new Promise<void>((settle) => (aborted = settle));
    model.before = (signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          aborted?.();
          reject(new Error('aborted'));
        });
        asked.abort();
      });
    const asked = new AbortController();
    await assert.rejects(
      agent.callTool({ name: 'search_code', arguments: { query: 'upload' } }, { signal: asked.signal }),
    );
    await cancelled;
    model.before = () => undefined;
    assert.ok((await search({ query: 'upload' })).hits.length > 0);
  });

  it('are remembered for the user, without a trace on disk', async () => {
    await search({ query: 'the last of all' });
    const [last] = agents.deps.service.status([]).agentSearches;
    assert.deepEqual(
      [last?.client, last?.tool, last?.query],
      ['test-agent', 'search_code', 'the last of all'],
    );
    assert.ok(last !== undefined && last.hits >= 0 && last.folders[0] === agents.root);
    for (let count = 0; count < 60; count++) await search({ query: `search ${count}`, limit: 1 });
    assert.equal(agents.deps.service.status([]).agentSearches.length, 50);
    const logged = JSON.stringify(agents.recorded.events('debug', 'info', 'warn', 'error'));
    assert.ok(!logged.includes('the last of all'));
  });

  it('count as activity while they run, and no longer', async () => {
    await search({ query: 'upload' });
    assert.deepEqual(agents.activity.active(), []);
  });

  describe('with several folders indexed', () => {
    let other: TestAgents;

    before(() => {
      // A second folder in the same catalog, beside the first.
      other = agents;
      agents.service.index.files.write({
        '../second/src/retry.ts': 'export function retryPayment() {\n  return pay();\n}\n',
      });
    });

    it('search each client’s own, and never guess', async () => {
      const second = join(other.root, '..', 'second');
      await call('index_directory', { path: second });
      const own = await other.connect({ roots: [second] });
      assert.deepEqual(
        (await search({ query: 'retry' }, own)).hits.map(({ path }) => path),
        ['src/retry.ts'],
      );
      assert.match((await search({ query: 'retry' }, own)).hits[0]?.text ?? '', /retryPayment/);
      assert.match((await search({ query: 'retry' })).hits[0]?.text ?? '', /retryUpload/);

      const started = await other.connect({ workingDirectory: second });
      assert.match((await search({ query: 'retry' }, started)).hits[0]?.text ?? '', /retryPayment/);

      const stranger = await other.connect();
      assert.match(
        textOf(await call('search_code', { query: 'retry' }, stranger)),
        /Several folders are indexed/,
      );

      const both = await other.connect({ roots: [second, other.root] });
      const found = await search({ query: 'retry' }, both);
      assert.deepEqual(new Set(found.hits.map(({ folder }) => folder)), new Set([second, other.root]));
    });

    it('search a group that the user has named, or all, and say which there are', async () => {
      const second = join(other.root, '..', 'second');
      const stranger = await other.connect();
      const { service } = other.service;
      await service.changeGroup({ name: 'payments', add: [second] });
      const inGroup = await search({ query: 'retry', group: 'payments' }, stranger);
      assert.equal(inGroup.hits.length, 1);
      assert.match(inGroup.hits[0]?.text ?? '', /retryPayment/);
      const inAll = await search({ query: 'retry', group: '*' }, stranger);
      assert.deepEqual(new Set(inAll.hits.map(({ folder }) => folder)), new Set([second, other.root]));
      assert.match(textOf(await call('list_folders', {}, stranger)), /group payments: 1 folder$/m);
      const unknown = await call('search_code', { query: 'retry', group: 'none' }, stranger);
      assert.ok(unknown.isError);
      assert.match(textOf(unknown), /no group "none"\. There are: "payments"/);
      await service.changeGroup({ name: 'payments', remove: 'all' });
    });
  });
});
