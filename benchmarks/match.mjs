// Whether the strength of a match tells questions that a library answers from those that it cannot: its own questions,
// questions about other libraries, and nonsense.
//
//   npm run bench -- match --queries F --corpora DIR --home DIR [--dump F]
//
// The home is one that `npm run bench -- quality` has filled.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exactNearest, openModel } from './ablate.mjs';
import { answers } from './ndcg.mjs';
import { nullLog } from '../out/shared/src/log.js';
import { Catalog } from '../out/server/src/catalog/catalog.js';
import { matchOf } from '../out/server/src/search/match.js';
import { parseQuery } from '../out/server/src/search/query.js';
import { Searcher } from '../out/server/src/search/searcher.js';

const here = dirname(fileURLToPath(import.meta.url));
const stages = ['lexical', 'files', 'hybrid'];
/** Other libraries that each question is asked of. */
const others = 3;
/** Hits that a person sees first. */
const first = 3;
const page = 10;

const options = {
  queries: { type: 'string' },
  corpora: { type: 'string' },
  home: { type: 'string' },
  dump: { type: 'string' },
};

/** Every question with the library that it is asked of; libraries in turn, so that each run asks the same. */
function cases(entries, nonsense) {
  const all = [];
  for (const [at, entry] of entries.entries()) {
    for (const [number, question] of entry.queries.entries()) {
      all.push({ kind: 'own', entry, question });
      for (let i = 0; i < others; i++) {
        const step = 1 + ((number + i * 7) % (entries.length - 1));
        const other = entries[(at + step) % entries.length];
        all.push({ kind: 'foreign', entry: other, question: { query: question.query, of: entry.repo } });
      }
    }
    for (const query of nonsense) all.push({ kind: 'nonsense', entry, question: { query } });
  }
  return all;
}

/** The first hits of each case at each stage, with what tells how well they match. */
async function collect(home, all, folderOf, pathOf) {
  const catalog = new Catalog(home, nullLog);
  const { model, cache } = await openModel(home);
  const searcher = new Searcher(catalog);
  const vectors = new Map();
  const nearest = new Map();
  const rows = [];
  try {
    for (const { kind, entry, question } of all) {
      const folder = catalog.folder(folderOf(entry));
      if (folder === undefined) throw new Error(`${folderOf(entry)} is not indexed in this home`);
      if (!nearest.has(entry.repo)) nearest.set(entry.repo, exactNearest(catalog, folder));
      const text = question.query;
      if (!vectors.has(text)) vectors.set(text, await model.embedQuery(text));
      const query = parseQuery(text);
      for (const stage of stages) {
        const mode = stage === 'lexical' ? 'lexical' : 'hybrid';
        const near = stage === 'hybrid' ? nearest.get(entry.repo) : async () => [];
        const target = {
          folder,
          prefix: '',
          texts: undefined,
          vectors: mode === 'lexical' ? undefined : { nearest: near, query: vectors.get(text) },
        };
        const found = await searcher.candidates([target], { query: text, limit: page, mode }, query);
        // As if no chunk had a vector yet.
        const candidates =
          stage === 'files'
            ? found.candidates.map((candidate) => ({ ...candidate, cosine: undefined }))
            : found.candidates;
        const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
        const hits = searcher
          .rank({ ...found, candidates }, query)
          .slice(0, page)
          .map(({ id, score }) => {
            const { path, startLine, endLine } = catalog.chunks.get(id);
            const place = { path: pathOf(entry, path), start: startLine, end: endLine };
            const targets = [...(question.relevant ?? []), ...(question.secondary ?? [])];
            const candidate = byId.get(id);
            return {
              ...candidate,
              score,
              answers: targets.some((one) => answers(place, one)),
              match: matchOf(candidate, { modelKey: folder.modelKey, byMeaning: false }),
            };
          });
        rows.push({
          kind,
          stage,
          repo: entry.repo,
          query: text,
          symbol: query.symbol,
          tokens: query.tokens,
          hits,
        });
      }
    }
  } finally {
    model.dispose();
    await cache.dispose();
    catalog.dispose();
  }
  return rows;
}

const share = (rows, holds) => (rows.length === 0 ? 0 : rows.filter(holds).length / rows.length);
const hasStrong = ({ hits }) => hits.some(({ match }) => match === 'strong');
const hasLikely = ({ hits }) => hits.some(({ match }) => match !== 'weak');
const hasLikelyFirst = ({ hits }) => hasLikely({ hits: hits.slice(0, first) });

export const match = {
  what: 'whether the strength of a match tells a library’s own questions from foreign ones and nonsense',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.queries === undefined || values.corpora === undefined || values.home === undefined)
      throw new Error('match needs --queries FILE, --corpora DIR and --home DIR');
    const corpora = realpathSync(values.corpora);
    const entries = JSON.parse(readFileSync(values.queries, 'utf8'));
    const nonsense = JSON.parse(readFileSync(join(here, 'questions', 'nonsense.json'), 'utf8'));
    const folderOf = ({ root, index_root: part }) => join(corpora, root, part);
    const pathOf = ({ index_root: part }, path) => (part === '.' ? path : `${part}/${path}`);
    const rows = await collect(realpathSync(values.home), cases(entries, nonsense), folderOf, pathOf);
    if (values.dump !== undefined)
      writeFileSync(values.dump, rows.map((row) => JSON.stringify(row)).join('\n'));
    const results = [];
    for (const stage of stages) {
      const of = (kind) => rows.filter((row) => row.kind === kind && row.stage === stage);
      const measures = [
        [
          'own questions with a strong or likely hit in the first three',
          share(of('own'), hasLikelyFirst),
          0.95,
        ],
        ['foreign questions without a strong hit', 1 - share(of('foreign'), hasStrong), 0.8],
        ['nonsense without a strong hit', 1 - share(of('nonsense'), hasStrong), 0.95],
        ['own questions with a strong hit', share(of('own'), hasStrong)],
        ['foreign questions with weak hits alone', 1 - share(of('foreign'), hasLikely)],
        ['nonsense with weak hits alone', 1 - share(of('nonsense'), hasLikely)],
      ];
      for (const [name, value, goal] of measures) {
        say(`${stage}: ${(100 * value).toFixed(1)} % of ${name}`);
        const met = goal === undefined ? {} : { goal: `>= ${goal}`, met: value >= goal };
        results.push({ measure: `${stage}: ${name}`, value, unit: '', ...met });
      }
      const answering = of('own').flatMap(({ hits }) => hits);
      for (const strength of ['strong', 'likely', 'weak']) {
        const hits = answering.filter((hit) => hit.match === strength);
        const precision = share(hits, (hit) => hit.answers);
        say(
          `${stage}: ${hits.length} ${strength} hits of own questions, ${(100 * precision).toFixed(1)} % of them answers`,
        );
      }
    }
    return results;
  },
};
