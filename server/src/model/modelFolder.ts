import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage, LanternError, systemCode } from '../../../shared/src/errors.js';
import type { Dtype, ModelId } from './modelId.js';

/** Origin of a model's files. */
export type ModelOrigin = 'bundled' | 'cached' | 'local';

/** Prefixes for documents and queries before they are embedded; mostly empty. */
export interface Prompts {
  readonly query: string;
  readonly document: string;
}

/** What is known of a model before it is loaded. */
export interface ModelFiles {
  readonly id: ModelId;
  readonly origin: ModelOrigin;
  readonly folder: string;
  /** Absolute path of the ONNX file. */
  readonly weights: string;
  readonly weightsBytes: number;
  /** Most tokens of one text, special tokens included; `undefined` uses the tokenizer's limit. */
  readonly maxTokens: number | undefined;
  /** Length of its vectors by `config.json`; `undefined` when that does not say it. */
  readonly dimensions: number | undefined;
  readonly pooling: 'mean' | 'cls';
  readonly prompts: Prompts;
  /** What the user can do about a damaged file: a sentence. */
  readonly repairAdvice: string;
}

/** Possible names of a dtype's weights, best first, relative to the model's folder. */
export function weightNames(dtype: Dtype, arch: string = process.arch): readonly string[] {
  const int8 = arch === 'arm64' ? ['model_qint8_arm64'] : ['model_quint8_avx2', 'model_qint8_avx512'];
  const names = dtype === 'fp32' ? ['model'] : ['model_int8', 'model_quantized', ...int8];
  return names.flatMap((name) => [`onnx/${name}.onnx`, `${name}.onnx`]);
}

/** The dtypes for which a folder has weights. */
export async function dtypesIn(folder: string): Promise<Dtype[]> {
  const present = await listFiles(folder);
  return (['int8', 'fp32'] as const).filter((dtype) => weightNames(dtype).some((name) => present.has(name)));
}

/** Files that a folder must have besides its weights. */
export const requiredFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;

/** Optional files with more about a model. */
export const optionalFiles = [
  'special_tokens_map.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
] as const;

/** Reads what the loader needs. Rejects with `model-damaged` when something is missing or unreadable. */
export async function readModelFolder(
  id: ModelId,
  origin: ModelOrigin,
  folder: string,
  knownPrompts?: Prompts,
): Promise<ModelFiles> {
  const repairAdvice = adviceFor(origin, folder);
  const present = await listFiles(folder);
  for (const name of requiredFiles) {
    if (!present.has(name)) {
      throw new LanternError(
        'model-damaged',
        `The model ${id.name} is incomplete: ${join(folder, name)} is missing. ${repairAdvice}`,
      );
    }
  }
  const name = weightNames(id.dtype).find((candidate) => present.has(candidate));
  if (name === undefined) {
    throw new LanternError(
      'model-damaged',
      `The model ${id.name} has no ${id.dtype} weights in ${folder}. ${repairAdvice}`,
    );
  }
  const weights = join(folder, name);
  const json = (file: string): Promise<JsonObject> => readOptionalJson(join(folder, file), repairAdvice);
  const [bert, sentence, pooling, config] = await Promise.all([
    json('sentence_bert_config.json'),
    json('config_sentence_transformers.json'),
    json('1_Pooling/config.json'),
    json('config.json'),
  ]);
  const golden = present.has('golden.json') ? await json('golden.json') : {};
  const prompts = sentence['prompts'] as Partial<Prompts> | undefined;
  return {
    id,
    origin,
    folder,
    weights,
    weightsBytes: await bytesOf(folder, name, present),
    maxTokens: smallest(bert['max_seq_length'] ?? golden['max_tokens'], positions(config)),
    dimensions: dimensionsOf(config),
    pooling: pooling['pooling_mode_cls_token'] === true ? 'cls' : 'mean',
    prompts: {
      query: text(prompts?.query) ?? knownPrompts?.query ?? '',
      document: text(prompts?.document) ?? knownPrompts?.document ?? '',
    },
    repairAdvice,
  };
}

/** First 12 hex digits of a SHA-256 over the files that determine the vectors. */
export async function contentRevision(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Files of a model's folder and of the folders that may have weights, relative, with `/`. */
export async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  for (const sub of ['', 'onnx/', '1_Pooling/']) {
    try {
      for (const entry of await readdir(join(folder, sub))) files.add(sub + entry);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new LanternError(
        'not-readable',
        `The model folder ${folder} cannot be read: ${errorMessage(error)}.`,
        { cause: error },
      );
    }
  }
  return files;
}

type JsonObject = Readonly<Record<string, unknown>>;

async function readOptionalJson(file: string, repairAdvice: string): Promise<JsonObject> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return value !== null && typeof value === 'object' ? (value as JsonObject) : {};
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw new LanternError(
      'model-damaged',
      `${file} cannot be used: ${errorMessage(error)}. ${repairAdvice}`,
      {
        cause: error,
      },
    );
  }
}

/** Size of the weights with their external data files. */
async function bytesOf(folder: string, name: string, present: ReadonlySet<string>): Promise<number> {
  const sub = dirname(name) === '.' ? '' : `${dirname(name)}/`;
  const parts = [...present].filter(
    (file) => file === name || file.startsWith(`${sub}${basename(name)}_data`) || file === `${name}.data`,
  );
  const sizes = await Promise.all(parts.map(async (part) => (await stat(join(folder, part))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Positions that the graph was trained with. RoBERTa models reserve the first `pad_token_id + 1`. */
function positions(config: JsonObject): number | undefined {
  const most = config['max_position_embeddings'];
  if (typeof most !== 'number') return undefined;
  const reserved = /roberta|mpnet|camembert/.test(String(config['model_type'])) ? 2 : 0;
  return most - reserved;
}

function dimensionsOf({ hidden_size: size }: JsonObject): number | undefined {
  return typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

function smallest(...limits: unknown[]): number | undefined {
  const known = limits.filter((limit): limit is number => typeof limit === 'number' && limit > 0);
  return known.length > 0 ? Math.min(...known) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function adviceFor(origin: ModelOrigin, folder: string): string {
  if (origin === 'bundled') return 'Install Lantern again to get its files back.';
  if (origin === 'cached') return `Delete ${folder}; the model is then downloaded again.`;
  return 'Put the files there again, or name another model in lantern.model.name.';
}
