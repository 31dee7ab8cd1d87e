import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { Message } from 'vscode-languageserver-protocol/node';
import { helloOf } from '../../../shared/src/connection/reachDaemon.js';
import { fuzz } from '../../../shared/test/fuzz.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, processesOf, settledRss, until } from '../support/daemonClient.js';
import { RawClient, framed, unframed } from '../support/rawClient.js';
import { usedDaemon } from '../support/usedDaemon.js';

const mebibyte = 2 ** 20;
/** A client that is served waits no longer than this beside one that misbehaves. */
const mostMs = 5000;

interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly code: string };
  };
}

/** Cuts bytes into the parts in which they are sent. */
const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends
    .map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
    .filter(({ length }) => length > 0);
};

function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no end after ${mostMs} ms`)), mostMs).unref();
  });
  return Promise.race([work, late]);
}

describe('what is no message', function () {
  this.timeout(600_000);
  this.slow(30_000);
  let cli: Cli;
  let other: DaemonClient;
  let folder: string;
  let rssBefore: number;
  let handlesBefore: number;

  const handles = async (): Promise<number> => {
    const { daemon } = await other.memory();
    return process.platform === 'linux' ? readdirSync(`/proc/${daemon.pid}/fd`).length : 0;
  };

  before(async () => {
    ({ cli, folder, other, rssBefore } = await usedDaemon());
    handlesBefore = await handles();
  });
  after(async () => {
    other.close();
    await cli.dispose();
    assert.deepEqual(processesOf(cli.home), []);
  });

  afterEach(async () => {
    await until('all other clients are gone', async () => (await other.memory()).clients.length === 1);
    assert.ok((await handles()) <= handlesBefore + 2, 'open files and sockets');
    const grown = (await settledRss(other, 2)) - rssBefore;
    assert.ok(grown < 100 * mebibyte, `the daemon has ${Math.round(grown / mebibyte)} MiB more`);
  });

  /** Sends the parts of several clients in turns. Meanwhile and afterwards the other client is served. */
  async function talk(
    conversations: readonly (readonly Uint8Array[])[],
    isAnswered: (received: Buffer, index: number) => boolean,
  ): Promise<Buffer[]> {
    const clients = await Promise.all(conversations.map(() => RawClient.open(cli.home)));
    try {
      for (let turn = 0; conversations.some((parts) => turn < parts.length); turn++) {
        await Promise.all(clients.map((client, i) => client.send(conversations[i]!.slice(turn, turn + 1))));
      }
      const served = other.request('lantern/search', { path: folder, query: 'door', mode: 'lexical' });
      const end = async (client: RawClient, index: number): Promise<Buffer> => {
        await client.received((bytes) => isAnswered(bytes, index));
        return client.end();
      };
      const all = Promise.all([...clients.map(end), served]);
      const ended = await inTime(all);
      const { hits } = await served;
      assert.equal(hits[0]?.path, 'door.ts');
      return ended.slice(0, -1) as Buffer[];
    } finally {
      for (const client of clients) client.destroy();
    }
  }

  const places = fc.array(fc.nat(4000), { maxLength: 4 });
  const hello = (client: string) => ({ ...helloOf(client), intent: 'session' });
  const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
  /** The daemon's line, and what follows it. */
  const afterLine = (bytes: Buffer): [Record<string, unknown>, Buffer] => {
    const end = bytes.indexOf(0x0a);
    assert.ok(end >= 0, 'the daemon greets with a line');
    return [JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, unknown>, bytes.subarray(end + 1)];
  };

  it('is refused as a hello, with the reason', async () => {
    const noIntent = fc.jsonValue().filter((value) => value !== 'stop' && value !== 'takeover');
    const changed = fc
      .tuple(
        fc.constantFrom('lantern', 'protocol', 'build', 'client', 'pid', 'intent', '__proto__', 'more'),
        fc.oneof(noIntent, fc.constant('x'.repeat(9000)), fc.constant(undefined)),
      )
      .map(([name, value]) => line({ ...hello('test'), [name]: value }));
    const cases = fc.oneof(
      changed,
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 8000, maxLength: 20_000 }),
      fc.json().map((text) => Buffer.from(`${text}\n`)),
      fc.constant(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
      fc.nat(300).map((length) => line(hello('test')).subarray(0, length)),
    );
    await fuzz(
      fc.array(fc.tuple(cases, places), { minLength: 1, maxLength: 3 }),
      25,
      async (clients) => {
        // Without a whole line there is nothing to refuse yet; a line that is too long is refused before its end.
        const isRefusable = (i: number): boolean =>
          clients[i]![0].includes(0x0a) || clients[i]![0].length > 8192;
        const answers = await talk(
          clients.map(([bytes, at]) => cut(bytes, at)),
          (received, i) => received.includes(0x0a) || !isRefusable(i),
        );
        for (const [i, answer] of answers.entries()) {
          if (answer.length === 0 && !isRefusable(i)) continue;
          const [reply, rest] = afterLine(answer);
          assert.equal(typeof reply['ok'], 'boolean');
          if (reply['ok'] === true) continue;
          assert.ok(typeof reply['message'] === 'string' && reply['message'].length > 10);
          assert.equal(rest.length, 0);
        }
      },
      'bad inputs',
    );
  });

  /** Requests that may be asked with anything. `index` is not among them: it would read folders of this machine. */
  const methods = [
    ...['search', 'findRelated', 'status', 'memory', 'models', 'pause', 'resume', 'remove'].map(
      (name) => `lantern/${name}`,
    ),
    ...['initialize', 'shutdown', '$/cancelRequest', '$/setTrace', 'textDocument/hover', '__proto__', ''],
    ...['workspace/didChangeWorkspaceFolders', 'workspace/didChangeWatchedFiles', 'textDocument/didSave'],
  ];
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(null, true, -1, 1e308, '', '\0', '/no/such/folder', 'x'.repeat(5000), '\ud800', [[]], {}),
  );
  const params = fc.oneof(
    fc.constant(undefined),
    anything,
    fc.dictionary(
      fc.constantFrom(
        ...[
          'path',
          'query',
          'file',
          'line',
          'limit',
          'mode',
          'glob',
          'language',
          'minMatch',
          'relation',
          'id',
          'token',
        ],
        ...[
          'event',
          'changes',
          'textDocument',
          'workspaceFolders',
          'capabilities',
          'processId',
          'workDoneToken',
          'value',
        ],
      ),
      fc.oneof(anything, fc.constantFrom(1, 'hybrid', '*.ts', 'door')),
    ),
    fc.constant({ query: 'door', mode: 'lexical' }),
  );
  // A process id would be watched, and its end would end the session.
  const harmless = params.map((value) =>
    typeof value === 'object' && value !== null && 'processId' in value
      ? { ...value, processId: null }
      : value,
  );
  const request = fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.oneof(fc.nat(), fc.string()),
    method: fc.constantFrom(...methods),
    params: harmless,
  });
  const notification = fc.record({
    jsonrpc: fc.constant('2.0'),
    method: fc.constantFrom(...methods),
    params: harmless,
  });
  const malformed = fc.oneof(
    anything.filter((value) => !isMessage(value)).map(framed),
    fc
      .record({ jsonrpc: anything, id: anything, method: anything, params: anything, result: anything })
      .filter((value) => !isMessage(value))
      .map(framed),
    fc
      .string()
      .map((text) => Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`))
      .filter((bytes) => !isJsonMessage(bytes)),
    fc
      .constantFrom('-1', '', 'x', '1e9', '99999999999', '8388609', '0')
      .map((length) => Buffer.from(`Content-Length: ${length}\r\n\r\n`)),
    fc.constant(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
    fc.constant(Buffer.from('x'.repeat(5000))),
    fc.constant(Buffer.from(`Content-Length: 200000\r\n\r\n${'['.repeat(200_000)}`)),
  );
  function isMessage(value: unknown): boolean {
    const message = value as Message;
    return (
      Message.isRequest(message) || Message.isNotification(message) || Message.isResponse(message) || false
    );
  }
  function isJsonMessage(bytes: Buffer): boolean {
    try {
      return isMessage(JSON.parse(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString()));
    } catch {
      return false;
    }
  }

  it('ends its own session alone, after answers to what came before', async () => {
    const conversation = fc.record({
      messages: fc.array(fc.oneof({ weight: 3, arbitrary: request }, notification), { maxLength: 6 }),
      bad: fc.option(malformed),
      lost: fc.nat(30),
      places,
    });
    await fuzz(
      fc.array(conversation, { minLength: 1, maxLength: 3 }),
      25,
      async (clients) => {
        const sent = clients.map(({ messages, bad, lost, places: at }) => {
          const whole = [line(hello('test')), ...messages.map(framed), ...(bad === null ? [] : [bad])];
          // Without a bad message at its end the last one is cut short.
          const last = bad === null && messages.length > 0 ? framed(messages.at(-1)).length : 0;
          const bytes = Buffer.concat(whole);
          return cut(bytes.subarray(0, bytes.length - Math.min(lost, last)), at);
        });
        const isAnswered = (_: Buffer, i: number): boolean => clients[i]!.bad === null;
        for (const [i, received] of (await talk(sent, isAnswered)).entries()) {
          // A client that still writes when it is closed may lose what it has not read.
          if (received.length === 0) continue;
          const [reply, rest] = afterLine(received);
          assert.equal(reply['ok'], true);
          const answers = (unframed(rest) as Answer[]).filter(({ method }) => method === undefined);
          const { messages, bad } = clients[i]!;
          const asked = new Set(messages.map((message) => ('id' in message ? message.id : undefined)));
          for (const { id, error } of answers) {
            assert.ok(id === null || asked.has(id as string | number), 'answers what was asked');
            if (error === undefined) continue;
            assert.ok(error.message.length > 5 && Number.isInteger(error.code));
            assert.ok(
              error.data?.code !== 'internal' &&
                !/TypeError|is not a function|undefined|Cannot read/.test(error.message),
              error.message,
            );
          }
          if (bad !== null)
            assert.ok(
              answers.some(({ id, error }) => id === null && error !== undefined),
              'says what is wrong',
            );
        }
      },
      'bad inputs',
    );
  });

  it('is a request with any parameters, which gets a result or says what is wrong with it', async () => {
    await fuzz(
      request,
      60,
      async ({ method, params: asked }) => {
        const client = await RawClient.open(cli.home);
        try {
          const message = { jsonrpc: '2.0', id: 7, method, params: asked };
          await client.send([line(hello('test')), framed(message)]);
          const received = await inTime(
            client.received((bytes) => /"id":(?:7|null)[,}]/.test(bytes.toString())),
          );
          const answers = unframed(afterLine(received)[1]) as Answer[];
          const answer = answers.find(({ id }) => id === 7 || id === null);
          assert.ok(answer !== undefined, 'no answer');
          const { error } = answer;
          if (error === undefined) return;
          assert.ok(
            error.message.length > 5 && !/TypeError|is not a function|Cannot read/.test(error.message),
            error.message,
          );
          assert.notEqual(error.data?.code, 'internal', error.message);
        } finally {
          client.destroy();
        }
      },
      'bad inputs',
    );
  });
});
