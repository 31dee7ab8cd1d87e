import { setTimeout as sleep } from 'node:timers/promises';
import { writeChunks } from './corpus.mjs';
import { startEmbedder } from './embedderProcess.mjs';
import { quantile, row } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

/** Milliseconds after which a search compares the folder with the disk again. */
const pauseMs = 1100;

/**
 * Latency of searches in `folder` and of the embedding alone, in turns: asked one after the other, as an agent does, and
 * after a pause, as a person does, when the folder is compared with the disk first.
 */
export async function queryRows(client, folder, size, { asked = 150, alone = 40 } = {}) {
  const embedder = await startEmbedder();
  try {
    const queries = questions();
    let at = 0;
    const search = async (mode) => {
      const query = queries[at++ % queries.length];
      const began = performance.now();
      const { hits, coverage } = await client.request('lantern/search', { path: folder, query, mode });
      const ms = performance.now() - began;
      if (mode === 'hybrid' && hits.length === 0) throw new Error(`nothing was found for "${query}"`);
      if (mode === 'hybrid' && !coverage.semantic)
        throw new Error(`no vectors took part: ${coverage.reason}`);
      return { query, ms };
    };
    await client.request('lantern/preload', {});
    const series = async (count, pause) => {
      const times = { search: [], embedding: [] };
      for (let i = 0; i < count; i++) {
        await sleep(pause);
        const { query, ms } = await search('hybrid');
        times.search.push(ms);
        times.embedding.push(await embedder.ms(query));
      }
      return times;
    };
    await series(10, 0);
    const line = (times, measure, share, atMost) =>
      row({
        measure: `${measure} at ${size} chunks`,
        unit: 'ms',
        values: [quantile(times.search, share)],
        against: { what: `the embedding alone, p${share * 100}`, values: [quantile(times.embedding, share)] },
        ...(atMost !== undefined && { atMost }),
      });
    const inTurn = await series(asked, 5);
    const paused = await series(alone, pauseMs);
    const lexical = [];
    for (let i = 0; i < asked; i++) lexical.push((await search('lexical')).ms);
    return {
      p50: quantile(inTurn.search, 0.5),
      rows: [
        line(inTurn, 'query p50', 0.5, 3),
        line(inTurn, 'query p95', 0.95),
        line(paused, 'query p50 after a pause', 0.5, 3),
        line(paused, 'query p95 after a pause', 0.95),
        row({ measure: `query by words p50 at ${size} chunks`, unit: 'ms', values: lexical }),
      ],
    };
  } finally {
    embedder.stop();
  }
}

export const query = {
  what: "a query's latency at 20,000 chunks, beside the embedding alone",
  async run(say, { chunks = 20_000, asked, alone }) {
    const workspace = new Workspace();
    try {
      const folder = workspace.emptyFolder();
      writeChunks(folder, chunks);
      const { reports } = await workspace.seed([folder]);
      say(`${reports[0].files} files, ${reports[0].chunks} chunks`);
      const client = await workspace.client();
      return (await queryRows(client, folder, reports[0].chunks, { asked, alone })).rows;
    } finally {
      workspace.dispose();
    }
  },
};
