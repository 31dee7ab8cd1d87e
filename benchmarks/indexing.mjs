import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, preparePeer } from './child.mjs';
import { writeChunks } from './corpus.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

const batch = 32;

/** The texts that the product embeds for a folder: one for each file, then one for each chunk. */
async function textsOf(folder, textsFile) {
  const workspace = new Workspace();
  try {
    return (await workspace.seed([folder], { textsFile })).reports[0];
  } finally {
    workspace.dispose();
  }
}

/** Indexes a new folder in a running daemon, with model and Chroma loaded; returns the report. */
async function index(folder) {
  const workspace = new Workspace();
  try {
    const client = await workspace.client();
    await client.request('lantern/index', { path: workspace.folder() });
    return await client.request('lantern/index', { path: folder });
  } finally {
    workspace.dispose();
  }
}

/** From files to both stores, beside the model alone on the same texts, and beside the peer's pipeline. */
export const indexing = {
  what: 'indexing from end to end, beside the model alone and the pipeline of the peer',
  async run(say, { runs = 3, chunks = 600 }) {
    const scratch = mkdtempSync(join(tmpdir(), 'lantern-bench-'));
    const peer = await preparePeer(say);
    try {
      const folder = join(scratch, 'folder');
      const textsFile = join(scratch, 'texts.json');
      writeChunks(folder, chunks);
      const { files } = await textsOf(folder, textsFile);
      if (!existsSync(textsFile)) throw new Error('the texts were not recorded');
      const perSecond = { ours: [], oursTexts: [], raw: [], single: [], batched: [] };
      for (let run = 0; run < runs; run++) {
        const { elapsedMs, chunksEmbedded } = await index(folder);
        const raw = await measure('children/raw.mjs', { textsFile });
        // The peer has no vectors of files, so it gets the chunks only.
        const skip = raw.texts - chunksEmbedded;
        const common = { models: peer.models, textsFile, skip };
        const batched = await measure('peer/embed.mjs', { ...common, batch });
        const single = await measure('peer/embed.mjs', { ...common, batch: 1 });
        perSecond.ours.push((chunksEmbedded / elapsedMs) * 1000);
        perSecond.oursTexts.push((raw.texts / elapsedMs) * 1000);
        for (const [name, { texts, ms }] of Object.entries({ raw, single, batched }))
          perSecond[name].push((texts / ms) * 1000);
        say(
          `run ${run + 1}: ${files} files, ${chunksEmbedded} chunks, ${raw.texts} texts of ${Math.round(raw.tokens / raw.texts)} tokens`,
        );
      }
      const unit = 'a second';
      const ours = { measure: 'chunks indexed', unit, values: perSecond.ours };
      return [
        row({
          measure: 'texts indexed (files and chunks)',
          unit,
          values: perSecond.oursTexts,
          against: { what: 'onnxruntime alone on the same texts', values: perSecond.raw },
          atLeast: 0.9,
        }),
        row({
          ...ours,
          against: {
            what: `pipeline of transformers.js, int8, in batches of ${batch}`,
            values: perSecond.batched,
          },
          atLeast: 2,
        }),
        row({
          ...ours,
          against: { what: 'pipeline of transformers.js, int8, one by one', values: perSecond.single },
          atLeast: 2,
        }),
      ];
    } finally {
      peer.dispose();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};
