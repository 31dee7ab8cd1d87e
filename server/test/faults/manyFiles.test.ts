import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, processesOf } from '../support/daemonClient.js';
import { tried } from '../../../shared/test/tally.js';
import { isLongRun } from '../../../shared/test/runLength.js';

const whenLong = isLongRun ? it : it.skip;

/** Words only: vectors of so many files would take half an hour. */
describe('very many files', function () {
  this.timeout(1_200_000);
  this.slow(300_000);

  for (const [what, folders, perFolder] of [
    ['20,000 in one directory', 1, 20_000],
    ['100,000 tiny ones', 500, 200],
  ] as const) {
    whenLong(`${what} are found by words, and the daemon answers meanwhile`, async () => {
      const cli = new Cli();
      try {
        const path = cli.folder();
        for (let folder = 0; folder < folders; folder++) {
          mkdirSync(join(path, `d${folder}`));
          for (let n = 0; n < perFolder; n++)
            writeFileSync(join(path, `d${folder}`, `f${n}.ts`), `export const river${folder}x${n} = ${n};\n`);
        }
        const client = await DaemonClient.open(cli.home);
        try {
          const query = `river${folders - 1}x${perFolder - 1}`;
          const state = { done: false };
          const searching = client
            .request('lantern/search', { path, query, mode: 'lexical', wait: true })
            .finally(() => (state.done = true));
          let worstMs = 0;
          while (!state.done) {
            const began = performance.now();
            await client.request('lantern/status', {});
            worstMs = Math.max(worstMs, performance.now() - began);
            await new Promise((settle) => setTimeout(settle, 100));
          }
          const { hits, coverage } = await searching;
          assert.equal(hits[0]?.path, `d${folders - 1}/f${perFolder - 1}.ts`);
          assert.equal(coverage.filesTotal, folders * perFolder);
          assert.ok(worstMs < 10_000, `a status took ${worstMs} ms`);
          await client.request('lantern/pause', { path });
        } finally {
          client.close();
        }
      } finally {
        await cli.dispose();
      }
      assert.deepEqual(processesOf(cli.home), []);
      tried('bad inputs');
    });
  }
});
