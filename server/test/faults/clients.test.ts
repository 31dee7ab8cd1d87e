import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { readDaemonRecord } from '../../../shared/src/connection/daemonRecord.js';
import { helloOf } from '../../../shared/src/connection/reachDaemon.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, settledRss, until } from '../support/daemonClient.js';
import { tried } from '../../../shared/test/tally.js';

const MiB = 1024 * 1024;
const frame = (message: object): string => {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};
const hello = JSON.stringify({ ...helloOf('test'), intent: 'session' });
const initialize = frame({ id: 0, method: 'initialize', params: { processId: null, capabilities: {} } });

describe('a client that behaves badly', function () {
  this.timeout(60_000);
  let cli: Cli;
  let folder: string;
  let good: DaemonClient;
  let endpoint: string;
  const sockets: Socket[] = [];

  before(async () => {
    cli = new Cli();
    folder = cli.folder();
    for (let i = 0; i < 60; i++) {
      const lines = Array.from(
        { length: 38 },
        (_, n) => `  const retry${i}x${n} = upload(${i * n}, 'part ${n}');`,
      );
      writeFileSync(
        join(folder, `a${i}.ts`),
        `export function retryUpload${i}() {\n${lines.join('\n')}\n}\n`,
      );
    }
    await cli.index(folder);
    good = await DaemonClient.open(cli.home, 'editor');
    endpoint = (await readDaemonRecord(cli.home))?.endpoint ?? '';
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  after(async () => {
    good.close();
    await cli.dispose();
  });

  /** A connection after the hello line. Its answers stay unread. */
  function bad(): Socket {
    const socket = connect(endpoint);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`${hello}\n`);
    sockets.push(socket);
    return socket;
  }

  const ask = { query: 'retry upload', path: '', mode: 'lexical', limit: 100 } as const;

  /** How long the longest of several searches of another client took, in milliseconds. */
  async function slowest(rounds = 5): Promise<number> {
    let most = 0;
    for (let i = 0; i < rounds; i++) {
      const began = performance.now();
      const { hits } = await good.request('lantern/search', { ...ask, path: folder, limit: 5 });
      assert.ok(hits.length > 0);
      most = Math.max(most, performance.now() - began);
    }
    return most;
  }

  const sessions = async (): Promise<number> => (await good.request('lantern/status', {})).clients.length;

  it('is served although its messages come a byte at a time', async () => {
    const socket = connect(endpoint);
    sockets.push(socket);
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    const search = frame({ id: 1, method: 'lantern/search', params: { ...ask, path: folder, limit: 1 } });
    for (const byte of `${hello}\n${initialize}${search}`) {
      socket.write(byte);
      await setImmediate();
    }
    await until('it has its answer', () => /"id":1,.*"hits":\[\{/s.test(heard), 10);
    socket.destroy();
    tried('attacks');
  });

  it('that asks on and on and never reads is not heard any longer, and holds up nobody', async () => {
    const before = await settledRss(good, 1);
    const socket = bad();
    socket.write(initialize);
    // Each answer repeats the path twice.
    const path = `/${'x'.repeat(4000)}`;
    let sent = 0;
    while (sent < 20_000 && !isBlocked(socket)) {
      for (let i = 0; i < 50; i++)
        socket.write(frame({ id: ++sent, method: 'lantern/search', params: { ...ask, path } }));
      // The buffers of the system take some.
      for (let waited = 0; isBlocked(socket) && waited < 500; waited += 5) await sleep(5);
      await sleep(1);
    }
    assert.ok(sent < 10_000, `${sent} requests were taken`);
    assert.ok((await slowest()) < 5000);
    const grown = (await settledRss(good, 2)) - before;
    assert.ok(grown < 80 * MiB, `the daemon grew by ${Math.round(grown / MiB)} MiB`);

    // It is served again when it reads.
    let heard = '';
    socket.on('data', (data: Buffer) => (heard = `${heard.slice(-200)}${data.toString('latin1')}`));
    socket.resume();
    await until('it has the last answer', () => heard.includes(`"id":${sent},`), 30);
    tried('attacks');
  });

  it('that asks on and on and reads holds up nobody', async () => {
    const socket = bad();
    socket.resume();
    socket.write(initialize);
    const flood = async (): Promise<void> => {
      for (let asked = 0; asked < 1000;) {
        for (let i = 0; i < 50; i++)
          socket.write(frame({ id: ++asked, method: 'lantern/search', params: { ...ask, path: folder } }));
        await drained(socket);
      }
    };
    const flooding = flood();
    const most = await slowest(10);
    await flooding;
    assert.ok(most < 5000, `another client waited ${Math.round(most)} ms`);
    tried('attacks');
  });

  it('whose message has no end is closed', async () => {
    const before = await settledRss(good, 1);
    const socket = bad();
    socket.write(`${initialize}Content-Length: 1000000000000\r\n\r\n`);
    const part = Buffer.alloc(MiB, 0x20);
    for (let i = 0; i < 100 && !socket.destroyed; i++) {
      if (!socket.write(part)) await drained(socket);
    }
    await until('it is closed', async () => (await sessions()) === 1, 10);
    const grown = (await settledRss(good, 2)) - before;
    assert.ok(grown < 120 * MiB, `the daemon grew by ${Math.round(grown / MiB)} MiB`);
    assert.ok((await slowest()) < 5000);
    tried('attacks');
  });

  it('whose headers have no end is closed', async () => {
    const socket = bad();
    socket.write(initialize);
    const part = `X: ${'y'.repeat(MiB)}`;
    for (let i = 0; i < 40 && !socket.destroyed; i++) {
      if (!socket.write(part)) await drained(socket);
    }
    await until('it is closed', async () => (await sessions()) === 1, 10);
    assert.ok((await slowest()) < 5000);
    tried('attacks');
  });

  it('names patterns, paths and numbers that no request has, and is told so', async () => {
    const wrong: readonly (readonly [string, object, RegExp])[] = [
      ['lantern/search', { query: 'x', path: folder, glob: '**/a/'.repeat(40) }, /too many wildcards/],
      ['lantern/search', { query: 'x', path: '/etc', patienceMs: 1 }, /belongs to the system/],
      ['lantern/index', { path: '/' }, /root of the file system/],
      ['lantern/index', { path: 'a\0b' }, /absolute|broken/],
      ['lantern/findRelated', { path: folder, file: '../../etc/passwd', line: 1 }, /./],
      ['lantern/refuse', { path: 'relative' }, /not an absolute path/],
    ];
    for (const [method, params, message] of wrong) {
      await assert.rejects(good.call(method, params), message, method);
      tried('bad inputs');
    }
  });
});

const isBlocked = (socket: Socket): boolean => socket.writableNeedDrain;

/** Resolves when more can be written, or will never be. */
async function drained(socket: Socket): Promise<void> {
  while (isBlocked(socket) && !socket.destroyed) await sleep(5);
}
