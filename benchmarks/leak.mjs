import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writeFiles } from './corpus.mjs';
import { MB, handlesOf, rssOf } from './machine.mjs';
import { median, row, slope } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

const clientCount = 5;
const filesEach = 60;

/** One client's life: mostly searches, some edits, now and then a clear, a folder removed and made again, a new session. */
async function live(workspace, number, going, counts) {
  const folder = workspace.emptyFolder();
  const paths = writeFiles(folder, filesEach, 3000);
  const asked = questions();
  let client = await workspace.client();
  const steps = [
    ...Array(12).fill(async (step) => {
      const query = asked[(step * 7 + number) % asked.length];
      await client.request('lantern/search', {
        path: folder,
        query,
        mode: step % 3 === 0 ? 'lexical' : 'hybrid',
      });
      counts.searches++;
    }),
    ...Array(4).fill(async (step) => {
      const path = paths[(step * 13) % paths.length];
      const text = readFileSync(path, 'utf8').replace(/^\/\/ edit \w+\n/, '');
      writeFileSync(path, `// edit e${step}n${number}\n${text}`);
      await client.notify('workspace/didChangeWatchedFiles', {
        changes: [{ uri: pathToFileURL(path).href, type: 2 }],
      });
      counts.edits++;
    }),
    async () => {
      await client.request('lantern/clearCache', {});
      counts.clears++;
    },
    async () => {
      client.close();
      client = await workspace.client();
      counts.sessions++;
    },
  ];
  await client.request('lantern/index', { path: folder });
  for (let step = 0; going(); step++) {
    // A fixed order without a pattern that two clients share.
    const at = (step * 31 + number * 17) % (steps.length * 6);
    if (at >= steps.length) await steps[step % 12](step);
    else await steps[at](step);
    await sleep(50);
  }
}

/** Ten minutes of mixed load: memory has to be flat, and no handle may stay. */
export const leak = {
  what: '10 minutes of mixed load (--minutes N): slope of memory, growth of handles',
  nightly: true,
  async run(say, { minutes = 10 }) {
    const workspace = new Workspace();
    try {
      const first = await workspace.client();
      await first.request('lantern/index', { path: workspace.folder() });
      const { daemon, chroma } = await first.memory();
      const counts = { searches: 0, edits: 0, clears: 0, sessions: 0 };
      const ends = performance.now() + minutes * 60_000;
      const going = () => performance.now() < ends;
      const lives = Promise.all(
        Array.from({ length: clientCount }, (_, i) => live(workspace, i, going, counts)),
      );
      const samples = [];
      const sample = () => ({
        minute: samples.length / 60,
        daemon: rssOf(daemon.pid) / MB,
        chroma: rssOf(chroma.pid) / MB,
        handles: handlesOf(daemon.pid) ?? 0,
        chromaHandles: handlesOf(chroma.pid) ?? 0,
      });
      let failed;
      lives.catch((error) => (failed = error));
      while (going() && failed === undefined) {
        samples.push(sample());
        if (samples.length % 60 === 0)
          say(
            `${samples.length / 60} min: ${JSON.stringify(counts)}, daemon ${Math.round(samples.at(-1).daemon)} MB, Chroma ${Math.round(samples.at(-1).chroma)} MB, ${samples.at(-1).handles} handles`,
          );
        await sleep(1000);
      }
      await lives;
      // What settles in the first fifth is no leak.
      const later = samples.slice(Math.floor(samples.length / 5));
      const minute = later.map((one) => one.minute);
      const perMinute = (key) =>
        slope(
          minute,
          later.map((one) => one[key]),
        );
      const third = Math.floor(later.length / 3);
      const grown = (key) =>
        median(later.slice(-third).map((one) => one[key])) -
        median(later.slice(0, third).map((one) => one[key]));
      const unit = 'MB a minute';
      return [
        row({
          measure: `the daemon's memory over ${minutes} minutes, slope`,
          unit,
          values: [perMinute('daemon')],
          atMost: 1,
        }),
        row({ measure: "Chroma's memory, slope", unit, values: [perMinute('chroma')], atMost: 1 }),
        row({ measure: "the daemon's memory, last third less first", unit: 'MB', values: [grown('daemon')] }),
        row({
          measure: 'open handles of the daemon, last third less first',
          unit: '',
          values: [grown('handles')],
          atMost: 0,
        }),
        row({
          measure: 'open handles of Chroma, last third less first',
          unit: '',
          values: [grown('chromaHandles')],
          atMost: 0,
        }),
        ...Object.entries(counts).map(([what, count]) =>
          row({ measure: `${what} in that time`, unit: '', values: [count] }),
        ),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
