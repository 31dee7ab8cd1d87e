import { join } from 'node:path';
import { Emitter } from '../../../shared/src/disposable.js';
import { nullLog } from '../../../shared/src/log.js';
import type { ModelStatus } from '../../../shared/src/protocol/protocol.js';
import { defaultSettings } from '../../../shared/src/settings/settings.js';
import { TestIndex, bagOfWords } from './testIndex.js';
import { Refusals } from '../../src/service/refusals.js';
import { Groups } from '../../src/service/groups.js';
import { Searcher } from '../../src/search/searcher.js';
import type { SelectedModel } from '../../src/service/selectedModel.js';
import { Service } from '../../src/service/service.js';
import type { Parsers } from '../../src/syntax/parsers.js';

/** A fake model. Tests set whether it is loaded; it embeds queries as the test's embedder embeds chunks. */
export class TestModel {
  readonly name = 'test-model';
  readonly dtype = 'int8';
  readonly key = 'model@1';
  readonly changed = new Emitter<undefined>();
  readonly #dimensions: number;
  preloads = 0;
  loaded = true;
  /** Called before each query is embedded; it may wait or throw. */
  before: (signal: AbortSignal | undefined) => void | Promise<void> = () => undefined;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  status(): ModelStatus {
    return this.loaded ? { kind: 'ready', provider: 'cpu' } : { kind: 'unloaded' };
  }

  cacheUsage(): ReturnType<SelectedModel['cacheUsage']> {
    return { models: [], totals: { loads: 1, hits: 2, releases: 0 } };
  }

  known(): ReturnType<SelectedModel['known']> {
    return Promise.resolve({ models: [] });
  }

  clear(): ReturnType<SelectedModel['clear']> {
    this.loaded = false;
    return Promise.resolve({ models: 1, bytes: 5 });
  }

  preload(): Promise<void> {
    this.preloads++;
    this.loaded = true;
    return Promise.resolve();
  }

  async embedQuery(text: string, signal?: AbortSignal): Promise<Float32Array> {
    await this.before(signal);
    return bagOfWords(text, this.#dimensions);
  }
}

/** The service over a test's index. All parts are real but the model and Chroma. */
export class TestService {
  readonly index: TestIndex;
  readonly model: TestModel;
  /** What the vector store's server says of itself. */
  chroma: { readonly pid: number; readonly rssBytes: number | null } | undefined = { pid: 7, rssBytes: 70 };
  /** Address of a server that is not ours. */
  remoteChroma: string | undefined;
  readonly service: Service;
  readonly settings = defaultSettings;

  /** Without parsers, which stay the caller's, files are chunked by lines. */
  constructor(files: Readonly<Record<string, string>> = {}, parsers?: Parsers, top?: string) {
    const remote = (): string | undefined => this.remoteChroma;
    this.index = new TestIndex(files, parsers, nullLog, top);
    this.model = new TestModel(this.index.embedder.dimensions);
    this.service = new Service({
      onSearch: () => undefined,
      settings: this.settings,
      dataDir: this.index.files.home,
      version: '1.2.3',
      catalog: this.index.catalog,
      folders: this.index.folders,
      searcher: new Searcher(this.index.catalog),
      model: this.model as unknown as SelectedModel,
      refusals: new Refusals(join(this.index.files.home, 'refused.json'), nullLog),
      groups: new Groups(join(this.index.files.home, 'groups.json'), nullLog),
      vectorServer: {
        status: () => ({ kind: 'running' }),
        info: () => Promise.resolve(this.chroma),
        get remote() {
          return remote();
        },
        sizeBytes: () => Promise.resolve(700),
        stop: () => Promise.resolve(),
      },
      log: nullLog,
    });
  }

  get root(): string {
    return this.index.root;
  }

  dispose(): Promise<void> {
    return this.index.dispose();
  }
}
