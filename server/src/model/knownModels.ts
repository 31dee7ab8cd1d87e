import type { Prompts } from './modelFolder.js';
import type { Dtype } from './modelId.js';

/** A model that `lantern models` suggests. */
export interface KnownModel {
  readonly name: string;
  /** Length of its vectors. */
  readonly dimensions: number;
  /** Most tokens of one text, special tokens included. */
  readonly maxTokens: number;
  /** Approximate size of its int8 weights. */
  readonly bytes: number;
  readonly note: string;
  /** Used when the model's own files do not say. */
  readonly prompts?: Prompts;
}

/** The model that ships with Lantern, and its other names. */
export const bundledModel: KnownModel = {
  name: 'all-MiniLM-L6-v2',
  dimensions: 384,
  maxTokens: 256,
  bytes: 22_900_000,
  note: 'ships with Lantern; small and fast, English and code',
};

export const bundledAliases: readonly string[] = [
  'sentence-transformers/all-MiniLM-L6-v2',
  'Xenova/all-MiniLM-L6-v2',
];

/** Start of the SHA-256 of the shipped weights; a test keeps it equal to the files. */
export const bundledRevisions: Readonly<Record<Dtype, string>> = {
  int8: '7dbc034d0620',
  fp32: 'ee009c7e36b9',
};

/** Other models that have ONNX weights. Any sentence-embedding model on the Hub that has them can be named. */
export const otherModels: readonly KnownModel[] = [
  {
    name: 'Xenova/bge-small-en-v1.5',
    dimensions: 384,
    maxTokens: 512,
    bytes: 34_000_000,
    note: 'English, longer texts',
    prompts: { query: 'Represent this sentence for searching relevant passages: ', document: '' },
  },
  {
    name: 'Xenova/gte-small',
    dimensions: 384,
    maxTokens: 512,
    bytes: 34_000_000,
    note: 'English, longer texts',
  },
  {
    name: 'Xenova/multilingual-e5-small',
    dimensions: 384,
    maxTokens: 512,
    bytes: 118_000_000,
    note: 'about 100 languages',
    prompts: { query: 'query: ', document: 'passage: ' },
  },
  {
    name: 'Xenova/all-mpnet-base-v2',
    dimensions: 768,
    maxTokens: 384,
    bytes: 110_000_000,
    note: 'English, larger and slower',
  },
  {
    name: 'jinaai/jina-embeddings-v2-base-code',
    dimensions: 768,
    maxTokens: 8192,
    bytes: 162_000_000,
    note: 'code in about 30 languages, very long texts, slow',
  },
];
