// The worth of each feature of the ranking: ranks the same candidates without it.
import { mean, ndcg } from './ndcg.mjs';
import { nullLog } from '../out/shared/src/log.js';
import { defaultSettings } from '../out/shared/src/settings/settings.js';
import { ModelCache } from '../out/server/src/model/modelCache.js';
import { ModelLoader } from '../out/server/src/model/modelLoader.js';
import { ModelRegistry } from '../out/server/src/model/registry.js';
import { modelsDir } from '../out/server/src/paths.js';
import { parseQuery } from '../out/server/src/search/query.js';
import { Searcher } from '../out/server/src/search/searcher.js';
import { featureNames, questionWeights, symbolWeights } from '../out/server/src/search/weights.js';
import { SelectedModel } from '../out/server/src/service/selectedModel.js';
import { Catalog } from '../out/server/src/catalog/catalog.js';
import { cosineWith } from '../out/server/src/catalog/int8.js';

const dimensions = 384;

/** The selected model, and the cache that holds it. */
export async function openModel(home) {
  const settings = defaultSettings.model;
  const registry = new ModelRegistry({ modelsDir: modelsDir(import.meta.url), dataDir: home, log: nullLog });
  const loader = new ModelLoader({ registry, settings: () => settings, log: nullLog });
  const cache = new ModelCache({ log: nullLog, loader: (id) => loader.load(id) });
  return { model: await SelectedModel.open(settings, registry, loader, cache), cache };
}

/** Nearest chunks by an exact scan of the folder's vectors, which is also the reference for the collection. */
export function exactNearest(catalog, folder) {
  const blocks = [...catalog.vectors.blocks(folder, dimensions)];
  return async (query, limit) => {
    const found = blocks.flatMap(({ ids, components }) =>
      ids.map((id, at) => ({ id, similarity: cosineWith(query, components, at * dimensions) })),
    );
    return found.sort((a, b) => b.similarity - a.similarity).slice(0, limit);
  };
}

/** Rows of the table: NDCG@10 by terms, with files' vectors and with all vectors, for each question set. */
export async function ablate(home, sets, folderOf, pathOf) {
  const catalog = new Catalog(home, nullLog);
  const { model, cache } = await openModel(home);
  const searcher = new Searcher(catalog);
  const cases = [];
  try {
    const nearestOf = new Map();
    for (const { name, corpora } of sets) {
      for (const entry of corpora) {
        const folder = catalog.folder(folderOf(entry));
        if (folder === undefined) continue;
        if (!nearestOf.has(entry.repo)) nearestOf.set(entry.repo, exactNearest(catalog, folder));
        for (const question of entry.queries) {
          const query = parseQuery(question.query);
          const vector = await model.embedQuery(question.query);
          const target = { folder, prefix: '', texts: undefined };
          const ask = (mode, nearest) =>
            searcher.candidates(
              [{ ...target, vectors: nearest && { nearest, query: vector } }],
              { query: question.query, limit: 10, mode },
              query,
            );
          const lexical = await ask('lexical', undefined);
          const files = await ask('hybrid', async () => []);
          // As if no chunk had a vector yet.
          const wholes = files.candidates.map((candidate) => ({ ...candidate, cosine: undefined }));
          const hybrid = await ask('hybrid', nearestOf.get(entry.repo));
          cases.push({
            set: name,
            entry,
            question,
            query,
            stages: { lexical, files: { ...files, candidates: wholes }, hybrid },
          });
        }
      }
    }
    const places = new Map();
    const place = (entry, id) => {
      if (!places.has(id)) {
        const { path, startLine, endLine } = catalog.chunks.get(id);
        places.set(id, { path: pathOf(entry, path), start: startLine, end: endLine });
      }
      return places.get(id);
    };
    const measure = (without) => {
      const off = without === undefined ? {} : { [without]: 0 };
      const weights = { question: { ...questionWeights, ...off }, symbol: { ...symbolWeights, ...off } };
      return sets.flatMap(({ name }) =>
        ['lexical', 'files', 'hybrid'].map((stage) => {
          const values = cases
            .filter(({ set }) => set === name)
            .map(({ entry, question, query, stages }) => {
              const ranked = searcher.rank(stages[stage], query, weights).slice(0, 10);
              return ndcg(
                ranked.map(({ id }) => place(entry, id)),
                question,
              );
            });
          return { stage, set: name, value: mean(values) };
        }),
      );
    };
    const all = measure(undefined);
    const columns = all.map(({ stage, set }) => `${stage} ${set}`);
    const row = (name, cells) => ({
      text: `| ${name.padEnd(14)} | ${cells.join(' | ')} |`,
      measures: [],
    });
    const table = [
      row('without', columns),
      row(
        '---',
        columns.map(() => '---'),
      ),
      {
        ...row(
          '(all)',
          all.map(({ value }) => value.toFixed(4)),
        ),
        measures: all.map(({ stage, set, value }) => ({ measure: `stage ${stage}, ${set}`, value })),
      },
    ];
    for (const feature of featureNames) {
      const cells = measure(feature).map(({ value }, i) => {
        const change = value - all[i].value;
        return `${change > 0 ? '+' : ''}${change.toFixed(4)}`;
      });
      table.push(row(feature, cells));
    }
    return table;
  } finally {
    model.dispose();
    await cache.dispose();
    catalog.dispose();
  }
}
