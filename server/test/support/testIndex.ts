import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';
import type { Log } from '../../../shared/src/log.js';
import { nullLog } from '../../../shared/src/log.js';
import { Catalog } from '../../src/catalog/catalog.js';
import { MemoryStore } from './memoryStore.js';
import { filesOf } from './testCatalog.js';
import { tokens } from '../../src/lexical/tokens.js';
import { Chunker } from '../../src/chunking/chunker.js';
import { type Folder, Folders } from '../../src/indexing/folders.js';
import type { SharedVectors } from '../../src/indexing/exchange/sharedVectors.js';
import { localWriter } from '../../src/indexing/indexWriter.js';
import { Parsers } from '../../src/syntax/parsers.js';
import { TestFolder } from './testFolder.js';
import type { EmbedderLease, ChunkEmbedder } from '../../src/indexing/embedder.js';

/** A hashed bag of words: texts that share words have similar vectors, without a model. */
export function bagOfWords(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const token of tokens(text)) {
    const [at = 0, sign = 0] = createHash('md5').update(token).digest();
    vector[at % dimensions] = (vector[at % dimensions] ?? 0) + (sign % 2 === 0 ? 1 : -1);
  }
  // Words can cancel each other; a model gives no zeros, which would be like nothing, not even themselves.
  if (vector.every((value) => value === 0)) vector[0] = 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** A fast embedder that records its texts. */
export class TestEmbedder implements ChunkEmbedder {
  readonly dimensions = 32;
  readonly maxTokens: number;
  /** Another model has another name, and makes other vectors. */
  model = '';
  /** Embedded texts of chunks. Those of whole files, which have one line, are in `summaries`. */
  readonly embedded: string[] = [];
  atOnce = 1;
  readonly summaries: string[] = [];
  readonly priorities: string[] = [];
  /** Number of leases that are not disposed of. */
  leases = 0;
  /** Called before each text; may wait or throw. */
  before: (text: string, signal: AbortSignal) => void | Promise<void> = () => undefined;

  constructor(maxTokens = 64) {
    this.maxTokens = maxTokens;
  }

  countTokens(text: string): number {
    return Math.ceil(text.length / 5);
  }

  acquire(_holder: string, priority: 'edited' | 'bulk'): Promise<EmbedderLease> {
    this.leases++;
    let isNoted = false;
    return Promise.resolve({
      atOnce: this.atOnce,
      embed: async (text, signal) => {
        if (!text.includes('\n')) {
          this.summaries.push(text);
          return this.#vectorOf(text);
        }
        if (!isNoted) this.priorities.push(priority);
        isNoted = true;
        await this.before(text, signal);
        this.embedded.push(text);
        return this.#vectorOf(text);
      },
      dispose: () => {
        this.leases--;
      },
    });
  }

  #vectorOf(text: string): Float32Array {
    return bagOfWords(`${this.model} ${text}`, this.dimensions);
  }
}

/** Long enough ago that a time stamp proves what it says. */
const settled = new Date(Date.now() - 60_000);

/** One folder on disk, indexed with real files, a real catalog and a real chunker, without model and Chroma. */
export class TestIndex {
  readonly files: TestFolder;
  readonly store = new MemoryStore();
  readonly embedder = new TestEmbedder();
  /** Jobs that run now. */
  readonly jobs: string[] = [];
  readonly #log: Log;
  readonly #parsers: Parsers;
  catalog: Catalog;
  folders: Folders;
  /** For the folders that are made from now on. */
  shared: SharedVectors | undefined;

  /** Without parsers, which stay the caller's, files are chunked by lines. */
  constructor(
    files: Readonly<Record<string, string>> = {},
    parsers?: Parsers,
    log: Log = nullLog,
    top?: string,
  ) {
    this.files = new TestFolder({}, top);
    this.#log = log;
    this.#parsers = parsers ?? new Parsers(join(this.files.home, 'no-grammars'), nullLog);
    this.catalog = new Catalog(this.files.home, log);
    this.folders = this.makeFolders();
    this.write(files);
  }

  get root(): string {
    return this.files.root;
  }

  makeFolders(
    modelKey = 'model@1',
    embedder: ChunkEmbedder = this.embedder,
    vectors: 'all' | 'files' = 'all',
    retryMs?: number,
  ): Folders {
    return new Folders({
      catalog: this.catalog,
      writer: localWriter(this.catalog),
      store: this.store,
      chunker: new Chunker(this.#parsers),
      embedder,
      modelKey,
      owner: 'test',
      shared: this.shared,
      ...(retryMs !== undefined && { retryMs }),
      busy: (job) => this.#count(job),
      settings: { maxFileBytes: 100_000, exclude: [], storeDocuments: false, vectors },
      log: this.#log,
    });
  }

  /** Writes files that look as if nobody had touched them for a minute; `age` is seconds more than that. */
  write(files: Readonly<Record<string, string | Uint8Array>>, age = 0): void {
    this.files.write(files);
    const at = new Date(settled.getTime() - age * 1000);
    for (const path of Object.keys(files)) utimesSync(join(this.root, path), at, at);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.root, path), { recursive: true });
  }

  async open(path = this.root): Promise<Folder> {
    return (await this.folders.open(path)).folder;
  }

  /** Paths in the catalog, sorted. */
  paths(folder: Folder): string[] {
    return [...this.catalog.files.seen(folder.indexer.folder.id).keys()].sort();
  }

  /** Ids that the collection should hold, sorted. */
  keys(folder: Folder): string[] {
    return filesOf(this.catalog, folder.indexer.folder)
      .flatMap(({ id }) => this.catalog.chunks.ofFile(id).map(({ key }) => key))
      .sort();
  }

  /** As a restart of the daemon would. */
  async restart(modelKey?: string): Promise<void> {
    await this.folders.dispose();
    this.catalog.dispose();
    this.catalog = new Catalog(this.files.home, this.#log);
    this.folders = this.makeFolders(modelKey);
  }

  #count(job: string): Disposable {
    this.jobs.push(job);
    return disposeOnce(() => this.jobs.splice(this.jobs.indexOf(job), 1));
  }

  /** Ends everything, and leaves the files. */
  async close(): Promise<void> {
    await this.folders.dispose();
    this.catalog.dispose();
  }

  async dispose(): Promise<void> {
    await this.close();
    this.files.dispose();
  }
}
