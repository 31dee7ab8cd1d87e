// Indexes folders into a data folder as the product does, with synthetic vectors instead of the model's, so that a
// daemon finds the work done. Also reports time and memory.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { input, openParts, settledRss, tell } from './ours.mjs';
import { syntheticVectors } from './synthetic.mjs';
import { root } from '../child.mjs';
import { rssOf, watchPeak } from '../machine.mjs';
import { nullLog } from '../../out/shared/src/log.js';
import { defaultSettings } from '../../out/shared/src/settings/settings.js';
import { installationId, ownTenant } from '../../out/server/src/composition.js';
import { Chunker } from '../../out/server/src/chunking/chunker.js';
import { Folders } from '../../out/server/src/indexing/folders.js';
import { ScanThreads } from '../../out/server/src/indexing/threads/scanThreads.js';
import { WriteThread } from '../../out/server/src/indexing/threads/writeThread.js';
import { Parsers } from '../../out/server/src/syntax/parsers.js';
import { SelectedModel } from '../../out/server/src/service/selectedModel.js';
import { Catalog } from '../../out/server/src/catalog/catalog.js';
import { ChromaProcess } from '../../out/server/src/vectors/chroma/chromaProcess.js';
import { ChromaStore } from '../../out/server/src/vectors/chroma/chromaStore.js';

const { home, folders: paths, textsFile } = input;
const texts = textsFile === undefined ? { push() {} } : [];
const vectorOf = await syntheticVectors();
const { settings, registry, loader, cache } = openParts();
const model = await SelectedModel.open(settings, registry, loader, cache);
const embedder = {
  dimensions: model.dimensions,
  maxTokens: model.maxTokens,
  countTokens: (text) => model.countTokens(text),
  acquire: async () => ({
    atOnce: 1,
    embed: async (text) => {
      texts.push(text);
      return vectorOf(text);
    },
    dispose() {},
  }),
};
const catalog = new Catalog(home, nullLog);
const chroma = new ChromaProcess({ directory: join(home, 'chroma'), log: nullLog });
const { database, apiKey } = defaultSettings.chroma;
const tenant = ownTenant(installationId(home));
const store = new ChromaStore(chroma, { tenant, database, apiKey, log: nullLog });
const parsers = new Parsers(join(root, 'dist', 'grammars'), nullLog);
// The threads of the daemon.
const scanThreads = new ScanThreads({
  data: {
    grammarDir: join(root, 'dist', 'grammars'),
    modelFolder: model.folder,
    maxTokens: model.maxTokens,
    maxFileBytes: defaultSettings.index.maxFileBytes,
  },
  log: nullLog,
});
const writeThread = new WriteThread({ catalog, dataDir: home, log: nullLog });
const folders = new Folders({
  catalog,
  writer: writeThread.writer,
  bulkReader: scanThreads,
  store,
  chunker: new Chunker(parsers),
  embedder,
  modelKey: model.key,
  owner: '',
  settings: { ...defaultSettings.index, storeDocuments: false },
  log: nullLog,
});

await store.ping();
const chromaPid = (await chroma.info())?.pid;
const peak = watchPeak(() => [process.pid, chromaPid]);
const reports = [];
for (const path of paths) {
  const { folder } = await folders.open(path);
  let scannedMs = 0;
  const began = performance.now();
  const report = await folders.refresh(folder, undefined, () => (scannedMs = performance.now() - began));
  reports.push({
    files: report.filesTotal,
    chunks: report.chunksTotal,
    scannedMs,
    ms: performance.now() - began,
  });
}
const peakBytes = peak.stop();
if (textsFile !== undefined) writeFileSync(textsFile, JSON.stringify(texts));
const own = await settledRss();
const result = {
  reports,
  peakBytes,
  ownBytes: own,
  chromaBytes: rssOf(chromaPid),
  catalogBytes: catalog.sizeBytes(),
};
await folders.dispose();
await scanThreads.dispose();
await writeThread.dispose();
await store.dispose();
await chroma.dispose();
model.dispose();
parsers.dispose();
catalog.dispose();
tell(result);
process.exit(0);
