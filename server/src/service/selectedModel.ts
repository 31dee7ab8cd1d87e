import { join } from 'node:path';
import { Emitter } from '../../../shared/src/disposable.js';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type {
  ClearCacheResult,
  MemoryResult,
  ModelStatus,
  ModelsResult,
} from '../../../shared/src/protocol/protocol.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import type { EmbeddingSession } from '../model/embeddingSession.js';
import type { ModelCache, ModelLease } from '../model/modelCache.js';
import type { ModelLoader } from '../model/modelLoader.js';
import type { ModelFiles } from '../model/modelFolder.js';
import { type ModelId, modelKey } from '../model/modelId.js';
import type { ModelRegistry } from '../model/registry.js';
import type { Tokenizer } from '../model/tokenizer.js';
import type { EmbedderLease, ChunkEmbedder } from '../indexing/embedder.js';

/** Token limit for a model that states none, as in sentence-transformers. */
const usualMaxTokens = 512;
/** Tokens that the chunker reserves for a model's special tokens. */
const chunkerSpecialTokens = 2;

/** The model that the settings name, as indexing, search and the memory report use it. It is loaded when first needed. */
export class SelectedModel implements ChunkEmbedder {
  readonly id: ModelId;
  readonly dimensions: number;
  readonly changed = new Emitter<undefined>();
  readonly #files: ModelFiles;
  readonly #registry: ModelRegistry;
  readonly #cache: ModelCache<EmbeddingSession>;
  readonly #tokenizer: Tokenizer;
  readonly #cacheListener;
  #failure: string | undefined;

  private constructor(deps: {
    files: ModelFiles;
    dimensions: number;
    tokenizer: Tokenizer;
    registry: ModelRegistry;
    cache: ModelCache<EmbeddingSession>;
  }) {
    this.id = deps.files.id;
    this.#files = deps.files;
    this.dimensions = deps.dimensions;
    this.#tokenizer = deps.tokenizer;
    this.#registry = deps.registry;
    this.#cache = deps.cache;
    this.#cacheListener = deps.cache.onDidChange(() => this.changed.emit(undefined));
  }

  /** Finds the model's files and reads its tokenizer. Downloads a model of the Hub that the user named. */
  static async open(
    settings: Settings['model'],
    registry: ModelRegistry,
    loader: ModelLoader,
    cache: ModelCache<EmbeddingSession>,
  ): Promise<SelectedModel> {
    const id = await registry.resolve(settings);
    const files = await registry.locate(id);
    const tokenizer = await loader.tokenizer(id);
    const { dimensions } = files;
    if (dimensions === undefined) {
      const config = join(files.folder, 'config.json');
      throw new LanternError(
        'model-damaged',
        `${config} cannot be used: it has no "hidden_size". ${files.repairAdvice}`,
      );
    }
    return new SelectedModel({ files, dimensions, tokenizer, registry, cache });
  }

  get name(): string {
    return this.id.name;
  }

  get dtype(): string {
    return this.id.dtype;
  }

  get key(): string {
    return modelKey(this.id);
  }

  /** The first file of the model whose digest is wrong; undefined when all are intact. */
  findDamage(): Promise<string | undefined> {
    return this.#registry.findDamage(this.id);
  }

  /** Most tokens of one chunk with its path. The model's special tokens and prompt are already subtracted. */
  get maxTokens(): number {
    const limit = Math.min(
      this.#files.maxTokens ?? usualMaxTokens,
      this.#tokenizer.modelMaxLength ?? usualMaxTokens,
    );
    const { document } = this.#files.prompts;
    const prompt = document === '' ? 0 : this.#tokenizer.countTokens(document);
    return limit - this.#tokenizer.specialTokens - prompt + chunkerSpecialTokens;
  }

  /** Folder with the tokenizer's files. */
  get folder(): string {
    return this.#files.folder;
  }

  countTokens(text: string): number {
    return this.#tokenizer.countTokens(text);
  }

  async acquire(holder: string, priority: 'edited' | 'bulk', signal: AbortSignal): Promise<EmbedderLease> {
    const lease = await this.#lease(holder, signal);
    return {
      atOnce: priority === 'bulk' ? lease.model.bulkWidth : 1,
      embed: async (text, cancelling) => {
        const { model } = lease;
        const options = { priority, holder, signal: cancelling };
        const [vector] = await (priority === 'bulk'
          ? model.embedInBulk([text], options)
          : model.embed([text], options));
        if (vector === undefined) throw new LanternError('internal', 'The model gave no vector.');
        return vector;
      },
      dispose: () => lease.dispose(),
    };
  }

  /** The query's unit vector. Loads the model when it is not loaded. */
  async embedQuery(text: string, signal?: AbortSignal): Promise<Float32Array> {
    const lease = await this.#lease('search', signal);
    try {
      return (await lease.model.embedQuery(text, signal && { signal })).vector;
    } finally {
      lease.dispose();
    }
  }

  async preload(): Promise<void> {
    (await this.#lease('preload', undefined)).dispose();
  }

  status(): ModelStatus {
    const info = this.#cache
      .info()
      .models.find(({ name, dtype }) => name === this.name && dtype === this.dtype);
    if (info?.state === 'loaded' && info.provider !== undefined) {
      const { provider } = info;
      return {
        kind: 'ready',
        provider: provider.kind,
        ...('reason' in provider && { note: provider.reason }),
      };
    }
    if (info?.state === 'loading') return { kind: 'loading' };
    return this.#failure === undefined ? { kind: 'unloaded' } : { kind: 'failed', reason: this.#failure };
  }

  cacheUsage(): Pick<MemoryResult, 'models' | 'totals'> {
    const { models, loads, hits, releases } = this.#cache.info();
    return {
      models: models.map((model) => ({
        name: model.name,
        dtype: model.dtype,
        provider: model.provider?.kind ?? 'none',
        bytes: model.bytes,
        state: model.state,
        leases: model.leases.length,
        holders: [...new Set(model.leases)],
        loads: model.loads,
        hits: model.hits,
        idleMs: Math.round(model.idleMs ?? 0),
      })),
      totals: { loads, hits, releases },
    };
  }

  async known(): Promise<ModelsResult> {
    const models = (await this.#registry.list()).map((model) => ({
      name: model.name,
      dimensions: model.dimensions ?? null,
      maxTokens: model.maxTokens ?? null,
      sizeBytes: model.bytes ?? null,
      state: model.state,
      note: model.note,
      selected: model.name === this.name,
    }));
    if (models.some(({ selected }) => selected)) return { models };
    const own = {
      name: this.name,
      dimensions: this.dimensions,
      maxTokens: this.maxTokens,
      sizeBytes: this.#files.weightsBytes,
      state: 'local' as const,
      note: this.#files.folder,
      selected: true,
    };
    return { models: [own, ...models] };
  }

  async clear(): Promise<ClearCacheResult> {
    const { models, bytes } = this.#cache.info();
    await this.#cache.clear();
    return { models: models.length, bytes };
  }

  dispose(): void {
    this.#cacheListener.dispose();
  }

  async #lease(holder: string, signal: AbortSignal | undefined): Promise<ModelLease<EmbeddingSession>> {
    try {
      const lease = await this.#cache.acquire(this.id, holder, signal);
      this.#failure = undefined;
      return lease;
    } catch (error) {
      if (!(error instanceof LanternError && error.code === 'cancelled')) this.#failure = errorMessage(error);
      throw error;
    }
  }
}
