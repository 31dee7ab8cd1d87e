// A real folder of thousands of files from nothing: terms, vectors of files, rate of chunks, and what a person notices
// meanwhile, beside semble on the same folder.
//
//   npm run bench -- real-folder --folder DIR [--python PYTHON] [--runs N] [--seconds N] [--terms-only]
//
// PYTHON is a Python with `semble onnx tokenizers` installed; without it there is no peer. `--terms-only` ends a run
// when all terms are there, for folders whose vectors would take a day.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { output, root } from './child.mjs';
import { row } from './stats.mjs';
import { Workspace, percentile } from './workspace.mjs';

const options = {
  folder: { type: 'string' },
  python: { type: 'string' },
  runs: { type: 'string', default: '3' },
  /** For how long the rate of chunks is measured. */
  seconds: { type: 'string', default: '30' },
  'terms-only': { type: 'boolean', default: false },
};

const queries = [
  'where is a connection closed after a timeout',
  'parse a header',
  'retry with backoff',
  'split a string at a separator',
  'schedule a task on a worker',
];

/**
 * Indexes `folder` with a daemon of its own until `seconds` of chunks are embedded, or, without seconds, until all terms
 * are there; milliseconds and bytes.
 */
async function indexOnce(folder, seconds) {
  // The daemon measures how late its main thread is.
  process.env.LANTERN_MEASURE_LOOP = '1';
  const workspace = new Workspace();
  try {
    const indexer = await workspace.client();
    const person = await workspace.client();
    await person.memory();
    const began = performance.now();
    const found = { terms: NaN, files: NaN, chunks: 0, rate: NaN, queries: [], status: [], peak: 0 };
    let stop = () => undefined;
    const measured = new Promise((settle) => (stop = settle));
    let since = NaN;
    let done = 0;
    let going = true;
    indexer.onProgress(({ progress }) => {
      const now = performance.now();
      if (progress.kind !== 'embedding') return;
      if (Number.isNaN(found.terms)) found.terms = now - began;
      if (seconds === undefined) stop();
      if (progress.files > 0) return;
      if (Number.isNaN(found.files)) {
        found.files = now - began;
        found.chunks = progress.total;
        since = now;
        setTimeout(stop, seconds * 1000);
      }
      done = progress.done;
    });
    const job = indexer.request('lantern/index', { path: folder, token: 'real' });
    job.catch(() => undefined);
    const ask = async () => {
      for (let i = 0; going; i++) {
        const asked = performance.now();
        await person
          .request('lantern/search', { path: folder, query: queries[i % queries.length] })
          .catch(() => undefined);
        found.queries.push(performance.now() - asked);
        const looked = performance.now();
        await person.request('lantern/status', {});
        found.status.push(performance.now() - looked);
        const { daemon, chroma } = await person.memory();
        found.delay = daemon.loopDelay;
        found.peak = Math.max(found.peak, daemon.rssBytes + (chroma?.rssBytes ?? 0));
        await sleep(seconds === undefined ? 1000 : 200);
      }
    };
    const asking = ask();
    await Promise.race([measured, job]);
    found.rate = (done * 1000) / (performance.now() - since);
    going = false;
    await asking;
    return found;
  } finally {
    workspace.dispose();
  }
}

const vectorRows = (runs) => [
  row({
    measure: 'vectors of all files',
    unit: 'ms',
    values: runs.map(({ files }) => files),
    atMost: 45_000,
  }),
  row({ measure: 'chunks embedded', unit: 'a second', values: runs.map(({ rate }) => rate) }),
  row({
    measure: 'all vectors, reckoned from that rate',
    unit: 'ms',
    values: runs.map(({ files, chunks, rate }) => files + (chunks / rate) * 1000),
    atMost: 300_000,
  }),
];

/** Whether a request takes longer the more is indexed: its median in each third of the run. */
const thirds = (request, runs) =>
  ['first', 'second', 'last'].map((name, i) =>
    row({
      measure: `${request} meanwhile, p50 in the ${name} third`,
      unit: 'ms',
      values: runs.map((times) =>
        percentile(
          times.slice(Math.floor((times.length * i) / 3), Math.floor((times.length * (i + 1)) / 3)),
          0.5,
        ),
      ),
      ...(i === 2 && { atMost: 50 }),
    }),
  );

export const realFolder = {
  what: 'a real folder from nothing: terms, vectors, and queries meanwhile, beside semble',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.folder === undefined) throw new Error('real-folder needs --folder DIR');
    const folder = realpathSync(values.folder);
    const seconds = values['terms-only'] ? undefined : Number(values.seconds);
    const model = join(root, 'models', 'all-MiniLM-L6-v2');
    const ours = [];
    const peer = [];
    for (let run = 0; run < Number(values.runs); run++) {
      if (values.python !== undefined) {
        const script = join(root, 'benchmarks', 'peer', 'index_folder.py');
        peer.push(JSON.parse(await output(values.python, [script, folder, model])));
        say(`semble: ${Math.round(peer.at(-1).indexMs)} ms, ${peer.at(-1).chunks} chunks`);
      }
      ours.push(await indexOnce(folder, seconds));
      const { terms, files, chunks, rate } = ours.at(-1);
      say(
        `terms ${Math.round(terms)} ms` +
          (seconds === undefined
            ? ''
            : `, files' vectors ${Math.round(files)} ms, ${rate.toFixed(1)} of ${chunks} chunks a second`),
      );
    }
    const of = (key) => ours.map((run) => run[key]);
    const against = peer.length > 0 && {
      what: 'the whole index of semble, static model',
      values: peer.map(({ indexMs }) => indexMs),
    };
    const all = (key) => ours.flatMap((run) => run[key]);
    return [
      row({
        measure: 'all terms',
        unit: 'ms',
        values: of('terms'),
        ...(against && { against, atMost: 0.8 }),
      }),
      ...(seconds === undefined
        ? thirds('search', of('queries')).concat(thirds('status', of('status')))
        : vectorRows(ours)),
      row({ measure: 'search meanwhile, p50', unit: 'ms', values: [percentile(all('queries'), 0.5)] }),
      row({ measure: 'search meanwhile, p95', unit: 'ms', values: [percentile(all('queries'), 0.95)] }),
      row({ measure: 'status meanwhile, p95', unit: 'ms', values: [percentile(all('status'), 0.95)] }),
      row({
        measure: "timers of the daemon's main thread late, p99",
        unit: 'ms',
        values: ours.map(({ delay }) => delay.p99Ms),
        atMost: 10,
      }),
      row({ measure: 'the same, most', unit: 'ms', values: ours.map(({ delay }) => delay.maxMs) }),
      row({
        measure: 'most memory of daemon and Chroma',
        unit: 'MB',
        values: of('peak').map((bytes) => bytes / 2 ** 20),
        atMost: 600,
      }),
    ];
  },
};
