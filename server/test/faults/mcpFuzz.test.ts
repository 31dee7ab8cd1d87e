import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { fuzz } from '../../../shared/test/fuzz.js';
import { packageRoot } from '../../src/paths.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, settledRss } from '../support/daemonClient.js';
import { usedDaemon } from '../support/usedDaemon.js';

interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text?: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
}

const mostMs = 5000;
const unclear = /TypeError|is not a function|Cannot read|undefined \(|Lantern failed at this/;

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    null,
    true,
    -1,
    '',
    '\0',
    '/no/such/folder',
    '\u202e',
    'x'.repeat(5000),
    '\ud800',
    [[]],
    {},
  ),
);
const toolNames = [
  'search_code',
  'find_related',
  'index_status',
  'list_folders',
  'get_cache_info',
  'clear_embedding_cache',
];
const toolArguments = fc.oneof(
  anything,
  fc.dictionary(
    fc.constantFrom(
      'query',
      'path',
      'paths',
      'file',
      'line',
      'limit',
      'mode',
      'glob',
      'language',
      'cursor',
      'relation',
      'detail',
    ),
    fc.oneof(anything, fc.constantFrom('door', 1, '*.ts', 'hybrid')),
  ),
);
const method = fc.constantFrom(
  'tools/list',
  'ping',
  'resources/list',
  'prompts/get',
  'logging/setLevel',
  'nothing',
  '',
  'server/discover',
  '__proto__',
);
const id = fc.oneof(fc.integer(), fc.string());
/** A request as JSON-RPC has it, whatever its parameters are. */
const request = fc.oneof(
  fc.record({ jsonrpc: fc.constant('2.0'), id, method, params: fc.oneof(fc.constant(undefined), anything) }),
  fc.record({
    jsonrpc: fc.constant('2.0'),
    id,
    method: fc.constant('tools/call'),
    params: fc.oneof(
      anything,
      fc.record({ name: fc.oneof(fc.constantFrom(...toolNames), fc.string()), arguments: toolArguments }),
    ),
  }),
);
const malformed = fc.oneof(
  anything.map((value) => JSON.stringify(value)),
  fc
    .record({ jsonrpc: anything, id: anything, method: anything, params: anything, result: anything })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ jsonrpc: fc.constant('2.0'), id: anything, method: fc.constant('tools/list') })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ jsonrpc: fc.constant('2.0'), method: fc.string(), params: anything })
    .map((value) => JSON.stringify(value)),
  fc.string().filter((text) => !/[\r\n]/.test(text)),
  request.map((value) => JSON.stringify(value).slice(0, -3)),
  fc.constant('['.repeat(200_000)),
);

describe('what is no message of MCP', function () {
  this.timeout(3_600_000);
  this.slow(30_000);
  let cli: Cli;
  let other: DaemonClient;
  let folder: string;
  let rssBefore: number;

  before(async () => {
    ({ cli, folder, other, rssBefore } = await usedDaemon());
  });
  after(async () => {
    const grown = ((await settledRss(other, 2)) - rssBefore) / 2 ** 20;
    other.close();
    await cli.dispose();
    // The protocol's library is loaded by the first agent, and the tools have asked the model.
    assert.ok(grown < 200, `the daemon has ${Math.round(grown)} MiB more`);
  });

  async function othersAreServed(): Promise<void> {
    const { hits } = await other.request('lantern/search', { path: folder, query: 'door', mode: 'lexical' });
    assert.equal(hits[0]?.path, 'door.ts');
  }

  function assertClear({ error, result }: Answer): void {
    if (error !== undefined) {
      assert.ok(
        Number.isInteger(error.code) && error.message.length > 3 && !unclear.test(error.message),
        error.message,
      );
    } else if (result?.isError === true) {
      const text = (result.content ?? []).map((block) => block.text ?? '').join('\n');
      assert.ok(text.length > 5 && !unclear.test(text), text);
    }
  }

  describe('over standard input', () => {
    let bridge: ChildProcess;
    let answers: Answer[];
    let next: () => void;
    let count = 0;

    before(() => {
      answers = [];
      next = () => undefined;
      bridge = spawn(process.execPath, [join(packageRoot(import.meta.url), 'dist', 'lantern.js'), 'mcp'], {
        cwd: folder,
        env: { ...process.env, LANTERN_HOME: cli.home },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      createInterface({ input: bridge.stdout! }).on('line', (line) => {
        answers.push(JSON.parse(line) as Answer);
        next();
      });
    });
    after(async () => {
      bridge.stdin!.end();
      const began = performance.now();
      const code = await new Promise((settle) => bridge.once('exit', settle));
      assert.equal(code, 0);
      assert.ok(performance.now() - began < mostMs, 'ends when its input does');
    });

    async function answerTo(wanted: unknown): Promise<Answer> {
      const deadline = performance.now() + mostMs;
      for (;;) {
        const found = answers.find((answer) => answer.id === wanted && answer.method === undefined);
        if (found !== undefined) return found;
        assert.ok(performance.now() < deadline, `no answer to ${JSON.stringify(wanted)}`);
        await Promise.race([
          new Promise<void>((settle) => (next = settle)),
          new Promise((settle) => setTimeout(settle, 100)),
        ]);
      }
    }

    const send = (value: string): unknown => bridge.stdin!.write(`${value}\n`);

    it('is told so, and every request beside it is answered', async () => {
      const initialize = {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      };
      send(JSON.stringify({ jsonrpc: '2.0', id: 'start', method: 'initialize', params: initialize }));
      assertClear(await answerTo('start'));
      send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
      const lines = fc.array(fc.oneof(malformed, request), { minLength: 1, maxLength: 5 });
      await fuzz(
        lines,
        25,
        async (all) => {
          answers = [];
          const asked: unknown[] = [];
          for (const [i, one] of all.entries()) {
            if (typeof one === 'string') send(one);
            else {
              // An id of its own, so that no answer is taken for another.
              asked.push(`${count}:${i}`);
              send(JSON.stringify({ ...one, id: asked.at(-1) }));
            }
          }
          asked.push(`${count++}:end`);
          send(JSON.stringify({ jsonrpc: '2.0', id: asked.at(-1), method: 'tools/list' }));
          for (const wanted of asked) assertClear(await answerTo(wanted));
          for (const answer of answers) assertClear(answer);
          await othersAreServed();
        },
        'bad inputs',
      );
    });

    it('is one line of megabytes, which costs its own request only', async () => {
      answers = [];
      const huge = { name: 'search_code', arguments: { query: 'x'.repeat(3_000_000) } };
      send(JSON.stringify({ jsonrpc: '2.0', id: 'beside', method: 'tools/list' }));
      send(JSON.stringify({ jsonrpc: '2.0', id: 'huge', method: 'tools/call', params: huge }));
      send(JSON.stringify({ jsonrpc: '2.0', id: 'after', method: 'tools/list' }));
      const { error, result } = await answerTo('huge');
      const said = error?.message ?? result?.content?.[0]?.text ?? '';
      assert.match(said, /long|large|bytes/);
      for (const one of ['beside', 'after']) assert.ok((await answerTo(one)).result !== undefined);
    });
  });

  it('is refused over HTTP, and the next request is answered', async () => {
    const { stdout } = await cli.run(['mcp', 'config', '--client', 'http']);
    const { url, headers } = JSON.parse(stdout) as { url: string; headers: Record<string, string> };
    const post = (
      body: string | Uint8Array<ArrayBuffer>,
      more: Record<string, string> = {},
    ): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...more,
        },
        body,
        signal: AbortSignal.timeout(mostMs),
      });
    const bodies = fc.oneof(
      malformed,
      request.map((value) => JSON.stringify(value)),
      fc.array(request, { maxLength: 3 }).map((value) => JSON.stringify(value)),
      fc.uint8Array({ maxLength: 200 }),
      fc.constant('x'.repeat(2_000_000)),
    );
    const more = fc.constantFrom<Record<string, string>>(
      {},
      { 'mcp-session-id': 'none' },
      { 'mcp-protocol-version': 'x' },
      { 'mcp-protocol-version': '2025-11-25' },
      { accept: 'text/plain' },
    );
    await fuzz(
      fc.tuple(bodies, more),
      25,
      async ([body, extra]) => {
        const response = await post(typeof body === 'string' ? body : new Uint8Array(body), extra);
        const text = await response.text();
        // The rate limit belongs to the door, too.
        if (response.status === 429) return;
        assert.ok(response.status >= 200 && response.status < 500, `${response.status} ${text}`);
        if (response.status >= 400) {
          assert.ok((JSON.parse(text) as Answer).error!.message.length > 5);
          assert.ok(!unclear.test(text), text);
        }
        await othersAreServed();
      },
      'bad inputs',
    );
  });
});
