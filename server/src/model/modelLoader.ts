import type { Log } from '../../../shared/src/log.js';
import { EmbeddingSession } from './embeddingSession.js';
import type { SessionSettings } from './embeddingSession.js';
import type { ModelFiles } from './modelFolder.js';
import type { ModelId } from './modelId.js';
import type { ModelRegistry } from './registry.js';
import { Tokenizer } from './tokenizer.js';

/** Loads what a `ModelId` stands for: the tokenizer, which is light, and the session, which `ModelCache` owns. */
export class ModelLoader {
  readonly #registry: ModelRegistry;
  readonly #settings: () => SessionSettings;
  readonly #log: Log;
  /** Tokenizers in use. Chunker and session share one, which may be collected afterwards. */
  readonly #alive = new Map<string, WeakRef<Tokenizer>>();
  readonly #loading = new Map<string, Promise<Tokenizer>>();

  constructor(options: {
    readonly registry: ModelRegistry;
    /** Read at each load, so that a change applies from the next one on. */
    readonly settings: () => SessionSettings;
    readonly log: Log;
  }) {
    this.#registry = options.registry;
    this.#settings = options.settings;
    this.#log = options.log;
  }

  /** The tokenizer of a model, without loading the model. */
  async tokenizer(id: ModelId): Promise<Tokenizer> {
    return this.#tokenizerOf(await this.#registry.locate(id));
  }

  /** Loads a new session of a model. Only `ModelCache` calls this. */
  async load(id: ModelId): Promise<EmbeddingSession> {
    const files = await this.#registry.locate(id);
    const tokenizer = await this.#tokenizerOf(files);
    return EmbeddingSession.load(files, { settings: this.#settings(), log: this.#log, tokenizer });
  }

  async #tokenizerOf(files: ModelFiles): Promise<Tokenizer> {
    const key = files.folder;
    const alive = this.#alive.get(key)?.deref();
    if (alive) return alive;
    const begun = this.#loading.get(key);
    if (begun) return begun;
    const loading = Tokenizer.load(files.folder, files.repairAdvice);
    this.#loading.set(key, loading);
    try {
      const tokenizer = await loading;
      this.#alive.set(key, new WeakRef(tokenizer));
      return tokenizer;
    } finally {
      this.#loading.delete(key);
    }
  }
}
