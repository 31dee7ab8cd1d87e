import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { LanternError, systemCode } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import { chooseFiles, damagedFile, Hub } from './hub.js';
import type { DownloadOptions, HubListing } from './hub.js';
import { bundledAliases, bundledModel, bundledRevisions, otherModels } from './knownModels.js';
import { contentRevision, dtypesIn, listFiles, readModelFolder, weightNames } from './modelFolder.js';
import type { ModelFiles } from './modelFolder.js';
import type { Dtype, ModelId } from './modelId.js';

/** The settings that choose a model. */
export type ModelChoice = Pick<Settings['model'], 'name' | 'dtype' | 'device'>;

/** One line of `lantern models`. */
export interface ModelSummary {
  readonly name: string;
  readonly state: 'bundled' | 'cached' | 'downloadable';
  /** Dtypes of the weights on this machine. */
  readonly dtypes: readonly Dtype[];
  readonly dimensions: number | undefined;
  readonly maxTokens: number | undefined;
  /** Size of the weights; approximate when they are not on this machine. */
  readonly bytes: number | undefined;
  readonly note: string;
}

type Named =
  | { readonly kind: 'bundled' }
  | { readonly kind: 'local'; readonly folder: string }
  | { readonly kind: 'hub'; readonly name: string; readonly revision: string };

/** Knows the models on this machine and on the Hub, and the revision that defines each vector space. */
export class ModelRegistry {
  readonly #bundled: string;
  readonly #cached: string;
  readonly #hub: Hub;
  readonly #machine: string;
  readonly #revisions = new Map<string, { readonly stamp: string; readonly revision: string }>();

  /** `modelsDir` has the shipped models, `dataDir` the downloaded ones; `machine` is like `darwin-arm64`. */
  constructor(options: {
    readonly modelsDir: string;
    readonly dataDir: string;
    readonly log: Log;
    readonly hub?: Hub;
    readonly machine?: string;
  }) {
    this.#bundled = join(options.modelsDir, bundledModel.name);
    this.#cached = join(options.dataDir, 'models');
    this.#hub = options.hub ?? new Hub(options.log);
    this.#machine = options.machine ?? `${process.platform}-${process.arch}`;
  }

  /** The model that the settings name; `undefined` while it is not on this machine. Never uses the network. */
  async find(choice: ModelChoice): Promise<ModelId | undefined> {
    const named = parseName(choice.name);
    const wanted = this.#dtypes(choice);
    if (named.kind === 'bundled') {
      const dtype = pick(wanted, await dtypesIn(this.#bundled)) ?? wanted[0];
      return { name: bundledModel.name, revision: bundledRevisions[dtype], dtype };
    }
    if (named.kind === 'local') return this.#findLocal(named.folder, wanted);
    const pins = await this.#pins(named.name);
    const revision = pins[named.revision] ?? named.revision;
    for (const dtype of wanted) {
      const there = await stat(this.#folderOf(named.name, revision, dtype)).catch(() => undefined);
      if (there?.isDirectory()) return { name: named.name, revision, dtype };
    }
    return undefined;
  }

  /** As `find`, but downloads a model of the Hub that is missing. Its commit is then pinned. */
  async resolve(choice: ModelChoice, options: DownloadOptions = {}): Promise<ModelId> {
    const found = await this.find(choice);
    if (found) return found;
    const named = parseName(choice.name);
    if (named.kind !== 'hub') throw unknownModel(choice.name, 'nothing is there');
    const pins = await this.#pins(named.name);
    const listing = await this.#hub.list(named.name, pins[named.revision] ?? named.revision, options.signal);
    const dtype = dtypeInListing(named.name, listing, this.#dtypes(choice));
    const id: ModelId = { name: named.name, revision: listing.revision, dtype };
    await this.#hub.download(id.name, listing, dtype, this.#folderOf(id.name, id.revision, dtype), options);
    await this.#pin(named.name, named.revision, listing.revision);
    return id;
  }

  /** The files of a model that is on this machine. */
  async locate(id: ModelId): Promise<ModelFiles> {
    const named = parseName(id.name);
    if (named.kind === 'bundled') return readModelFolder(id, 'bundled', this.#bundled);
    if (named.kind === 'local') return readModelFolder(id, 'local', named.folder);
    const folder = this.#folderOf(named.name, id.revision, id.dtype);
    const prompts = otherModels.find((model) => model.name === named.name)?.prompts;
    return readModelFolder(id, 'cached', folder, prompts);
  }

  /**
   * Reads all of a model's files; returns the first one that is damaged. Loading checks only the vectors of a few
   * texts, because this takes longer.
   */
  async findDamage(id: ModelId): Promise<string | undefined> {
    const files = await this.locate(id);
    if (files.origin === 'cached') return damagedFile(files.folder);
    // A folder of the user has no published digest. A changed file makes it another revision.
    if (files.origin === 'local') return undefined;
    return (await contentRevision([files.weights])) === id.revision ? undefined : files.weights;
  }

  /** The bundled model, those that were downloaded, and suggestions, in this order. */
  async list(): Promise<ModelSummary[]> {
    const bundled: ModelSummary = {
      ...bundledModel,
      state: 'bundled',
      dtypes: await dtypesIn(this.#bundled),
    };
    const cached = await this.#listCached();
    const rest = otherModels
      .filter((model) => !cached.some((one) => one.name === model.name))
      .map((model): ModelSummary => ({ ...model, state: 'downloadable', dtypes: [] }));
    return [bundled, ...cached, ...rest];
  }

  /** Suitable dtypes, best first. */
  #dtypes(choice: ModelChoice): readonly [Dtype, ...Dtype[]] {
    if (choice.dtype !== 'auto') return [choice.dtype];
    // CoreML runs int8 graphs on the CPU, so only fp32 gains from it.
    const coreml =
      choice.device === 'coreml' || (choice.device === 'auto' && this.#machine === 'darwin-arm64');
    return coreml ? ['fp32', 'int8'] : ['int8', 'fp32'];
  }

  async #findLocal(folder: string, wanted: readonly Dtype[]): Promise<ModelId> {
    const files = await listFiles(folder);
    if (files.size === 0) throw unknownModel(folder, 'the folder is missing or empty');
    const dtype = pick(wanted, await dtypesIn(folder));
    if (dtype === undefined) {
      const names = wanted.flatMap((one) => weightNames(one)[0] ?? []);
      throw unknownModel(folder, `it has none of ${names.join(', ')}`);
    }
    const weights = weightNames(dtype).find((name) => files.has(name)) ?? '';
    const revision = await this.#contentRevision(folder, [weights, 'tokenizer.json']);
    return { name: folder, revision, dtype };
  }

  /** Hashes only when the size or time of a file has changed. */
  async #contentRevision(folder: string, names: readonly string[]): Promise<string> {
    const paths = names.map((name) => join(folder, name));
    const stamps: string[] = [];
    for (const path of paths) {
      const info = await stat(path).catch(() => undefined);
      if (!info) throw unknownModel(folder, `${path} is missing`);
      stamps.push(`${info.size}:${info.mtimeMs}`);
    }
    const key = paths.join('\n');
    const stamp = stamps.join('\n');
    const known = this.#revisions.get(key);
    if (known?.stamp === stamp) return known.revision;
    const revision = await contentRevision(paths);
    this.#revisions.set(key, { stamp, revision });
    return revision;
  }

  #home(name: string): string {
    return join(this.#cached, name.replace('/', '--'));
  }

  #folderOf(name: string, revision: string, dtype: Dtype): string {
    return join(this.#home(name), `${revision}-${dtype}`);
  }

  /** The commit that each branch or tag had when it was first used. */
  async #pins(name: string): Promise<Readonly<Record<string, string>>> {
    try {
      return JSON.parse(await readFile(join(this.#home(name), 'pins.json'), 'utf8')) as Record<
        string,
        string
      >;
    } catch {
      return {};
    }
  }

  async #pin(name: string, asked: string, commit: string): Promise<void> {
    const file = join(this.#home(name), 'pins.json');
    const temporary = `${file}.${process.pid}`;
    await mkdir(this.#home(name), { recursive: true });
    await writeFile(temporary, JSON.stringify({ ...(await this.#pins(name)), [asked]: commit }));
    await rename(temporary, file);
  }

  async #listCached(): Promise<ModelSummary[]> {
    const summaries: ModelSummary[] = [];
    for (const home of await entries(this.#cached)) {
      const name = home.replace('--', '/');
      const known = otherModels.find((model) => model.name === name);
      const dtypes = new Set<Dtype>();
      let files: ModelFiles | undefined;
      for (const folder of await entries(join(this.#cached, home))) {
        const match = /^([0-9a-f]+)-(int8|fp32)$/.exec(folder);
        if (!match) continue;
        const id = { name, revision: match[1] ?? '', dtype: match[2] as Dtype };
        const found = await this.locate(id).catch(() => undefined);
        if (!found) continue;
        files = found;
        dtypes.add(id.dtype);
      }
      if (!files) continue;
      summaries.push({
        name,
        state: 'cached',
        dtypes: [...dtypes],
        dimensions: known?.dimensions,
        maxTokens: files.maxTokens ?? known?.maxTokens,
        bytes: files.weightsBytes,
        note: known?.note ?? '',
      });
    }
    return summaries;
  }
}

/** The canonical spelling of a model's name: resolves aliases of the bundled model and names without an owner. */
export function canonicalName(name: string): string {
  const named = parseName(name);
  if (named.kind === 'bundled') return bundledModel.name;
  if (named.kind === 'local') return named.folder;
  return named.revision === 'main' ? named.name : `${named.name}@${named.revision}`;
}

function parseName(name: string): Named {
  if (isAbsolute(name)) return { kind: 'local', folder: name };
  if (name === bundledModel.name || bundledAliases.includes(name)) return { kind: 'bundled' };
  const match = /^([\w.-]+\/)?([\w.-]+)(?:@([\w./-]+))?$/.exec(name);
  if (!match || name.includes('..')) {
    throw unknownModel(name, 'it is neither a name on the Hub nor the absolute path of a folder');
  }
  // As in sentence-transformers, a name without an owner is one of theirs.
  const owner = match[1] ?? 'sentence-transformers/';
  return { kind: 'hub', name: `${owner}${match[2]}`, revision: match[3] ?? 'main' };
}

function pick(wanted: readonly Dtype[], there: readonly Dtype[]): Dtype | undefined {
  return wanted.find((dtype) => there.includes(dtype));
}

function dtypeInListing(name: string, listing: HubListing, wanted: readonly [Dtype, ...Dtype[]]): Dtype {
  const there = (['int8', 'fp32'] as const).filter((dtype) => {
    try {
      return chooseFiles(name, listing, dtype).length > 0;
    } catch {
      return false;
    }
  });
  return pick(wanted, there) ?? wanted[0];
}

function unknownModel(name: string, cause: string): LanternError {
  return new LanternError(
    'unknown-model',
    `Lantern does not know the model "${name}": ${cause}. ` +
      `Set lantern.model.name to ${bundledModel.name}, to a name on the Hub such as Xenova/gte-small, or to the ` +
      'absolute path of a folder with ONNX weights; `lantern models` lists some.',
  );
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
