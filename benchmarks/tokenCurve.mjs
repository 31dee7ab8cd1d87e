// How many tokens a model reads until the file that answers is on the page, for Lantern and other tools, on questions
// about other people's code.
//
//   npm run bench -- tokens --queries F --corpora DIR [--repos a,b] [--home DIR] [--rg PROGRAM] [--python PYTHON]
//                           [--model DIR] [--codegraph PROGRAM] [--chart FILE]
//
// The first PROGRAM is ripgrep, the second that of the package @colbymchenry/codegraph, and PYTHON one with
// `semble onnx tokenizers` installed; without them there are fewer tools. DIR of --model is a static model for semble,
// by default the token embeddings of the bundled model.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { curvesChart } from './chart.mjs';
import { root } from './child.mjs';
import { answers } from './ndcg.mjs';
import { quantile } from './stats.mjs';
import { bm25, codegraph, lantern, ripgrep, semble } from './tokenPages.mjs';
import { DaemonClient } from '../out/server/test/support/daemonClient.js';

const options = {
  queries: { type: 'string' },
  corpora: { type: 'string' },
  repos: { type: 'string' },
  home: { type: 'string', default: join(root, '.bench', 'quality-home') },
  rg: { type: 'string' },
  python: { type: 'string' },
  model: { type: 'string', default: join(root, 'models', 'all-MiniLM-L6-v2') },
  codegraph: { type: 'string' },
  chart: { type: 'string' },
};

const budgets = [300, 500, 1000, 2000];
const mostTokens = Math.max(...budgets);
/** Text that has more tokens than any budget, whatever it says. */
const enoughBytes = mostTokens * 8;

/** Tokens until the first place that answers is named; infinite when none is. */
function tokensUntil({ text, places }, question, pathOf) {
  const first = places
    .filter((place) =>
      question.relevant.some((target) => answers({ ...place, path: pathOf(place.path) }, target)),
    )
    .reduce((least, { at }) => Math.min(least, at), Infinity);
  return first === Infinity ? Infinity : countTokens(text.slice(0, first));
}

async function ask(tool, entries, values) {
  const counts = [];
  for (const entry of entries) {
    const folder = join(values.corpora, entry.root, entry.index_root);
    const pathOf = (path) => (entry.index_root === '.' ? path : `${entry.index_root}/${path}`);
    for (const question of entry.queries) {
      const page = await tool.ask(folder, question.query);
      counts.push(tokensUntil(page, question, pathOf));
    }
  }
  return counts;
}

const within = (counts, budget) => counts.filter((count) => count <= budget).length / counts.length;

/** Recalls at every tenth token, for the picture. */
const curveOf = (counts) =>
  Array.from({ length: mostTokens / 10 + 1 }, (_, at) => [at * 10, within(counts, at * 10)]);

export const tokenCurve = {
  what: 'how many tokens a model reads until the file that answers is on the page',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.queries === undefined || values.corpora === undefined)
      throw new Error('tokens needs --queries FILE and --corpora DIR');
    values.corpora = realpathSync(values.corpora);
    mkdirSync(values.home, { recursive: true });
    const home = realpathSync(values.home);
    const chosen = values.repos?.split(',');
    const entries = JSON.parse(readFileSync(values.queries, 'utf8')).filter(
      ({ repo, root: name }) =>
        existsSync(join(values.corpora, name)) && (chosen === undefined || chosen.includes(repo)),
    );
    const client = await DaemonClient.open(home, 'tokens');
    const results = [];
    const curves = [];
    try {
      for (const { root: name, index_root: part } of entries) {
        const path = join(values.corpora, name, part);
        await client.request('lantern/index', { path });
        await client.request('lantern/search', { path, query: 'warm up', wait: true });
      }
      const tools = {
        Lantern: () => lantern(home, undefined, enoughBytes),
        'Lantern, locations': () => lantern(home, 'locations', enoughBytes),
        'BM25 alone': () => bm25(enoughBytes),
        ...(values.rg !== undefined && { 'ripgrep, windows': () => ripgrep(values.rg) }),
        ...(values.python !== undefined && {
          'semble, ten lines': () => semble(values.python, values.model, 10),
          'semble, places': () => semble(values.python, values.model, 0),
        }),
        ...(values.codegraph !== undefined && { 'codegraph explore': () => codegraph(values.codegraph) }),
      };
      for (const [name, open] of Object.entries(tools)) {
        const tool = await open();
        try {
          const counts = await ask(tool, entries, values);
          const median = quantile(counts, 0.5);
          say(
            `${name}: median ${median} tokens, ` +
              budgets
                .map((budget) => `${(within(counts, budget) * 100).toFixed(1)} % at ${budget}`)
                .join(', ') +
              `, over ${counts.length} questions`,
          );
          results.push({ measure: `${name}: tokens to the file, median`, value: median, unit: 'tokens' });
          for (const budget of budgets) {
            const value = within(counts, budget) * 100;
            const goal = name === 'Lantern' && budget === 300 ? { goal: '≥ 90', met: value >= 90 } : {};
            results.push({ measure: `${name}: within ${budget} tokens`, value, unit: '%', ...goal });
          }
          curves.push({ name, points: curveOf(counts) });
        } finally {
          await tool.close();
        }
      }
    } finally {
      client.close();
      const env = { ...process.env, LANTERN_HOME: home };
      spawnSync(process.execPath, [join(root, 'dist', 'lantern.js'), 'stop'], { env });
    }
    if (values.chart !== undefined) {
      const title = 'Questions whose file is on the page, by tokens read';
      writeFileSync(resolve(values.chart), curvesChart(title, curves, 'tokens'));
    }
    return results;
  },
};
