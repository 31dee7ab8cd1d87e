import { LanternError } from '../../shared/src/errors.js';
import { dataDir } from '../../shared/src/connection/dataDir.js';
import { nullLog } from '../../shared/src/log.js';
import { defaultSettings } from '../../shared/src/settings/settings.js';
import type { Embedding, EmbeddingSession } from './model/embeddingSession.js';
import { ModelCache } from './model/modelCache.js';
import type { ModelId } from './model/modelId.js';
import { ModelLoader } from './model/modelLoader.js';
import { canonicalName, ModelRegistry } from './model/registry.js';
import { modelsDir } from './paths.js';

/** The result of `getCacheInfo`. */
export interface EmbeddingCacheInfo {
  /** Names of the models in memory. */
  readonly cachedModels: readonly string[];
  /** Number of models in memory. */
  readonly cacheSize: number;
  /** Resident memory of the models, in bytes. */
  readonly bytes: number;
  /** Uses whose model was loaded or loading, since the process began. */
  readonly hits: number;
  /** Loads of a model, since the process began. */
  readonly loads: number;
}

type Space = 'cosine' | 'l2' | 'ip';

/** One unit vector per text. The declarations of this file name no type of another, because they ship alone. */
type Embed = (
  model: string,
  kind: 'document' | 'query',
  texts: readonly string[],
) => Promise<readonly { readonly vector: Float32Array }[]>;

/**
 * An embedding function for the `chromadb` client. All functions of a process share one copy of their model, which
 * loads at the first use. As in sentence-transformers, a text longer than the model's limit is embedded by its start.
 */
export class LanternEmbeddingFunction {
  readonly name = 'lantern';
  readonly #model: string;
  readonly #embed: Embed;

  /** Use `getEmbeddingFunction`, which returns the same object for the same name. */
  constructor(model: string, embed: Embed) {
    this.#model = model;
    this.#embed = embed;
  }

  /** One unit vector per text. */
  async generate(texts: string[]): Promise<number[][]> {
    return toNumbers(await this.#embed(this.#model, 'document', texts));
  }

  /** One unit vector per query. Queries have priority over other work. */
  async generateForQueries(texts: string[]): Promise<number[][]> {
    return toNumbers(await this.#embed(this.#model, 'query', texts));
  }

  defaultSpace(): Space {
    return 'cosine';
  }

  supportedSpaces(): Space[] {
    return ['cosine', 'l2', 'ip'];
  }

  getConfig(): Record<string, unknown> {
    return { model: this.#model };
  }

  buildFromConfig(config: Record<string, unknown>): LanternEmbeddingFunction {
    return LanternEmbeddingFunction.buildFromConfig(config);
  }

  validateConfig(config: Record<string, unknown>): void {
    modelOf(config);
  }

  validateConfigUpdate(config: Record<string, unknown>): void {
    if (canonicalName(modelOf(config)) === this.#model) return;
    throw new LanternError(
      'bad-request',
      `The model of a collection cannot change from ${this.#model} to ${modelOf(config)}. Make a new collection.`,
    );
  }

  /** Lets `chromadb` recreate the function from a collection's configuration, once it is registered there. */
  static buildFromConfig(config: Record<string, unknown>): LanternEmbeddingFunction {
    return getEmbeddingFunction(modelOf(config));
  }
}

/** Model registry, cache and embedding functions of one process. */
class EmbeddingLibrary {
  readonly #registry = new ModelRegistry({
    modelsDir: modelsDir(import.meta.url),
    dataDir: dataDir(),
    log: nullLog,
  });
  readonly #loader = new ModelLoader({
    registry: this.#registry,
    settings: () => defaultSettings.model,
    log: nullLog,
  });
  readonly #cache = new ModelCache<EmbeddingSession>({ loader: (id) => this.#loader.load(id), log: nullLog });
  readonly #functions = new Map<string, LanternEmbeddingFunction>();
  readonly #ids = new Map<string, Promise<ModelId>>();

  functionFor(name: string): LanternEmbeddingFunction {
    const model = canonicalName(name);
    const known = this.#functions.get(model);
    if (known) return known;
    const made = new LanternEmbeddingFunction(model, this.embed);
    this.#functions.set(model, made);
    return made;
  }

  readonly embed = async (
    name: string,
    kind: 'document' | 'query',
    texts: readonly string[],
  ): Promise<Embedding[]> => {
    const lease = await this.#cache.acquire(await this.#idOf(name), 'api');
    try {
      const session = lease.model;
      return await (kind === 'query' ? session.embedQueries(texts) : session.embedTruncated(texts));
    } finally {
      lease.dispose();
    }
  };

  async preload(name: string): Promise<void> {
    await this.#cache.preload(await this.#idOf(canonicalName(name)));
  }

  info(): EmbeddingCacheInfo {
    const { models, bytes, hits, loads } = this.#cache.info();
    const loaded = models.filter((model) => model.state === 'loaded');
    return { cachedModels: loaded.map((model) => model.name), cacheSize: loaded.length, bytes, hits, loads };
  }

  async clear(): Promise<void> {
    // Resolve the name again, so that changed files in a folder are noticed.
    this.#ids.clear();
    await this.#cache.clear();
  }

  #idOf(name: string): Promise<ModelId> {
    const known = this.#ids.get(name);
    if (known) return known;
    const id = this.#registry.resolve({ ...defaultSettings.model, name });
    this.#ids.set(name, id);
    id.catch(() => {
      if (this.#ids.get(name) === id) this.#ids.delete(name);
    });
    return id;
  }
}

/**
 * The embedding function of a model: the bundled one by default, one on the Hub by name, or a folder by absolute
 * path.
 */
export function getEmbeddingFunction(name: string = defaultSettings.model.name): LanternEmbeddingFunction {
  return library().functionFor(name);
}

/** The models in memory now, and the counts since the process began. */
export function getCacheInfo(): EmbeddingCacheInfo {
  return library().info();
}

/**
 * Waits until running calls are done, then frees the models' memory. Every function loads its model again when it is
 * used.
 */
export async function clearEmbeddingCache(): Promise<void> {
  await library().clear();
}

/** Loads a model before it is needed. A model of the Hub is downloaded first. */
export async function preloadEmbeddingModel(name: string = defaultSettings.model.name): Promise<void> {
  await library().preload(name);
}

/** One per process, even when this file is loaded twice, as in a program's bundle and in its test hooks. */
function library(): EmbeddingLibrary {
  const place = globalThis as Record<symbol, EmbeddingLibrary | undefined>;
  return (place[Symbol.for('lantern.embeddingLibrary')] ??= new EmbeddingLibrary());
}

function modelOf(config: Record<string, unknown>): string {
  const model = config['model'];
  if (typeof model === 'string') return model;
  throw new LanternError('bad-request', 'The embedding function\'s configuration has no "model": name one.');
}

function toNumbers(embeddings: Awaited<ReturnType<Embed>>): number[][] {
  return embeddings.map((embedding) => [...embedding.vector]);
}
