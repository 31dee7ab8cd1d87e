// How well searches rank, on questions about other people's code. Indexing and searching go through the daemon as they
// do for a user; leaving features out is done on the same catalog in this process.
//
//   npm run bench -- quality --queries F --corpora DIR [--masked F] [--modes lexical,hybrid,semantic] [--whole]
//                            [--ablate] [--home DIR] [--out results.jsonl] [--score score.mjs]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ablate } from './ablate.mjs';
import { means, mean, ndcg } from './ndcg.mjs';
import { percentile } from './workspace.mjs';
import { DaemonClient } from '../out/server/test/support/daemonClient.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const options = {
  queries: { type: 'string' },
  masked: { type: 'string' },
  corpora: { type: 'string' },
  modes: { type: 'string', default: 'lexical,hybrid,semantic' },
  whole: { type: 'boolean', default: false },
  ablate: { type: 'boolean', default: false },
  together: { type: 'boolean', default: false },
  home: { type: 'string', default: join(root, '.bench', 'quality-home') },
  out: { type: 'string' },
  score: { type: 'string' },
};

/** Reads question files into sets by name; what is not there is left out. */
function questionSets({ queries, masked }) {
  const sets = [{ name: 'original', file: queries }];
  if (masked !== undefined) sets.push({ name: 'masked', file: masked });
  return sets.map((set) => ({ ...set, corpora: JSON.parse(readFileSync(set.file, 'utf8')) }));
}

/** The folder of a corpus that is indexed: the part that the questions are about, or the whole package. */
const folderOf = (corpora, { root: name, index_root: part }, whole) => join(corpora, name, whole ? '' : part);

/** Paths as the questions have them, from the package's root: else `index.ts` would be taken for any other's `…/index.ts`. */
const pathFrom = ({ index_root: part }, whole, path) => (whole || part === '.' ? path : `${part}/${path}`);

async function indexAll(client, sets, values, say) {
  for (const entry of sets[0].corpora) {
    const path = folderOf(values.corpora, entry, values.whole);
    if (!existsSync(path)) {
      say(`${entry.repo} is not there and scores 0`);
      continue;
    }
    const { chunksTotal, chunksEmbedded, elapsedMs } = await client.request('lantern/index', { path });
    if (chunksEmbedded > 0)
      say(`${entry.repo}: ${chunksEmbedded} of ${chunksTotal} chunks embedded in ${elapsedMs} ms`);
  }
}

/** How a question is asked: of its folder; of all folders, ranked together; or of each, with what is found merged by score. */
const ways = {
  alone: (client, path, question) => client.request('lantern/search', { path, ...question }),
  together: (client, path, question) => client.request('lantern/search', { all: true, ...question }),
  merged: async (client, path, question, folders) => {
    const hits = [];
    for (const folder of folders)
      hits.push(...(await client.request('lantern/search', { path: folder, ...question })).hits);
    return { hits: hits.sort((a, b) => b.score - a.score).slice(0, question.limit) };
  },
};

async function askAll(client, { corpora: entries }, mode, values, way = 'alone') {
  const rows = [];
  const folders = entries
    .map((entry) => folderOf(values.corpora, entry, values.whole))
    .filter((path) => existsSync(path));
  for (const entry of entries) {
    const path = folderOf(values.corpora, entry, values.whole);
    if (!existsSync(path)) continue;
    // The first query after an index is a cold one, and one without a model answers by words.
    await client.request('lantern/search', { path, query: 'warm up', mode, wait: true });
    for (const question of entry.queries) {
      const began = performance.now();
      const { hits } = await ways[way](client, path, { query: question.query, mode, limit: 10 }, folders);
      const ms = performance.now() - began;
      const results = hits.map(({ folder, path: below, startLine, endLine, score: value }) => ({
        // What another folder has of that name is no answer.
        path: folder === path ? pathFrom(entry, values.whole, below) : join(folder, below, 'elsewhere'),
        start: startLine,
        end: endLine,
        score: value,
      }));
      rows.push({
        repo: entry.repo,
        language: entry.language,
        category: question.category,
        query: question.query,
        ndcg: ndcg(results, question),
        ms,
        results,
      });
    }
  }
  return rows;
}

function tell(say, name, rows) {
  const list = (key) =>
    means(rows, key, 'ndcg')
      .map(([group, value]) => `${group} ${value.toFixed(3)}`)
      .join('  ');
  const times = rows.map(({ ms }) => ms);
  say(`${name}: NDCG@10 ${mean(rows.map((row) => row.ndcg)).toFixed(4)} over ${rows.length} questions`);
  say(`  ${list('category')}`);
  say(`  ${list('language')}`);
  say(`  ${list('repo')}`);
  say(`  p50 ${percentile(times, 0.5).toFixed(1)} ms, p95 ${percentile(times, 0.95).toFixed(1)} ms`);
}

function score(values, file, set, say) {
  if (values.score === undefined) return;
  const { stdout, stderr } = spawnSync(process.execPath, [values.score, file, '--queries', set.file], {
    encoding: 'utf8',
  });
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) say(line);
}

/** Goals by mode and set, for the development questions that this was built with. */
const goals = {
  'hybrid original': 0.89,
  'hybrid masked': 0.69,
  'lexical original': 0.87,
  'lexical masked': 0.66,
};

export const quality = {
  what: 'how well searches rank, over questions about the code of other projects',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.queries === undefined || values.corpora === undefined)
      throw new Error('quality needs --queries FILE and --corpora DIR');
    values.corpora = realpathSync(values.corpora);
    mkdirSync(values.home, { recursive: true });
    const home = realpathSync(values.home);
    const sets = questionSets(values);
    const client = await DaemonClient.open(home, 'quality');
    const results = [];
    const line = (measure, value, unit, goal, met) =>
      results.push({ measure, value, unit, ...(goal !== undefined && { goal, met }) });
    try {
      await indexAll(client, sets, values, say);
      for (const set of sets) {
        for (const mode of values.modes.split(',')) {
          const rows = await askAll(client, set, mode, values);
          const name = `${mode} ${set.name}`;
          tell(say, name, rows);
          const value = mean(rows.map((row) => row.ndcg));
          const goal = goals[name];
          line(`${name} NDCG@10`, value, '', goal && `>= ${goal}`, value >= goal);
          line(
            `${name} p50`,
            percentile(
              rows.map(({ ms }) => ms),
              0.5,
            ),
            'ms',
          );
          line(
            `${name} p95`,
            percentile(
              rows.map(({ ms }) => ms),
              0.95,
            ),
            'ms',
          );
          if (values.out !== undefined) {
            const file = resolve(values.out.replace(/(\.jsonl)?$/, `-${mode}-${set.name}.jsonl`));
            const lines = rows.map(({ repo, query, ms, results: hits }) =>
              JSON.stringify({ repo, query, latency_ms: ms, results: hits }),
            );
            writeFileSync(file, `${lines.join('\n')}\n`);
            score(values, file, set, say);
          }
        }
      }
      if (values.together) {
        for (const set of sets) {
          for (const way of ['merged', 'together']) {
            const rows = await askAll(client, set, 'hybrid', values, way);
            tell(say, `all folders, ${way}, ${set.name}`, rows);
            line(`hybrid ${set.name} in all folders, ${way}, NDCG@10`, mean(rows.map((row) => row.ndcg)), '');
          }
        }
      }
    } finally {
      client.close();
      const env = { ...process.env, LANTERN_HOME: home };
      spawnSync(process.execPath, [join(root, 'dist', 'lantern.js'), 'stop'], { env });
    }
    if (values.ablate) {
      const folder = (entry) => folderOf(values.corpora, entry, values.whole);
      const pathOf = (entry, path) => pathFrom(entry, values.whole, path);
      for (const row of await ablate(home, sets, folder, pathOf)) {
        say(row.text);
        for (const { measure, value } of row.measures) line(measure, value, '');
      }
    }
    return results;
  },
};
