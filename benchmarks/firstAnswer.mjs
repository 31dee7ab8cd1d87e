import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFiles } from './corpus.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

/** Reads every file of a folder in this thread: the least that an answer about it could take. */
function readAll(folder) {
  const began = performance.now();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name), 'utf8');
  return performance.now() - began;
}

/** Milliseconds from opening an unknown folder to its lexical answers. */
export const firstAnswer = {
  what: 'the first answers by words in a never-seen folder of 2,000 files, beside reading the files',
  async run(say, { files = 2000, runs = 3 }) {
    const workspace = new Workspace();
    const ms = { read: [], first: [], planted: [], whole: [] };
    try {
      const client = await workspace.client();
      await client.request('lantern/index', { path: workspace.folder() });
      for (let run = 0; run < runs; run++) {
        const folder = workspace.emptyFolder();
        const paths = writeFiles(folder, files);
        // In the middle of the walk's order.
        const sorted = [...paths].sort();
        const word = `plantedword${'abcdefghij'[run]}`;
        const middle = sorted[Math.floor(sorted.length / 2)];
        writeFileSync(middle, `// ${word}\n${readFileSync(middle, 'utf8')}`);
        ms.read.push(readAll(folder));
        const began = performance.now();
        const job = client.request('lantern/index', { path: folder });
        job.catch(() => undefined);
        const ask = (query, wait = false) =>
          client
            .request('lantern/search', { path: folder, query, mode: 'lexical', wait })
            .catch(() => ({ hits: [] }));
        const untilFound = async (query) => {
          while ((await ask(query)).hits.length === 0) await sleep(5);
          return performance.now() - began;
        };
        const found = [untilFound('function return error'), untilFound(word)];
        ms.first.push(await found[0]);
        ms.planted.push(await found[1]);
        await ask(word, true);
        ms.whole.push(performance.now() - began);
        say(
          `run ${run + 1}: first hit ${Math.round(ms.first.at(-1))} ms, all words ${Math.round(ms.whole.at(-1))} ms`,
        );
        await client.request('lantern/remove', { path: folder });
        await job.catch(() => undefined);
      }
      const against = { what: 'walking and reading the files', values: ms.read };
      return [
        row({ measure: 'first true answer', unit: 'ms', values: ms.first, against, atMost: 3 }),
        row({
          measure: 'a word that stands in the middle file only is found',
          unit: 'ms',
          values: ms.planted,
          against,
        }),
        row({ measure: 'the words of all files can be found', unit: 'ms', values: ms.whole, against }),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
