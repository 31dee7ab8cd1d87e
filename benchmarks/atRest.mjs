import { setTimeout as sleep } from 'node:timers/promises';
import { measure, preparePeer } from './child.mjs';
import { writeChunks } from './corpus.mjs';
import { MB, rssOf, watchPeak } from './machine.mjs';
import { row } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

const restMs = 66_000;

/** Memory of daemon and Chroma with ten folders, and the most while one more is indexed with the real model. */
export const atRest = {
  what: 'memory of daemon and Chroma with 10 folders and 20,000 chunks, and while indexing',
  async run(say, { folders = 10, chunks = 20_000, more = 1500, runs = 3 }) {
    const workspace = new Workspace();
    const peer = await preparePeer(say);
    try {
      const paths = Array.from({ length: folders }, () => workspace.emptyFolder());
      let skip = 0;
      for (const path of paths) skip += writeChunks(path, chunks / folders, skip);
      const { reports } = await workspace.seed(paths);
      say(`${reports.reduce((sum, one) => sum + one.chunks, 0)} chunks in ${folders} folders`);
      const client = await workspace.client();
      const searchAll = async () => {
        for (const path of paths)
          for (const query of questions().slice(0, 5))
            await client.request('lantern/search', { path, query, wait: true });
      };
      /** Resident memory of both. Chroma stops with the model, and is another process afterwards. */
      const now = async () => {
        const { daemon, chroma } = await client.memory();
        const [own, server] = [rssOf(daemon.pid) / MB, chroma === null ? 0 : rssOf(chroma.pid) / MB];
        return { daemon: own, chroma: server, both: own + server };
      };
      const rest = { loaded: [], unloaded: [], daemon: [], chroma: [], peer: [] };
      for (let run = 0; run < runs; run++) {
        await searchAll();
        // Chroma releases the indexes of most folders after a minute without a query.
        await sleep(restMs);
        rest.loaded.push((await now()).both);
        await client.request('lantern/clearCache', {});
        await sleep(3000);
        const { daemon, chroma, both } = await now();
        rest.unloaded.push(both);
        rest.daemon.push(daemon);
        rest.chroma.push(chroma);
        rest.peer.push((await measure('peer/users.mjs', { models: peer.models, users: [1] })).rss[0] / MB);
      }
      say(`indexing ${more} chunks more`);
      const extra = workspace.emptyFolder();
      writeChunks(extra, more, skip);
      await searchAll();
      const { daemon, chroma } = await client.memory();
      const pids = () => [daemon.pid, chroma.pid];
      const peak = watchPeak(pids);
      await client.request('lantern/index', { path: extra });
      const most = peak.stop() / MB;
      const against = { what: 'one pipeline of transformers.js, int8', values: rest.peer };
      const unit = 'MB';
      return [
        row({ measure: 'daemon and Chroma at rest, model loaded', unit, values: rest.loaded, atMost: 400 }),
        row({ measure: 'the same, beside the peer', unit, values: rest.loaded, against }),
        row({
          measure: 'daemon and Chroma at rest, model unloaded',
          unit,
          values: rest.unloaded,
          atMost: 150,
        }),
        row({ measure: 'of these, the daemon', unit, values: rest.daemon }),
        row({ measure: 'of these, Chroma', unit, values: rest.chroma }),
        row({ measure: 'most of daemon and Chroma while indexing', unit, values: [most], atMost: 600 }),
      ];
    } finally {
      peer.dispose();
      workspace.dispose();
    }
  },
};
