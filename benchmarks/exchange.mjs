// A folder that another person has embedded, and exported or shared, beside its words alone. The first index takes minutes,
// so it is made once, or taken from a data folder that has it.
//
//   npm run bench -- exchange --folder DIR [--runs N] [--home DIR]
import { cpSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startServer } from './chromaServer.mjs';
import { MB, rssOf } from './machine.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

const options = {
  folder: { type: 'string' },
  runs: { type: 'string', default: '3' },
  home: { type: 'string' },
};

/** Runs `work` with a client of a new data folder, and its workspace. */
async function withNewData(work, settings = {}) {
  const workspace = new Workspace();
  try {
    choose(workspace, settings);
    return await work(await workspace.client(), workspace);
  } finally {
    workspace.dispose();
  }
}

const choose = ({ home }, settings) => writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));

const timed = async (work) => {
  const began = performance.now();
  const value = await work();
  return { value, ms: performance.now() - began };
};

/** Milliseconds until the words of a folder are searchable; its vectors are left out. */
const terms = (folder) =>
  withNewData(async (client) => {
    const began = performance.now();
    let stop = () => undefined;
    const there = new Promise((settle) => (stop = settle));
    client.onProgress(({ progress }) => progress.kind === 'embedding' && stop(performance.now() - began));
    const job = client.request('lantern/index', { path: folder, token: 'terms' });
    job.catch(() => undefined);
    return Promise.race([there, job.then(() => performance.now() - began)]);
  });

/** Milliseconds until all vectors are there by `work`, until Chroma has them too, and the texts embedded. */
async function taken(client, folder, work) {
  const { value, ms } = await timed(work);
  // Waits for what goes on behind the job.
  const filling = await timed(() => client.request('lantern/index', { path: folder }));
  return { ready: ms, filled: ms + filling.ms, embedded: value.chunksEmbedded };
}

export const exchange = {
  what: 'a folder with the vectors of another data folder, exported or shared, beside its words alone',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.folder === undefined) throw new Error('exchange needs --folder DIR');
    const folder = realpathSync(values.folder);
    const place = mkdtempSync(join(tmpdir(), 'lantern-bench-exchange-'));
    const file = join(place, 'index.lantern');
    const server = await startServer();
    const sharing = (access) => ({ sharedVectors: { url: server.url, access } });
    try {
      const first = await withNewData(async (_, workspace) => {
        workspace.stop();
        if (values.home !== undefined) cpSync(values.home, workspace.home, { recursive: true });
        const client = await workspace.client();
        const { value: report, ms } = await timed(() => client.request('lantern/index', { path: folder }));
        say(`${report.chunksTotal} chunks embedded in ${Math.round(ms / 1000)} s`);
        const exported = await timed(() => client.request('lantern/export', { path: folder, file }));
        const { vectors } = exported.value;
        workspace.stop();
        choose(workspace, sharing('readwrite'));
        const giver = await workspace.client();
        await giver.request('lantern/index', { path: folder });
        const given = async () => (await giver.request('lantern/status', {})).sharedVectors.given;
        const { ms: give } = await timed(async () => {
          while ((await given()) < vectors) await sleep(50);
        });
        return { index: ms, export: exported.ms, give, vectors };
      });
      say(`given in ${Math.round(first.give)} ms`);
      const [words, imports, shares] = [[], [], []];
      for (let run = 0; run < Number(values.runs); run++) {
        words.push(await terms(folder));
        const [imported, shared] = [
          await withNewData((client) =>
            taken(client, folder, () => client.request('lantern/import', { path: folder, file })),
          ),
          await withNewData(
            (client) => taken(client, folder, () => client.request('lantern/index', { path: folder })),
            sharing('read'),
          ),
        ];
        imports.push(imported);
        shares.push(shared);
        say(JSON.stringify({ words: words.at(-1), imported, shared }));
      }
      const beside = (measure, all, key, atMost) =>
        row({
          measure,
          unit: 'ms',
          values: all.map((one) => one[key]),
          against: { what: 'words alone', values: words },
          ...(atMost !== undefined && { atMost }),
        });
      const embedded = [...imports, ...shares].map((one) => one.embedded);
      return [
        row({
          measure: values.home === undefined ? 'the first index' : 'an index with the vectors of --home',
          unit: 'ms',
          values: [first.index],
        }),
        row({ measure: `export of ${first.vectors} vectors`, unit: 'ms', values: [first.export] }),
        row({ measure: 'its file', unit: 'MB', values: [statSync(file).size / MB] }),
        row({ measure: 'giving them to a server', unit: 'ms', values: [first.give] }),
        row({ measure: 'memory of that server', unit: 'MB', values: [rssOf(server.pid) / MB] }),
        beside('the next person, by the file', imports, 'ready', 1.3),
        beside('until Chroma has it all, too', imports, 'filled'),
        beside('the next person, by the server', shares, 'ready', 1.3),
        beside('until Chroma has it all, too, by the server', shares, 'filled'),
        row({ measure: 'texts embedded by them', unit: '', values: embedded, atMost: 0 }),
      ];
    } finally {
      server.stop();
      rmSync(place, { recursive: true, force: true });
    }
  },
};
