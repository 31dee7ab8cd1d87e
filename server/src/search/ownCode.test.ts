import assert from 'node:assert/strict';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { Folders } from '../indexing/folders.js';
import { localWriter } from '../indexing/indexWriter.js';
import { Chunker } from '../chunking/chunker.js';
import { Parsers } from '../syntax/parsers.js';
import { TestFolder } from '../../test/support/testFolder.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestEmbedder } from '../../test/support/testIndex.js';
import { packageRoot } from '../paths.js';
import { Catalog } from '../catalog/catalog.js';
import { MemoryStore } from '../../test/support/memoryStore.js';
import { parseQuery } from './query.js';
import { Searcher } from './searcher.js';

/** What somebody new to this code might ask, and the file that answers. By words alone: no model takes part. */
const questions: readonly (readonly [query: string, path: string])[] = [
  ['how does only one daemon claim the endpoint', 'daemon/singleton.ts'],
  ['exit when the daemon has been idle for a while', 'service/activity.ts'],
  ['rotate the log when it gets too large', 'daemon/logFile.ts'],
  ['cut files into chunks where their syntax does', 'chunking/chunker.ts'],
  ['rules of gitignore files', 'source/ignoreRules.ts'],
  ['sections and headings of a markdown text', 'syntax/formats/markdown.ts'],
  ['which language is a file written in', 'syntax/languages.ts'],
  ['lines that use what another file defines', 'lexical/usageLines.ts'],
  ['share one loaded model by leases', 'model/modelCache.ts'],
  ['golden check of a loaded model', 'model/goldenCheck.ts'],
  ['download a model from the hub', 'model/hub.ts'],
  ['start chroma again after it has crashed', 'vectors/chroma/chromaProcess.ts'],
  ['compare the query with every vector without chroma', 'vectors/exactStore.ts'],
  ['move a damaged catalog aside', 'catalog/database.ts'],
  ['split identifiers at camelCase and take word endings off', 'lexical/tokens.ts'],
  ['changes that the collection has not confirmed', 'catalog/outbox.ts'],
  ['is a text, but for white space, one that was seen before', 'search/duplicates.ts'],
  ['penalty for tests and documentation', 'search/penalties.ts'],
  ['FolderIndexer', 'indexing/folderIndexer.ts'],
  ['withoutSlot', 'lexical/postings.ts'],
  ['catalog/vectorTable.ts', 'catalog/vectorTable.ts'],
];

describe('questions about this code', function () {
  this.timeout(60_000);

  it('have their answer among the first five, and mostly first', async () => {
    const data = new TestFolder();
    const grammars = await TestGrammars.make(['typescript']);
    const parsers = new Parsers(grammars.folder, nullLog);
    const catalog = new Catalog(data.home, nullLog);
    const folders = new Folders({
      catalog,
      writer: localWriter(catalog),
      store: new MemoryStore(),
      chunker: new Chunker(parsers),
      embedder: new TestEmbedder(256),
      modelKey: 'none@1',
      owner: 'test',
      settings: { maxFileBytes: 1_000_000, exclude: ['*.test.ts'], storeDocuments: false, vectors: 'all' },
      log: nullLog,
    });
    try {
      const { folder } = await folders.open(join(packageRoot(import.meta.url), 'server', 'src'));
      await folders.scan(folder);
      const searcher = new Searcher(catalog);
      const target = { folder: folder.indexer.folder, prefix: '', texts: { of: () => Promise.resolve('') } };
      const late: string[] = [];
      let first = 0;
      for (const [text, path] of questions) {
        const query = parseQuery(text);
        const request = { query: text, limit: 5, mode: 'lexical' } as const;
        const found = await searcher.candidates([{ ...target, vectors: undefined }], request, query);
        const rank = searcher.rank(found, query).findIndex((ranked) => ranked.path === path);
        if (rank === 0) first++;
        if (rank < 0 || rank > 4) late.push(`${text}: ${path} is at ${rank + 1}`);
      }
      assert.deepEqual(late, []);
      assert.ok(first >= 14, `${first} of ${questions.length} first`);
    } finally {
      await folders.dispose();
      catalog.dispose();
      parsers.dispose();
      await grammars.remove();
      data.dispose();
    }
  });
});
