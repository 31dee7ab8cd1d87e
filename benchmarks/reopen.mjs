import { output } from './child.mjs';
import { writeFiles } from './corpus.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

/** A folder that has not changed since it was indexed, beside what git takes to see the same. */
export const reopen = {
  what: 're-open of an unchanged folder of 10,000 files, beside git status',
  async run(say, { files = 10_000, runs = 9 }) {
    const workspace = new Workspace();
    try {
      const folder = workspace.emptyFolder();
      writeFiles(folder, files, 3000);
      const { reports } = await workspace.seed([folder]);
      say(`${reports[0].files} files, ${reports[0].chunks} chunks`);
      await output('git', ['init', '-q'], folder);
      await output('git', ['add', '-A'], folder);
      const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost'];
      await output('git', [...identity, 'commit', '-qm', 'all'], folder);

      const ms = { index: [], status: [], start: [] };
      let embedded = 0;
      const open = async (client) => {
        const report = await client.request('lantern/index', { path: folder });
        embedded += report.chunksEmbedded;
        if (report.filesUnchanged !== report.filesTotal) throw new Error(`files are seen as changed`);
      };
      const timed = async (into, work) => {
        const began = performance.now();
        await work();
        into.push(performance.now() - began);
      };
      const status = () => output('git', ['status', '--porcelain'], folder);
      let client = await workspace.client();
      await open(client);
      await status();
      for (let run = 0; run < runs; run++) {
        await timed(ms.status, status);
        await timed(ms.index, () => open(client));
      }
      for (let run = 0; run < 3; run++) {
        workspace.stop();
        await timed(ms.start, async () => {
          client = await workspace.client();
          await open(client);
        });
      }
      const against = { what: 'git status', values: ms.status };
      const name = `re-open of ${reports[0].files} files`;
      return [
        row({ measure: name, unit: 'ms', values: ms.index, against, atMost: 3 }),
        row({ measure: `${name}, the daemon's start included`, unit: 'ms', values: ms.start, against }),
        row({ measure: 'chunks embedded by it', unit: '', values: [embedded], atMost: 0 }),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
