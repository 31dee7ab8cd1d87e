import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writeFiles } from './corpus.mjs';
import { MB, handlesOf, rssOf, settledHandles } from './machine.mjs';
import { median, row, slope } from './stats.mjs';
import { Workspace, questions } from './workspace.mjs';

const clientCount = 5;
const filesEach = 20;

/**
 * Steps of a client: mostly searches, some edits, sometimes a clear, a folder removed and added again, a new session.
 * Clients are at different steps.
 */
async function live(workspace, number, { folder, paths }, going, counts) {
  const asked = questions();
  let client = await workspace.client();
  const steps = [
    ...Array(27).fill(async (step) => {
      const query = asked[(step * 7 + number) % asked.length];
      await client.request('lantern/search', {
        path: folder,
        query,
        mode: step % 3 === 0 ? 'lexical' : 'hybrid',
      });
      counts.searches++;
    }),
    ...Array(11).fill(async (step) => {
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
  for (let step = 0; going(); step++) {
    // Every step comes in its turn, and each client is at another one.
    await steps[(step * 7 + number * 3) % steps.length](step);
    await sleep(50);
  }
}

/** Ten minutes of mixed load: memory must be flat, and no handle may remain. */
export const leak = {
  what: '10 minutes of mixed load (--minutes N): slope of memory, growth of handles',
  nightly: true,
  async run(say, { minutes = 10 }) {
    // The daemon measures how late its main thread is.
    process.env.LANTERN_MEASURE_LOOP = '1';
    const workspace = new Workspace();
    try {
      const first = await workspace.client();
      const homes = Array.from({ length: clientCount }, () => {
        const folder = workspace.emptyFolder();
        return { folder, paths: writeFiles(folder, filesEach, 3000) };
      });
      for (const { folder } of homes) await first.request('lantern/index', { path: folder });
      // Each clear stops Chroma, and the next search starts it. Its handles are counted while it runs.
      const atRest = async () => {
        for (const { folder } of homes)
          await first.request('lantern/search', { path: folder, query: 'at rest', wait: true });
        const { daemon, chroma } = await first.memory();
        return { daemon: await settledHandles(daemon.pid), chroma: await settledHandles(chroma.pid) };
      };
      const before = await atRest();
      say(`indexed; ${before.daemon} handles of the daemon, ${before.chroma} of Chroma`);
      await first.request('lantern/memory', { restartLoopDelay: true });
      const counts = { searches: 0, edits: 0, clears: 0, sessions: 0 };
      const ends = performance.now() + minutes * 60_000;
      const going = () => performance.now() < ends;
      const lives = Promise.all(homes.map((home, i) => live(workspace, i, home, going, counts)));
      const samples = [];
      const sample = async () => {
        const { daemon, chroma } = await first.memory();
        return {
          minute: samples.length / 60,
          daemon: rssOf(daemon.pid) / MB,
          chroma: typeof chroma?.rssBytes === 'number' ? chroma.rssBytes / MB : undefined,
          handles: handlesOf(daemon.pid) ?? 0,
        };
      };
      let failed;
      lives.catch((error) => (failed = error));
      while (going() && failed === undefined) {
        samples.push(await sample());
        if (samples.length % 60 === 0)
          say(
            `${samples.length / 60} min: ${JSON.stringify(counts)}, daemon ${Math.round(samples.at(-1).daemon)} MB, Chroma ${Math.round(samples.at(-1).chroma ?? 0)} MB, ${samples.at(-1).handles} handles`,
          );
        await sleep(1000);
      }
      await lives;
      const delay = (await first.memory()).daemon.loopDelay;
      // End the remaining sessions too: each has one handle.
      for (const client of workspace.otherClients(first)) client.close();
      await sleep(3000);
      const after = await atRest();
      const left = { daemon: after.daemon - before.daemon, chroma: after.chroma - before.chroma };
      // Growth in the first two fifths is not a leak: Chroma makes an index file for each collection, 17 MB of it in
      // memory, after 1,000 changes.
      const later = samples.slice(Math.floor((samples.length * 2) / 5));
      const perMinute = (key) => {
        const known = later.filter((one) => one[key] !== undefined);
        return slope(
          known.map((one) => one.minute),
          known.map((one) => one[key]),
        );
      };
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
          measure: 'open handles of the daemon at rest, after less before',
          unit: '',
          values: [left.daemon],
          atMost: 0,
        }),
        row({
          measure: 'open handles of Chroma at rest, after less before',
          unit: '',
          values: [left.chroma],
          note: 'each clear ends it, so that these are of a new process; index files come with the changes',
        }),
        row({
          measure: "timers of the daemon's main thread late, p99",
          unit: 'ms',
          values: [delay.p99Ms],
          atMost: 10,
        }),
        row({ measure: 'the same, most', unit: 'ms', values: [delay.maxMs], atMost: 20 }),
        ...(delay.busiestTurnMs === undefined
          ? []
          : [
              row({
                measure: 'most CPU time of a turn of that thread',
                unit: 'ms',
                values: [delay.busiestTurnMs],
                atMost: 20,
              }),
            ]),
        ...Object.entries(counts).map(([what, count]) =>
          row({ measure: `${what} in that time`, unit: '', values: [count] }),
        ),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
