import { setTimeout as sleep } from 'node:timers/promises';
import { writeChunks } from './corpus.mjs';
import { MB, rssOf } from './machine.mjs';
import { row } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

const most = 27;
const chunksEach = 25;

/** What each further client of the daemon costs, with a folder of its own that it indexes and searches. */
export const clients = {
  what: '1 and 27 clients of the daemon, each with its own folder: memory that each adds',
  async run(say, { clients: count = most }) {
    const workspace = new Workspace();
    try {
      const ask = async (client, path) => {
        for (const query of questions().slice(0, 3))
          await client.request('lantern/search', { path, query, wait: true });
      };
      // Small and different, so that what is measured is the client and not the size of its folder.
      const paths = Array.from({ length: count }, (_, i) => {
        const folder = workspace.emptyFolder();
        writeChunks(folder, chunksEach, i * 20);
        return folder;
      });
      const first = await workspace.client();
      const { daemon } = await first.memory();
      await ask(first, paths[0]);
      await sleep(6000);
      const one = rssOf(daemon.pid) / MB;
      say(`1 client: ${Math.round(one)} MB`);
      const others = await Promise.all(paths.slice(1).map(() => workspace.client()));
      await Promise.all(others.map((client, i) => ask(client, paths[i + 1])));
      await sleep(6000);
      const { models } = await first.memory();
      const all = rssOf(daemon.pid) / MB;
      say(`${count} clients: ${Math.round(all)} MB`);
      for (const client of others) client.close();
      await sleep(6000);
      return [
        row({ measure: 'the daemon with 1 client', unit: 'MB', values: [one] }),
        row({
          measure: `the daemon with ${count} clients`,
          unit: 'MB',
          values: [all],
          against: { what: '1 client', values: [one] },
        }),
        row({
          measure: 'memory added by each further client, its index included',
          unit: 'MB',
          values: [(all - one) / (count - 1)],
          atMost: 1,
        }),
        row({ measure: 'models loaded', unit: '', values: [models.length], atMost: 1 }),
        row({
          measure: 'memory left when they have gone, of what they added',
          unit: 'MB',
          values: [rssOf(daemon.pid) / MB - one],
        }),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
