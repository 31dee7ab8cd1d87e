import assert from 'node:assert/strict';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { EmbeddingSession } from '../model/embeddingSession.js';
import { readModelFolder } from '../model/modelFolder.js';
import { modelsDir } from '../paths.js';
import { chunkByKey } from '../../test/support/testCatalog.js';
import { TestIndex } from '../../test/support/testIndex.js';
import type { ChunkEmbedder } from './embedder.js';

const long = Array.from(
  { length: 80 },
  (_, i) => `export const setting${i} = readSetting('name.of.setting.${i}');`,
);

describe('indexing with the bundled model', () => {
  let session: EmbeddingSession;
  let test: TestIndex;

  before(async () => {
    const folder = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');
    const files = await readModelFolder({ name: folder, revision: 'r', dtype: 'int8' }, 'local', folder);
    session = await EmbeddingSession.load(files, { settings: { threads: 0, device: 'cpu' }, log: nullLog });
  });

  after(() => session.release());
  beforeEach(() => (test = new TestIndex()));
  afterEach(() => test.dispose());

  it('cuts no text, and lets meaning find what words do not', async () => {
    test.write({
      'upload.ts': 'export async function retryFailedUpload(file: File) { await sendAgain(file); }',
      'colour.ts': 'export function mixColours(red: Paint, blue: Paint) { return red.with(blue); }',
      'settings.ts': long.join('\n'),
    });
    const embedder: ChunkEmbedder = {
      dimensions: session.dimensions,
      maxTokens: session.maxTokens,
      countTokens: (text) => session.tokenizer.countTokens(text),
      acquire: () =>
        Promise.resolve({
          // A text above the limit is refused, not cut.
          atOnce: 1,
          embed: async (text) => (await session.embed([text]))[0] ?? assert.fail('no vector'),
          dispose: () => undefined,
        }),
    };
    const folders = test.makeFolders('bundled', embedder);
    try {
      const { folder } = await folders.open(test.root);
      const report = await folders.refresh(folder);
      assert.equal(report.chunksEmbedded, report.chunksTotal);
      assert.ok(report.chunksTotal >= 6, `${report.chunksTotal} chunks`);

      const { vector } = await session.embedQuery('send a document once more after an error');
      const [nearest] = await folder.indexer.projector.withCollection((one) => one.query(vector, 1));
      assert.equal(chunkByKey(test.catalog, folder.indexer.folder.id, nearest?.id ?? '')?.path, 'upload.ts');
      assert.equal((await folders.refresh(folder)).chunksEmbedded, 0);
    } finally {
      await folders.dispose();
    }
  });
});
