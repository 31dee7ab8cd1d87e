import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient } from '../support/daemonClient.js';
import { tried } from '../../../shared/test/tally.js';
import { testClient, textOf } from '../support/testAgent.js';

const minutes = Number(process.env['LANTERN_TEST_MINUTES'] ?? 0.1);
const isLong = minutes >= 1;
/** Seven chunks each, so that an hour is on 20,000 chunks. */
const files = minutes >= 10 ? 2900 : isLong ? 400 : 24;
const windows = 5;
const agents = 10;
/** Milliseconds between two unloads of the model, and between two kills of Chroma. */
const unloadEveryMs = isLong ? 60_000 : 2000;
const killEveryMs = isLong ? 150_000 : 3000;
const nouns = [
  'invoice',
  'parcel',
  'session',
  'ledger',
  'cart',
  'coupon',
  'customer',
  'shipment',
  'refund',
  'stock',
];
const verbs = ['cancel', 'verify', 'merge', 'retry', 'archive', 'restore', 'count'];

const MiB = 1024 * 1024;

describe(`${windows} windows, ${agents} agents and an edit a second, with unloads and kills of Chroma`, function () {
  this.timeout(120_000 + minutes * 60_000 * 2 + files * 1000);
  let cli: Cli;
  let folder: string;
  let editors: DaemonClient[] = [];
  let clients: Client[] = [];

  before(async () => {
    cli = new Cli();
    folder = cli.folder();
    for (let i = 0; i < files; i++) writeFileSync(pathOf(i), textOfFile(i, 0));
    await cli.index(folder);
    editors = await Promise.all(Array.from({ length: windows }, () => DaemonClient.open(cli.home, 'editor')));
    const { stdout } = await cli.run(['mcp', 'config', '--client', 'http']);
    const { url, headers } = JSON.parse(stdout) as { url: string; headers: Record<string, string> };
    clients = Array.from({ length: agents }, () => testClient([folder]));
    for (const client of clients)
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  });
  after(async () => {
    for (const client of clients) await client.close();
    for (const editor of editors) editor.close();
    await cli.dispose();
  });

  const pathOf = (i: number): string => join(folder, `${nouns[i % nouns.length] ?? ''}${i}.ts`);

  function textOfFile(i: number, edit: number): string {
    const noun = nouns[i % nouns.length] ?? '';
    return verbs
      .slice(0, isLong ? verbs.length : 2)
      .map((verb) => {
        const lines = Array.from(
          { length: isLong ? 30 : 8 },
          (_, n) => `  const ${verb}Step${n} = await ${noun}Of${i}(${edit * n}, '${verb} ${noun} ${n}');`,
        );
        return `/** Has the ${noun} number ${i} ${verb}ed. */\nexport async function ${verb}${noun}${i}() {\n${lines.join('\n')}\n}\n`;
      })
      .join('\n');
  }

  it(`answer everything for ${minutes} minutes, in flat memory`, async () => {
    const took: number[] = [];
    const errors: string[] = [];
    const ends = performance.now() + minutes * 60_000;
    const going = (): boolean => performance.now() < ends;
    let edits = 0;
    let faults = 0;

    /** Runs a step again and again, and notes how long it took if it says so. */
    async function loop(pauseMs: number, step: (n: number) => Promise<boolean>): Promise<void> {
      for (let n = 0; going(); n++) {
        const began = performance.now();
        try {
          if (await step(n)) took.push(performance.now() - began);
        } catch (error) {
          errors.push(String(error));
        }
        await sleep(Math.min(pauseMs, Math.max(0, ends - performance.now())));
      }
    }
    const query = (n: number): string =>
      `where is a ${nouns[n % nouns.length] ?? ''} ${verbs[n % verbs.length] ?? ''}ed`;
    const [first] = editors;
    assert.ok(first);

    const rss: number[] = [];
    const pid = (await first.memory()).daemon.pid;
    const atRest = async (): Promise<number> => {
      await first.request('lantern/search', { path: folder, query: query(0), wait: true });
      // Threads of bulk work end two seconds after it.
      await sleep(3000);
      return handlesOf(pid);
    };
    const before = await atRest();
    await Promise.all([
      ...editors.map((editor, i) =>
        loop(150, async (n) => {
          const { hits } = await editor.request('lantern/search', { path: folder, query: query(n + i) });
          assert.ok(hits.length > 0, 'no hits');
          return true;
        }),
      ),
      ...clients.map((client, i) =>
        loop(400, async (n) => {
          const answer = await client.callTool({
            name: 'search_code',
            arguments: { query: query(n * 3 + i) },
          });
          assert.ok(answer.isError !== true && /^\[1\] /m.test(textOf(answer)), textOf(answer).slice(0, 300));
          return true;
        }),
      ),
      loop(1000, async (n) => {
        const path = pathOf((n * 13) % files);
        writeFileSync(path, textOfFile((n * 13) % files, ++edits));
        await first.notify('workspace/didChangeWatchedFiles', {
          changes: [{ uri: pathToFileURL(path).href, type: 2 }],
        });
        return false;
      }),
      loop(unloadEveryMs, async (n) => {
        if (n > 0) await first.request('lantern/clearCache', {});
        return false;
      }),
      loop(killEveryMs, async (n) => {
        const { chroma } = await first.memory();
        if (n === 0 || chroma === null) return false;
        process.kill(chroma.pid, 'SIGKILL');
        faults++;
        return false;
      }),
      loop(isLong ? 5000 : 500, async () => {
        const { daemon } = await first.memory();
        assert.equal(daemon.pid, pid, 'another daemon answers');
        rss.push(daemon.rssBytes);
        return false;
      }),
    ]);
    assert.deepEqual(errors.slice(0, 3), []);

    // What was edited last is what is found.
    const path = pathOf(7 % files);
    writeFileSync(path, `${textOfFile(7, 0)}\nexport const unmistakableZebra = 1;\n`);
    // A folder is not compared with the disk twice within a second.
    await sleep(1100);
    const { hits } = await first.request('lantern/search', {
      path: folder,
      query: 'unmistakableZebra',
      wait: true,
    });
    assert.match(hits[0]?.text ?? '', /unmistakableZebra/);

    took.sort((a, b) => a - b);
    const at = (share: number): number =>
      took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? NaN;
    // The first two fifths load the model, Chroma and caches.
    const later = rss.slice(Math.floor((rss.length * 2) / 5));
    const third = Math.max(1, Math.floor(later.length / 3));
    const grown = (median(later.slice(-third)) - median(later.slice(0, third))) / MiB;
    const handles = (await atRest()) - before;
    if (process.env['LANTERN_TEST_MINUTES'] !== undefined)
      process.stdout.write(
        `      ${took.length} searches, ${edits} edits, ${faults} kills of Chroma: p50 ${Math.round(at(0.5))} ms, ` +
          `p95 ${Math.round(at(0.95))} ms, worst ${Math.round(at(1))} ms; memory ${grown.toFixed(1)} MiB more ` +
          `in the last third than in the first, handles at rest ${handles} more than before\n`,
      );
    assert.ok(took.length > agents, `${took.length} searches`);
    assert.ok(at(1) < 30_000, `the worst search took ${Math.round(at(1))} ms`);
    assert.ok(grown < (isLong ? 60 : 150), `the daemon grew by ${grown.toFixed(1)} MiB`);
    assert.ok(handles <= 4, `the daemon has ${handles} more handles`);
    tried('rounds of load', took.length);
    tried('kills', faults);
  });
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Open files, sockets and pipes of a process. Linux only; elsewhere 0. */
function handlesOf(pid: number): number {
  return process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : 0;
}
