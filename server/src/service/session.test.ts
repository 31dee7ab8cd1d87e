import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import {
  CancellationTokenSource,
  ErrorCodes,
  LSPErrorCodes,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-languageserver-protocol/node';
import type { LogFields } from '../../../shared/src/log.js';
import type { IndexReport, SearchResult, StatusResult } from '../../../shared/src/protocol/protocol.js';
import { Gate } from '../../test/support/testGate.js';
import { ActivityCounter } from './activity.js';
import { Session } from './session.js';
import { TestService } from '../../test/support/testService.js';

describe('Session', () => {
  let test: TestService;
  let sessions: Session[];
  let clients: MessageConnection[];
  let activity: ActivityCounter;
  let logged: { event: string; fields: LogFields | undefined }[];

  beforeEach(() => {
    test = new TestService({
      'door.ts': 'export function closeDoor() { hinge.turn(); }',
      'window.ts': 'glass',
    });
    sessions = [];
    clients = [];
    logged = [];
    activity = new ActivityCounter(0, () => undefined);
  });

  afterEach(async () => {
    for (const client of clients) client.dispose();
    for (const session of sessions) session.dispose();
    activity.dispose();
    await test.dispose();
  });

  /** The two ends of a socket, the daemon's with a session on it that its owner disposes of when it ends. */
  function connect(name = 'cli'): {
    session: Session;
    client: MessageConnection;
    socket: Duplex;
    ended: Promise<void>;
  } {
    const [socket, serverEnd] = duplexPair();
    // As with a socket, the end of one end is the end of the other.
    socket.once('close', () => serverEnd.destroy());
    const session = new Session(
      serverEnd,
      { client: name, pid: 42 },
      {
        service: test.service,
        activity,
        clients: () => sessions.map((one) => one.info()),
        doctor: () => Promise.resolve({ checks: [{ name: 'model', ok: true, detail: 'fine' }] }),
        log: { write: (_, event, fields) => void logged.push({ event, fields }) },
      },
    );
    const ended = session.closed.then(() => session.dispose());
    const client = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
    client.listen();
    sessions.push(session);
    clients.push(client);
    return { session, client, socket, ended };
  }

  async function refusal(request: Promise<unknown>): Promise<ResponseError<{ code?: string } | undefined>> {
    try {
      await request;
    } catch (error) {
      assert.ok(error instanceof ResponseError, String(error));
      return error as ResponseError<{ code?: string } | undefined>;
    }
    return assert.fail('must be refused');
  }

  const here = (): { path: string } => ({ path: test.root });

  it('answers every request', async () => {
    const { client } = connect();
    const report = await client.sendRequest<IndexReport>('lantern/index', here());
    assert.deepEqual([report.folder, report.filesAdded], [test.root, 2]);
    const found = await client.sendRequest<SearchResult>('lantern/search', { query: 'hinge', ...here() });
    assert.equal(found.hits[0]?.path, 'door.ts');
    const place = { ...here(), file: 'door.ts', line: 1 };
    const related = await client.sendRequest<SearchResult>('lantern/findRelated', place);
    assert.deepEqual(
      related.hits.map(({ path }) => path),
      ['window.ts'],
    );
    const status = await client.sendRequest<StatusResult>('lantern/status', {});
    assert.equal(status.folders.length, 1);
    assert.deepEqual(
      status.clients.map(({ name, pid }) => [name, pid]),
      [['cli', 42]],
    );
    for (const [method, params, result] of [
      ['lantern/models', {}, { models: [] }],
      ['lantern/preload', {}, {}],
      ['lantern/pause', {}, {}],
      ['lantern/resume', here(), {}],
      ['lantern/clearCache', {}, { models: 1, bytes: 5 }],
      ['lantern/doctor', {}, { checks: [{ name: 'model', ok: true, detail: 'fine' }] }],
      ['lantern/remove', here(), { folder: test.root, files: 2, chunks: 2 }],
    ] as const) {
      assert.deepEqual(await client.sendRequest(method, params), result, method);
    }
    const memory = await client.sendRequest<{ daemon: { pid: number } }>('lantern/memory', {});
    assert.equal(memory.daemon.pid, process.pid);
    assert.deepEqual(activity.active(), []);
  });

  describe('errors', () => {
    it('carry a number for any client and a code for ours', async () => {
      const { client } = connect();
      for (const [method, params, number, code] of [
        ['lantern/search', {}, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/search', { query: 5 }, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/search', { query: 'q' }, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/search', { query: 'q', path: '/nowhere/at/all' }, LSPErrorCodes.RequestFailed, 'not-found'],
        ['lantern/index', [], ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/index', { path: join(test.root, 'door.ts') }, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/findRelated', { path: '/x' }, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/pause', { path: 7 }, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/remove', null, ErrorCodes.InvalidParams, 'bad-request'],
        ['lantern/remove', { path: '/nowhere/at/all' }, LSPErrorCodes.RequestFailed, 'not-found'],
      ] as const) {
        const error = await refusal(client.sendRequest(method, params));
        assert.deepEqual([error.code, error.data], [number, { code }], `${method} ${JSON.stringify(params)}`);
        assert.ok(error.message.length > 10);
      }
      assert.equal(logged.filter(({ event }) => event === 'request.failed').length, 10);
      assert.deepEqual(activity.active(), []);
    });

    it('of a fault in the program are not hidden', async () => {
      const { client } = connect();
      await client.sendRequest('lantern/index', here());
      test.index.catalog.counts = () => {
        throw new TypeError('something is undefined');
      };
      const error = await refusal(client.sendRequest('lantern/status', {}));
      assert.deepEqual([error.code, error.data], [ErrorCodes.InternalError, { code: 'internal' }]);
      assert.match(error.message, /something is undefined/);
    });

    it('name an unknown method', async () => {
      const { client } = connect();
      const error = await refusal(client.sendRequest('lantern/fly', {}));
      assert.equal(error.code, ErrorCodes.MethodNotFound);
      await client.sendNotification('lantern/unheard', {});
      await client.sendRequest('lantern/status', {});
    });
  });

  describe('cancelling', () => {
    /** Starts an index job that stands in the middle of its embedding. */
    async function indexing(client: MessageConnection, source = new CancellationTokenSource()) {
      const gate = new Gate();
      const signals: AbortSignal[] = [];
      test.index.embedder.before = (_, signal) => {
        signals.push(signal);
        return gate.pass();
      };
      const result = client.sendRequest('lantern/index', here(), source.token);
      result.catch(() => undefined);
      await gate.reached;
      return { gate, signals, result };
    }

    it('ends one request and its work', async () => {
      const { client } = connect();
      const source = new CancellationTokenSource();
      const { gate, signals, result } = await indexing(client, source);
      assert.equal(activity.active().length, 1);
      source.cancel();
      const error = await refusal(result);
      assert.deepEqual([error.code, error.data], [LSPErrorCodes.RequestCancelled, { code: 'cancelled' }]);
      assert.equal(signals[0]?.aborted, true);
      gate.open();
      await client.sendRequest('lantern/status', {});
    });

    it('follows from the end of the socket', async () => {
      const { client, socket, ended } = connect();
      const { gate, signals } = await indexing(client);
      socket.destroy();
      await ended;
      while (signals[0]?.aborted !== true) await sleep(1);
      gate.open();
      while (activity.active().length > 0) await sleep(1);
      while (test.index.embedder.leases > 0) await sleep(1);
    });

    it('follows from the end of the daemon, which says that nobody cancelled', async () => {
      const { client, session } = connect();
      const { gate, result } = await indexing(client);
      session.dispose();
      const error = await refusal(result);
      assert.deepEqual([error.code, error.data], [LSPErrorCodes.RequestFailed, { code: 'ended' }]);
      assert.match(error.message, /daemon was stopped, or another version took its place.*is kept/);
      gate.open();
      while (activity.active().length > 0) await sleep(1);
    });

    it('leaves the work of another session alone', async () => {
      const [one, two] = [connect(), connect()];
      const { gate, signals } = await indexing(one.client);
      const other = two.client.sendRequest<IndexReport>('lantern/index', here());
      while (activity.active().length < 2) await sleep(1);
      for (let i = 0; i < 20; i++) await sleep(1);
      one.socket.destroy();
      await one.ended;
      gate.open();
      assert.equal((await other).chunksTotal, 2);
      assert.equal(signals[0]?.aborted, false);
    });
  });

  describe('progress', () => {
    it('is sent with the token that the client chose', async () => {
      const { client } = connect();
      const seen: unknown[] = [];
      client.onNotification('lantern/progress', (event) => {
        seen.push(event);
      });
      await client.sendRequest('lantern/index', { ...here(), token: 'job 1' });
      const events = seen as { token: string; progress: { kind: string; done?: number } }[];
      assert.ok(events.every(({ token }) => token === 'job 1'));
      assert.deepEqual([...new Set(events.map(({ progress }) => progress.kind))], ['scanning', 'embedding']);
      assert.equal(events.at(-1)?.progress.done, 2);
    });

    it('is work-done progress of the language server protocol where the request has its token', async () => {
      const { client } = connect();
      const seen: { token: unknown; value: { kind: string; percentage?: number } }[] = [];
      client.onNotification('$/progress', (event: (typeof seen)[number]) => void seen.push(event));
      await client.sendRequest('lantern/index', { ...here(), workDoneToken: 5 });
      assert.ok(seen.every(({ token }) => token === 5));
      assert.deepEqual([seen[0]?.value.kind, seen.at(-1)?.value.kind], ['begin', 'end']);
      assert.equal(seen.at(-2)?.value.percentage, 100);
    });

    it('is not sent unasked, and does no harm after the session', async () => {
      const { client, session } = connect();
      let seen = 0;
      client.onNotification('lantern/progress', () => {
        seen++;
      });
      const gate = new Gate();
      test.index.embedder.before = () => gate.pass();
      const lost = client.sendRequest('lantern/index', { ...here(), token: 't', workDoneToken: 1 });
      lost.catch(() => undefined);
      await gate.reached;
      // What was sent by now is still on its way.
      for (let i = 0; i < 20; i++) await sleep(1);
      seen = 0;
      session.dispose();
      session.dispose();
      gate.open();
      const other = connect();
      await other.client.sendRequest('lantern/index', here());
      assert.equal(seen, 0);
    });
  });

  describe('an editor', () => {
    it('names its folders, and a search without a folder uses them', async () => {
      const { client, session } = connect('editor');
      const uri = pathToFileURL(test.root).href;
      await client.sendRequest('lantern/index', here());
      const result = await client.sendRequest<{ serverInfo: { name: string } }>('initialize', {
        processId: null,
        rootUri: null,
        capabilities: {},
        workspaceFolders: [
          { uri, name: 'root' },
          { uri: 'untitled:one', name: 'none' },
        ],
      });
      assert.equal(result.serverInfo.name, 'lantern');
      await client.sendNotification('initialized', {});
      assert.deepEqual(session.info().folders, [test.root]);
      const found = await client.sendRequest<SearchResult>('lantern/search', { query: 'hinge' });
      assert.equal(found.hits[0]?.path, 'door.ts');

      const change = { added: [{ uri: 'file:///other', name: 'o' }], removed: [{ uri, name: 'root' }] };
      await client.sendNotification('workspace/didChangeWorkspaceFolders', { event: change });
      await client.sendRequest('lantern/status', {});
      assert.equal(session.info().folders.length, 1);
      assert.notEqual(session.info().folders[0], test.root);
    });

    it('is notified of changes, but not too often', async () => {
      const { client } = connect('editor');
      const quiet = connect('cli');
      const seen: string[] = [];
      for (const method of ['lantern/statusChanged', 'lantern/memoryChanged'])
        client.onNotification(method, () => void seen.push(method));
      quiet.client.onNotification(() => assert.fail('nobody else is told'));
      await client.sendRequest('lantern/index', here());
      while (seen.length < 2) await sleep(5);
      assert.deepEqual(seen, ['lantern/statusChanged', 'lantern/memoryChanged']);
    });

    it('reports changed and saved files', async () => {
      const { client } = connect('editor');
      await client.sendRequest('lantern/index', here());
      const changes: (readonly string[])[] = [];
      test.service.changed = (paths) => {
        changes.push(paths);
      };
      const file = join(test.root, 'new.ts');
      const uri = pathToFileURL(file).href;
      const events = [
        { uri, type: 1 },
        { uri: 'untitled:x', type: 1 },
        { uri: 'file://bad%zz', type: 2 },
      ];
      await client.sendNotification('workspace/didChangeWatchedFiles', { changes: events });
      await client.sendNotification('textDocument/didSave', { textDocument: { uri } });
      await client.sendRequest('lantern/status', {});
      assert.deepEqual(changes, [[file], [file]]);
    });

    it('passes on which files are open, and survives what is none', async () => {
      const { client } = connect('editor');
      const opened: (readonly string[])[] = [];
      test.service.opened = (paths) => void opened.push(paths);
      const file = join(test.root, 'new.ts');
      await client.sendNotification('lantern/opened', { paths: [file] });
      await client.sendNotification('lantern/opened', { paths: 7 });
      await client.sendNotification('lantern/opened', [null]);
      await client.sendNotification('lantern/opened');
      await client.sendRequest('lantern/status', {});
      assert.deepEqual(opened, [[file]]);
    });
  });

  describe('ends', () => {
    it('with shutdown and exit, while the daemon continues', async () => {
      const { client, ended } = connect();
      const other = connect();
      await client.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
      assert.equal(await client.sendRequest('shutdown'), null);
      await client.sendNotification('exit');
      await ended;
      const status = await other.client.sendRequest<StatusResult>('lantern/status', {});
      assert.equal(status.pid, process.pid);
    });

    it('with exit alone', async () => {
      const { client, ended } = connect();
      await client.sendNotification('exit');
      await ended;
    });

    it('with the process of its client', async () => {
      const { socket, ended } = connect();
      socket.destroy();
      await ended;
    });

    it('leaving no listener behind', async () => {
      const listeners = (): number => test.index.folders.changed.size + test.model.changed.size;
      const before = listeners();
      const { session } = connect('editor');
      assert.ok(listeners() > before);
      session.dispose();
      assert.equal(listeners(), before);
      await sleep(0);
    });
  });

  describe('garbage on the stream', () => {
    for (const [name, bytes] of [
      ['random bytes', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251))],
      ['a browser', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
      ['a length that is no number', Buffer.from('Content-Length: many\r\n\r\n{}')],
      ['a body that is no JSON', Buffer.from('Content-Length: 5\r\n\r\n{{{{{')],
      ['JSON that is no message', Buffer.from('Content-Length: 4\r\n\r\nnull')],
      ['a list', Buffer.from('Content-Length: 2\r\n\r\n[]')],
      [
        'an answer to no question',
        Buffer.from('Content-Length: 36\r\n\r\n{"jsonrpc":"2.0","id":9,"result":{}}'),
      ],
      ['half a message', Buffer.from('Content-Length: 500\r\n\r\n{"jsonrpc"')],
    ] as const) {
      it(`does no harm to anybody else: ${name}`, async () => {
        const bad = connect();
        const good = connect();
        bad.client.dispose();
        bad.socket.write(bytes);
        await good.client.sendRequest('lantern/status', {});
        await sleep(5);
        bad.socket.destroy();
        await bad.ended;
        await good.client.sendRequest('lantern/status', {});
        assert.deepEqual(activity.active(), []);
      });
    }
  });
});
