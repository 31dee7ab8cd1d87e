import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from './chromaServer.mjs';
import { writeChunks } from './corpus.mjs';
import { MB, rssOf } from './machine.mjs';
import { median, row } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

/** Two people's daemons on one server, by URL with tenant and database, beside a daemon with a server of its own. */
export const sharedChroma = {
  what: 'two daemons on one Chroma server by URL, tenant and database, beside one of their own',
  async run(say, { chunks = 300, asked = 100 }) {
    const server = await startServer();
    const own = new Workspace();
    const team = [new Workspace(), new Workspace()];
    try {
      const folder = own.emptyFolder();
      writeChunks(folder, chunks);
      for (const [i, { home }] of team.entries()) {
        const chroma = { url: server.url, tenant: 'team', database: i === 0 ? 'one' : 'two' };
        writeFileSync(join(home, 'settings.json'), JSON.stringify({ chroma }));
      }
      const times = { index: { own: [], shared: [] }, search: { own: [], shared: [] } };
      const daemons = [];
      for (const [i, workspace] of [own, ...team].entries()) {
        const client = await workspace.client();
        await client.request('lantern/preload', {});
        const { elapsedMs, chunksTotal } = await client.request('lantern/index', { path: folder });
        times.index[i === 0 ? 'own' : 'shared'].push(elapsedMs);
        const { vectors } = await client.request('lantern/status', {});
        if (vectors.kind !== 'running') throw new Error(`Chroma is not used: ${vectors.detail}`);
        say(`${i === 0 ? 'own' : `shared ${i}`}: ${chunksTotal} chunks in ${elapsedMs} ms`);
        daemons.push(client);
      }
      const collections = async (database) => {
        const path = `/api/v2/tenants/team/databases/${database}/collections`;
        return (await (await fetch(server.url + path)).json()).length;
      };
      const seen = [await collections('one'), await collections('two')];
      const hits = [];
      for (let i = 0; i < asked; i++) {
        const query = questions()[i % questions().length];
        for (const [who, client] of daemons.slice(0, 2).entries()) {
          const began = performance.now();
          const found = await client.request('lantern/search', { path: folder, query });
          times.search[who === 0 ? 'own' : 'shared'].push(performance.now() - began);
          hits.push(found.hits.map(({ path, startLine }) => `${path}:${startLine}`).join());
        }
      }
      let same = 0;
      for (let i = 0; i < hits.length; i += 2) if (hits[i] === hits[i + 1]) same++;
      const { chroma } = await daemons[0].memory();
      return [
        row({
          measure: 'indexing with a shared server',
          unit: 'ms',
          values: times.index.shared,
          against: { what: 'a server of its own', values: times.index.own },
        }),
        row({
          measure: 'query p50 with a shared server',
          unit: 'ms',
          values: [median(times.search.shared)],
          against: { what: 'a server of its own', values: [median(times.search.own)] },
        }),
        row({ measure: 'queries with the same hits', unit: 'of 100', values: [(same / asked) * 100] }),
        row({ measure: 'collections in each database', unit: '', values: seen }),
        row({
          measure: 'memory of the shared server',
          unit: 'MB',
          values: [rssOf(server.pid) / MB],
          against: { what: 'a server of its own', values: [rssOf(chroma.pid) / MB] },
        }),
      ];
    } finally {
      for (const workspace of [own, ...team]) workspace.dispose();
      server.stop();
    }
  },
};
