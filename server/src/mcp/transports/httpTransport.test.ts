import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { HttpTransport } from './httpTransport.js';
import { TestAgents, testClient, textOf } from '../../../test/support/testAgent.js';
import { readToken, rotateToken, tokenPath } from './token.js';
import { type HttpLimits, defaultHttpLimits } from './httpLimits.js';

const limits: HttpLimits = {
  ...defaultHttpLimits,
  maxBodyBytes: 64 * 1024,
  maxConnections: 40,
  requestsPerSecond: 1000,
  burst: 1000,
  requestTimeoutMs: 600,
  socketTimeoutMs: 700,
};

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

describe('the HTTP door', () => {
  let agents: TestAgents;
  let door: HttpTransport;
  let token: string;
  const clients: Client[] = [];

  /** One request of our own making; what the SDK's client would never send. */
  function send(body: string | Buffer, headers: Record<string, string> = {}, method = 'POST', path = '/mcp') {
    return new Promise<Reply>((resolve, reject) => {
      const sent = httpRequest(
        new URL(path, door.url),
        {
          method,
          agent: false,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async function connected(
    mode: 'legacy' | 'auto' = 'legacy',
    roots?: readonly string[],
    bearer = token,
  ): Promise<Client> {
    const client = testClient(roots, mode);
    const headers = { Authorization: `Bearer ${bearer}` };
    clients.push(client);
    await client.connect(new StreamableHTTPClientTransport(new URL(door.url), { requestInit: { headers } }));
    return client;
  }

  /** The proof that whatever came before did no harm. */
  async function works(): Promise<void> {
    const client = await connected();
    const answer = await client.callTool({ name: 'search_code', arguments: { query: 'retry upload' } });
    assert.match(textOf(answer), /retryUpload/);
    await client.close();
  }

  before(async () => {
    agents = new TestAgents({ 'src/retry.ts': 'export function retryUpload() {\n  return upload();\n}\n' });
    await agents.deps.service.index({ path: agents.root }, () => undefined);
    door = await HttpTransport.open(agents.deps, agents.home, { limits });
    token = await readToken(agents.home);
  });

  after(async () => {
    for (const client of clients) await client.close().catch(() => undefined);
    await door.dispose();
    await agents.dispose();
  });

  for (const [mode, version] of [
    ['legacy', '2025-11-25'],
    ['auto', '2026-07-28'],
  ] as const) {
    it(`serves the official client over ${version}, with roots, progress and errors`, async () => {
      const client = await connected(mode, [agents.root]);
      assert.equal(client.getNegotiatedProtocolVersion(), version);
      assert.equal((await client.listTools()).tools.length, 7);
      const found = await client.callTool({ name: 'search_code', arguments: { query: 'retry upload' } });
      assert.match(textOf(found), /src\/retry\.ts:1-3/);
      let told = 0;
      await client.callTool(
        { name: 'index_directory', arguments: { path: agents.root } },
        { onprogress: () => told++ },
      );
      assert.ok(told >= 0);
      const refused = await client.callTool({
        name: 'search_code',
        arguments: { query: 'x', folder: '/nowhere' },
      });
      assert.equal(refused.isError, true);
      await client.close();
    });
  }

  it('rejects requests without the token', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`, token]) {
      const { status, headers, body } = await send(JSON.stringify(initialize), { authorization });
      assert.equal(status, 401, authorization);
      assert.match(headers['www-authenticate'] ?? '', /^Bearer/);
      assert.ok(!body.includes(token));
    }
    await assert.rejects(connected('legacy', undefined, 'wrong'));
    await works();
  });

  it('refuses an old token from the moment it is rotated, in sessions too', async () => {
    const client = await connected();
    const old = token;
    token = await rotateToken(agents.home);
    assert.notEqual(token, old);
    await assert.rejects(client.listTools());
    assert.equal((await send(JSON.stringify(initialize), { authorization: `Bearer ${old}` })).status, 401);
    await works();
  });

  it('keeps the token where only the user reads it, and makes another when others could', async function () {
    if (process.platform === 'win32') this.skip();
    const path = tokenPath(agents.home);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const before = readFileSync(path, 'utf8');
    chmodSync(path, 0o644);
    token = await readToken(agents.home);
    assert.notEqual(`${token}\n`, before);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    writeFileSync(path, 'short');
    token = await readToken(agents.home);
    assert.ok(token.length >= 32);
    await works();
  });

  it('refuses pages of other sites and hosts of other names', async () => {
    const body = JSON.stringify(initialize);
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'vscode-webview://x',
      'http://127.0.0.1@evil.example',
    ]) {
      assert.equal((await send(body, { origin })).status, 403, origin);
    }
    for (const host of [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      'localhost@evil.example',
    ]) {
      assert.equal((await send(body, { host })).status, 403, host);
    }
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1']) {
      assert.equal((await send(body, { origin })).status, 200, origin);
    }
    const preflight = await send(
      '',
      { origin: 'http://localhost', 'access-control-request-method': 'POST' },
      'OPTIONS',
    );
    assert.equal(preflight.status, 405);
    assert.equal(preflight.headers['access-control-allow-origin'], undefined);
    await works();
  });

  it('answers nothing but /mcp', async () => {
    for (const path of ['/', '/mcp/x', '/MCP', '/../mcp-token']) {
      assert.equal((await send(JSON.stringify(initialize), {}, 'POST', path)).status, 404, path);
    }
    assert.equal((await send('x', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await send('', {}, 'PUT')).status, 405);
  });

  it('refuses what is no JSON-RPC', async () => {
    const bodies = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{}',
      '[1,2]',
      '{"jsonrpc":"1.0","id":1,"method":"ping"}',
      '['.repeat(30_000),
    ];
    for (const body of [...bodies, Buffer.from([0xff, 0xfe, 0x00])]) {
      const { status } = await send(body);
      assert.ok(status >= 400 && status < 500, `${status} for ${String(body).slice(0, 40)}`);
    }
    await works();
  });

  it('refuses a body of 100 MB before it has come, whether its length is told or not', async () => {
    const declared = await send('x', { 'content-length': String(100 * 1024 * 1024) }).catch(
      (error: unknown) => error,
    );
    assert.ok(declared instanceof Error || (declared as Reply).status === 413);
    const rss = process.memoryUsage.rss();
    const status = await new Promise<number | string>((resolve) => {
      const sent = httpRequest(door.url, {
        method: 'POST',
        agent: false,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
      const part = Buffer.alloc(256 * 1024, 0x20);
      let written = 0;
      const write = (): void => {
        while (written < 100 * 1024 * 1024) {
          written += part.length;
          if (!sent.write(part)) return;
        }
        sent.end();
      };
      sent.on('drain', write);
      sent.on('response', (response) => resolve(response.statusCode ?? 0));
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      write();
    });
    assert.ok(status === 413 || status === 'EPIPE' || status === 'ECONNRESET', String(status));
    assert.ok(process.memoryUsage.rss() - rss < 80 * 1024 * 1024);
    await works();
  });

  it('closes on a client that sends its request a byte at a time', async () => {
    const { socket, closed } = await raw();
    socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const dripping = setInterval(() => socket.write('x'), 50);
    try {
      await within(closed, 15_000);
    } finally {
      clearInterval(dripping);
    }
    await works();
  });

  it('gives up on a client that asks on and on and never reads', async () => {
    const id = String((await send(JSON.stringify(initialize))).headers['mcp-session-id']);
    const { socket, closed } = await raw();
    socket.pause();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/list' });
    const one =
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\nMcp-Session-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    // Far more answers than the system's buffers hold.
    for (let count = 0; count < 3000; count++) socket.write(one);
    await sleep(200);
    await eventually(() => {
      assert.deepEqual(agents.activity.active(), []);
      return Promise.resolve();
    });
    socket.resume();
    await within(closed, 15_000);
    await works();
  });

  it('bounds connections, and serves again when they are gone', async () => {
    const open = await Promise.all(Array.from({ length: 1000 }, () => raw()));
    await eventually(() => {
      const alive = open.filter(({ socket }) => socket.readyState === 'open').length;
      assert.ok(alive <= limits.maxConnections, `${alive} open`);
      return Promise.resolve();
    });
    for (const { socket } of open) socket.destroy();
    await Promise.all(open.map(({ closed }) => closed));
    await eventually(works);
    assert.ok(agents.recorded.events('warn').some(({ event }) => event === 'mcp.refused'));
  });

  it('bounds sessions, and lets a new one in when one has ended', async () => {
    await withDoor({ ...limits, maxSessions: 3 }, async () => {
      const replies: Reply[] = [];
      for (let count = 0; count < 5; count++) replies.push(await send(JSON.stringify(initialize)));
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200, 200, 503, 503],
      );
      assert.equal(door.clients().length, 3);
      await send('', { 'mcp-session-id': String(replies[0]?.headers['mcp-session-id']) }, 'DELETE');
      await works();
    });
    // Who has not been heard of for a while makes room.
    await withDoor({ ...limits, maxSessions: 1, sessionReplaceableMs: 0 }, async () => {
      for (let count = 0; count < 3; count++)
        assert.equal((await send(JSON.stringify(initialize))).status, 200);
      assert.equal(door.clients().length, 1);
    });
  });

  it('bounds how many requests come in a second', async () => {
    await withDoor({ ...limits, requestsPerSecond: 1, burst: 3 }, async () => {
      const all = await Promise.all(Array.from({ length: 6 }, () => send(JSON.stringify(initialize))));
      assert.equal(all.filter(({ status }) => status === 429).length, 3);
    });
  });

  it('makes clients with an unknown session begin again', async () => {
    const call = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
    assert.equal((await send(call, { 'mcp-session-id': 'made-up' })).status, 404);
    assert.equal((await send(call)).status, 400);
  });

  it('listens on the loopback address only, and on the same port the next time', async () => {
    assert.equal(new URL(door.url).hostname, '127.0.0.1');
    for (const client of clients.splice(0)) await client.close().catch(() => undefined);
    await door.dispose();
    door = await HttpTransport.open(agents.deps, agents.home, { limits });
    const { port } = new URL(door.url);
    await door.dispose();
    door = await HttpTransport.open(agents.deps, agents.home, { limits });
    assert.equal(new URL(door.url).port, port);
    const second = await HttpTransport.open(agents.deps, agents.home, { limits });
    try {
      assert.notEqual(second.url, door.url);
    } finally {
      await second.dispose();
    }
    await works();
  });

  it('leaves nothing running', async () => {
    await eventually(() => {
      assert.deepEqual(agents.activity.active(), []);
      return Promise.resolve();
    });
  });

  /** Has another door with limits of its own stand in for the usual one. */
  async function withDoor(own: HttpLimits, run: () => Promise<void>): Promise<void> {
    const usual = door;
    door = await HttpTransport.open(agents.deps, agents.home, { limits: own });
    try {
      await run();
    } finally {
      await door.dispose();
      door = usual;
    }
  }

  function raw(): Promise<{ socket: Socket; closed: Promise<void> }> {
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise<void>((settle) => socket.once('close', () => settle()));
    return new Promise((resolve) => {
      socket.once('connect', () => resolve({ socket, closed }));
      socket.once('close', () => resolve({ socket, closed }));
    });
  }
});

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const late = sleep(ms, 'late', { ref: false });
  assert.notEqual(await Promise.race([promise, late]), 'late');
}

async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}
