import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writeFiles } from './corpus.mjs';
import { MB, rssOf, settledHandles } from './machine.mjs';
import { quantile, row, slope } from './stats.mjs';
import { Workspace } from './workspace.mjs';
import { contentExclusion } from '../out/server/src/source/sourceFile.js';

/** A number as letters, which stay one word. */
const letters = (number) => [...String(number)].map((digit) => 'abcdefghij'[digit]).join('');

/** Saves of an editor, one after the other: how soon each is found by a new word in it. */
export const edits = {
  what: '1,000 edits saved one by one: how soon each is found, and what grows',
  async run(say, { edits: count = 1000, files = 300 }) {
    const workspace = new Workspace();
    try {
      const folder = workspace.emptyFolder();
      // Generated files are not indexed, edited or not.
      const paths = writeFiles(folder, files).filter(
        (path) => contentExclusion(basename(path), readFileSync(path, 'utf8')) === undefined,
      );
      await workspace.seed([folder]);
      const client = await workspace.client();
      const { daemon } = await client.memory();
      const times = [];
      const memory = [];
      await client.request('lantern/index', { path: folder });
      let handles;
      const catalog = join(workspace.home, 'catalog.db');
      const before = statSync(catalog).size;
      for (let edit = 0; edit < count; edit++) {
        // After this many edits every part has been used.
        if (edit === Math.floor(count / 5)) handles = await settledHandles(daemon.pid);
        const path = paths[edit % paths.length];
        const word = `saved${letters(edit)}`;
        const text = readFileSync(path, 'utf8').replace(/^\/\/ saved\w+\n/, '');
        const began = performance.now();
        writeFileSync(path, `// ${word}\n${text}`);
        await client.notify('workspace/didChangeWatchedFiles', {
          changes: [{ uri: pathToFileURL(path).href, type: 2 }],
        });
        for (;;) {
          const { hits } = await client.request('lantern/search', {
            path: folder,
            query: word,
            mode: 'lexical',
          });
          if (hits.some((hit) => path.endsWith(`/${hit.path}`))) break;
          if (performance.now() - began > 30_000) throw new Error(`edit ${edit} of ${path} is not found`);
          await sleep(10);
        }
        times.push(performance.now() - began);
        memory.push(rssOf(daemon.pid) / MB);
        if ((edit + 1) % 100 === 0) say(`${edit + 1} edits, p95 ${Math.round(quantile(times, 0.95))} ms`);
      }
      // The last edits are still being embedded.
      await client.request('lantern/index', { path: folder });
      const later = (values) => values.slice(Math.floor(values.length / 5));
      const perEdit = slope([...later(memory).keys()], later(memory));
      return [
        row({ measure: 'edit until it is found, p50', unit: 'ms', values: [quantile(times, 0.5)] }),
        row({
          measure: 'edit until it is found, p95',
          unit: 'ms',
          values: [quantile(times, 0.95)],
          atMost: 1000,
        }),
        row({
          measure: "the daemon's memory, slope after the first fifth",
          unit: 'MB per 1,000 edits',
          values: [perEdit * 1000],
          atMost: 10,
        }),
        row({
          measure: 'open handles at rest, after less before',
          unit: '',
          values: [(await settledHandles(daemon.pid)) - handles],
          atMost: 0,
        }),
        row({
          measure: 'catalog on disk, growth',
          unit: 'MB',
          values: [(statSync(catalog).size - before) / MB],
        }),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
