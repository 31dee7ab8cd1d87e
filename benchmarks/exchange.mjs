// A folder that another person has embedded and exported, beside its words alone. The first index takes minutes, so it
// is made once.
//
//   npm run bench -- exchange --folder DIR [--runs N]
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MB } from './machine.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

const options = { folder: { type: 'string' }, runs: { type: 'string', default: '3' } };

/** Runs `work` with a client of a new data folder. */
async function withNewData(work) {
  const workspace = new Workspace();
  try {
    return await work(await workspace.client());
  } finally {
    workspace.dispose();
  }
}

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

export const exchange = {
  what: 'a folder with the exported vectors of another data folder, beside its words alone',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.folder === undefined) throw new Error('exchange needs --folder DIR');
    const folder = realpathSync(values.folder);
    const place = mkdtempSync(join(tmpdir(), 'lantern-bench-exchange-'));
    const file = join(place, 'index.lantern');
    try {
      const first = await withNewData(async (client) => {
        const { value: report, ms } = await timed(() => client.request('lantern/index', { path: folder }));
        say(`${report.chunksTotal} chunks embedded in ${Math.round(ms / 1000)} s`);
        const exported = await timed(() => client.request('lantern/export', { path: folder, file }));
        return { index: ms, export: exported.ms, vectors: exported.value.vectors };
      });
      const [words, imports, embedded] = [[], [], []];
      for (let run = 0; run < Number(values.runs); run++) {
        words.push(await terms(folder));
        await withNewData(async (client) => {
          const { value, ms } = await timed(() => client.request('lantern/import', { path: folder, file }));
          imports.push(ms);
          embedded.push(value.chunksEmbedded);
        });
        say(`words ${Math.round(words.at(-1))} ms, import ${Math.round(imports.at(-1))} ms`);
      }
      return [
        row({ measure: 'the first index', unit: 'ms', values: [first.index] }),
        row({ measure: `export of ${first.vectors} vectors`, unit: 'ms', values: [first.export] }),
        row({ measure: 'its file', unit: 'MB', values: [statSync(file).size / MB] }),
        row({
          measure: 'the index of the next person',
          unit: 'ms',
          values: imports,
          against: { what: 'words alone', values: words },
          atMost: 1.3,
        }),
        row({ measure: 'texts embedded by it', unit: '', values: embedded, atMost: 0 }),
      ];
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
};
