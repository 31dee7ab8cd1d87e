import { writeChunks } from './corpus.mjs';
import { MB, rssOf } from './machine.mjs';
import { queryRows } from './queries.mjs';
import { exponent, row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

/** How time and memory grow with the number of chunks, with synthetic vectors in place of the model's. */
export const growth = {
  what: 'growth from 1,000 over 10,000 to 100,000 chunks: index time, memory, queries',
  async run(say, { sizes = [1000, 10_000, 100_000], asked, alone }) {
    const found = [];
    const rows = [];
    for (const size of sizes) {
      const workspace = new Workspace();
      try {
        const folder = workspace.emptyFolder();
        writeChunks(folder, size);
        const { reports, ...held } = await workspace.seed([folder]);
        const { files, chunks, scannedMs, ms } = reports[0];
        say(
          `${chunks} chunks of ${files} files: words ${Math.round(scannedMs)} ms, all ${Math.round(ms)} ms, most ${Math.round(held.peakBytes / MB)} MB`,
        );
        const client = await workspace.client();
        const queries = await queryRows(client, folder, chunks, { asked, alone });
        const memory = await client.memory();
        const daemonBytes = rssOf(memory.daemon.pid);
        const chromaBytes = rssOf(memory.chroma.pid);
        found.push({
          chunks,
          scannedMs,
          ms,
          peak: held.peakBytes,
          daemonBytes,
          chromaBytes,
          disk: memory.disk.catalogBytes + memory.disk.chromaBytes,
          query: queries.p50,
        });
        if (size === sizes.at(-1)) rows.push(...queries.rows);
      } finally {
        workspace.dispose();
      }
    }
    const all = (key) => found.map((one) => one[key]);
    const grows = (measure, key, atMost) =>
      row({
        measure: `exponent of ${measure}`,
        unit: '',
        values: [exponent(all('chunks'), all(key))],
        ...(atMost !== undefined && { atMost }),
        note: `${all('chunks').join(', ')} chunks: ${all(key)
          .map((value) => Math.round(value > 1e6 ? value / MB : value))
          .join(', ')} ${all(key)[0] > 1e6 ? 'MB' : 'ms'}`,
      });
    return [
      grows('index time without the model', 'ms', 1.1),
      grows('time until words are found', 'scannedMs', 1.1),
      grows('most memory while indexing', 'peak', 1),
      grows("the daemon's memory", 'daemonBytes', 1),
      grows("Chroma's memory", 'chromaBytes', 1),
      grows('both stores on disk', 'disk', 1.1),
      grows('query p50', 'query', 0.5),
      ...rows,
    ];
  },
};
