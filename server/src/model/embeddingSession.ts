import { availableParallelism } from 'node:os';
import { errorMessage, LanternError } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import { BulkGraph } from './bulkGraph.js';
import { EmbeddingQueue } from './embeddingQueue.js';
import type { QueueOptions } from './embeddingQueue.js';
import { checkGolden, probeTexts, readGolden } from './goldenCheck.js';
import type { GoldenCase } from './goldenCheck.js';
import { threadsFor } from './graph.js';
import type { Graph, OpenGraph, Provider } from './graph.js';
import type { ModelId } from './modelId.js';
import type { ModelFiles } from './modelFolder.js';
import { openGraphInWorker } from './graphWorkerClient.js';
import { Tokenizer } from './tokenizer.js';

/** A vector, and whether the text was truncated. */
export interface Embedding {
  /** Unit length. */
  readonly vector: Float32Array;
  readonly truncated: boolean;
}

export type SessionSettings = Pick<Settings['model'], 'threads' | 'device'>;

export interface SessionOptions {
  readonly settings: SessionSettings;
  readonly log: Log;
  /** Shared with the chunker. Loaded from the model's folder when not given. */
  readonly tokenizer?: Tokenizer;
  /** Like `darwin-arm64`. */
  readonly machine?: string;
}

interface Step {
  readonly text: string;
  readonly overlong: 'reject' | 'truncate';
}

// ML programs, which CoreML can run on all of its processors.
const COREML_FLAGS = 0x10;

// Enough to detect a damaged file, and cheap: these are the shortest.
const CPU_GOLDEN_CASES = 4;

// Token limit for models whose files state none.
const USUAL_MAX_TOKENS = 512;

/** A loaded graph with its tokenizer: texts in, unit vectors out. A vector depends on the text alone. */
export class EmbeddingSession {
  readonly id: ModelId;
  readonly files: ModelFiles;
  readonly tokenizer: Tokenizer;
  /** Length of every vector. */
  readonly dimensions: number;
  /** Most tokens of one text, special tokens included. */
  readonly maxTokens: number;
  readonly provider: Provider;
  readonly #bytes: number;
  readonly #graph: Graph;
  readonly #queue: EmbeddingQueue<Step, Embedding>;
  /** Those that run no text are in `#idleBulkGraphs`, the last used one at its end. */
  readonly #bulkGraphs: readonly BulkGraph[];
  readonly #idleBulkGraphs: BulkGraph[];
  readonly #bulkQueue: EmbeddingQueue<Step, Embedding>;

  private constructor(parts: {
    readonly files: ModelFiles;
    readonly tokenizer: Tokenizer;
    readonly opened: Opened;
    readonly bytes: number;
    readonly openBulk: () => Promise<Graph>;
    readonly log: Log;
  }) {
    const { files, tokenizer, opened } = parts;
    this.id = files.id;
    this.files = files;
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokensOf(files, tokenizer);
    this.dimensions = opened.dimensions;
    this.provider = opened.provider;
    this.#bytes = parts.bytes;
    this.#graph = opened.graph;
    // One text per run: with int8 weights a vector would depend on the other texts of a batch, and a batch is no
    // faster on the CPU.
    this.#queue = new EmbeddingQueue((step) => this.#embedOne(step, (ids) => this.#graph.run(ids)));
    // Two graphs with a thread each embed more texts than one with two threads.
    const width = 'threads' in opened.provider ? opened.provider.threads : 1;
    let opening: Promise<unknown> = Promise.resolve();
    // One after the other, so that the memory of each can be told.
    const open = (): Promise<Graph> => {
      const next = opening.then(parts.openBulk);
      opening = next.catch(() => undefined);
      return next;
    };
    const otherwise = (ids: readonly number[]): Promise<Float32Array> => this.#graph.run(ids);
    this.#bulkGraphs = Array.from(
      { length: width },
      () => new BulkGraph({ open, otherwise, log: parts.log }),
    );
    this.#idleBulkGraphs = [...this.#bulkGraphs];
    this.#bulkQueue = new EmbeddingQueue(
      (step) => this.#embedOne(step, (ids) => this.#runInBulk(ids)),
      width,
    );
  }

  /**
   * Growth of the process's resident memory during the load, in bytes, but at least the size of the weights: a later
   * load reuses pages of the process. While bulk work lasts, that of its graphs is included.
   */
  get bytes(): number {
    return this.#bulkGraphs.reduce((sum, { bytes }) => sum + bytes, this.#bytes);
  }

  /** Loads and checks a model. Rejects with `model-damaged` when its files cannot be used. */
  static async load(
    files: ModelFiles,
    options: SessionOptions,
    open: OpenGraph = openGraphInWorker,
  ): Promise<EmbeddingSession> {
    const before = process.memoryUsage.rss();
    const tokenizer = options.tokenizer ?? (await Tokenizer.load(files.folder, files.repairAdvice));
    const golden = await readGolden(files);
    const opening: Opening = { files, tokenizer, golden, open };
    const opened = await openChecked(opening, options);
    const bytes = Math.max(process.memoryUsage.rss() - before, files.weightsBytes);
    const openBulk = async (): Promise<Graph> =>
      (await openCpu(opening, { kind: 'cpu', threads: 1 }, true)).graph;
    return new EmbeddingSession({ files, tokenizer, opened, bytes, openBulk, log: options.log });
  }

  /** Number of texts that `embedInBulk` embeds at the same time. */
  get bulkWidth(): number {
    return this.provider.kind === 'coreml' ? 1 : this.#bulkGraphs.length;
  }

  /** Number of texts that wait or run. */
  get pending(): number {
    return this.#queue.pending + this.#bulkQueue.pending;
  }

  /** Embeds chunks. A text above the model's limit rejects the call with `bad-request`: no text is silently cut. */
  async embed(texts: readonly string[], options: QueueOptions = {}): Promise<Float32Array[]> {
    return this.#chunks(this.#queue, texts, options);
  }

  /**
   * As `embed`, for work that lasts: on the CPU in graphs of its own, one per thread that the model may use, which are
   * open only as long. Queries and edits wait for none of these texts.
   */
  async embedInBulk(texts: readonly string[], options: QueueOptions = {}): Promise<Float32Array[]> {
    // CoreML has other processors for the graph, and would compile it a second time.
    const queue = this.provider.kind === 'coreml' ? this.#queue : this.#bulkQueue;
    return this.#chunks(queue, texts, { ...options, priority: 'bulk' });
  }

  /** Embeds documents of any length. Text above the model's limit is left out, and `truncated` is set. */
  async embedTruncated(texts: readonly string[], options: QueueOptions = {}): Promise<Embedding[]> {
    return this.#truncated(this.files.prompts.document, texts, options);
  }

  /** Embeds queries, which have priority over all other work. */
  async embedQueries(texts: readonly string[], options: QueueOptions = {}): Promise<Embedding[]> {
    return this.#truncated(this.files.prompts.query, texts, { priority: 'query', ...options });
  }

  /** Embeds one query. */
  async embedQuery(text: string, options: QueueOptions = {}): Promise<Embedding> {
    const [embedding] = await this.embedQueries([text], options);
    if (!embedding) throw new LanternError('internal', 'The model gave no vector for the query. Try again.');
    return embedding;
  }

  /** Resolves when the model's thread has ended unexpectedly. The session is then of no use. */
  get lost(): Promise<void> | undefined {
    return this.#graph.lost;
  }

  /** Waits for the running text, rejects waiting ones, and frees the native memory. */
  async release(): Promise<void> {
    await Promise.all([this.#queue.close(), this.#bulkQueue.close()]);
    await Promise.all([this.#graph.release(), ...this.#bulkGraphs.map((graph) => graph.close())]);
  }

  /** Runs a text in the graph that was used last, so that graphs which are not needed are closed. */
  async #runInBulk(ids: readonly number[]): Promise<Float32Array> {
    const graph = this.#idleBulkGraphs.pop();
    if (graph === undefined) return this.#graph.run(ids);
    try {
      return await graph.run(ids);
    } finally {
      this.#idleBulkGraphs.push(graph);
    }
  }

  async #chunks(
    queue: EmbeddingQueue<Step, Embedding>,
    texts: readonly string[],
    options: QueueOptions,
  ): Promise<Float32Array[]> {
    const prompt = this.files.prompts.document;
    const steps = texts.map((text): Step => ({ text: prompt + text, overlong: 'reject' }));
    return (await queue.submit(steps, options)).map((embedding) => embedding.vector);
  }

  #truncated(prompt: string, texts: readonly string[], options: QueueOptions): Promise<Embedding[]> {
    const steps = texts.map((text): Step => ({ text: prompt + text, overlong: 'truncate' }));
    return this.#queue.submit(steps, options);
  }

  async #embedOne(step: Step, run: Graph['run']): Promise<Embedding> {
    const { ids, truncated } = this.tokenizer.encode(step.text, this.maxTokens);
    if (truncated && step.overlong === 'reject') {
      throw new LanternError(
        'bad-request',
        `A text of ${step.text.length} characters has more than the ${this.maxTokens} tokens that ` +
          `${this.id.name} takes. Cut it into smaller chunks.`,
      );
    }
    const vector = await run(ids);
    const flaw = flawOf(vector, this.dimensions);
    if (flaw) throw damaged(this.files, flaw);
    return { vector, truncated };
  }
}

interface Opened {
  readonly graph: Graph;
  readonly provider: Provider;
  readonly dimensions: number;
}

/** Opens the graph on the wanted provider, or on the CPU when that provider fails, is wrong or is slower. */
async function openChecked(opening: Opening, options: SessionOptions): Promise<Opened> {
  const { files, golden, open } = opening;
  const machine = options.machine ?? `${process.platform}-${process.arch}`;
  const { device } = options.settings;
  const threads = threadsFor(options.settings.threads, availableParallelism(), process.arch);

  const wantsCoreml = device === 'coreml' || (device === 'auto' && machine === 'darwin-arm64');
  if (!wantsCoreml) return openCpu(opening, { kind: 'cpu', threads });

  const fallBack = (reason: string): Promise<Opened> => {
    options.log.write('warn', 'model.provider.fallback', { model: files.id.name, wanted: 'CoreML', reason });
    return openCpu(opening, { kind: 'cpu-fallback', threads, wanted: 'CoreML', reason });
  };
  if (files.id.dtype === 'int8') {
    // CoreML was not asked for by name, and int8 runs on the CPU.
    if (device === 'auto') return openCpu(opening, { kind: 'cpu', threads });
    return fallBack('it does not run int8 weights; choose fp32');
  }
  if (!machine.startsWith('darwin')) return fallBack('it exists on macOS only');
  const provider: Provider = { kind: 'coreml', flags: COREML_FLAGS };
  let graph: Graph;
  try {
    graph = await open(files, provider);
  } catch (error) {
    return fallBack(`it did not start (${errorMessage(error)})`);
  }
  let flaw: string | undefined;
  try {
    const cpu = await openCpu(opening, { kind: 'cpu', threads });
    try {
      flaw = await compare(embedderOf(opening, graph), embedderOf(opening, cpu.graph), golden, files);
      if (!flaw) return { graph, provider, dimensions: cpu.dimensions };
    } finally {
      await cpu.graph.release();
    }
  } catch (error) {
    if (error instanceof LanternError) {
      await graph.release();
      throw error;
    }
    flaw = `it failed (${errorMessage(error)})`;
  }
  await graph.release();
  return fallBack(flaw);
}

/** What opening a graph and checking it takes. */
interface Opening {
  readonly files: ModelFiles;
  readonly tokenizer: Tokenizer;
  readonly golden: readonly GoldenCase[];
  readonly open: OpenGraph;
}

/** Opens a graph on the CPU and checks it. */
async function openCpu(opening: Opening, provider: Provider, background = false): Promise<Opened> {
  const { files, golden, open } = opening;
  const graph = await open(files, provider, background).catch((error: unknown) => {
    throw error instanceof LanternError ? error : damaged(files, errorMessage(error), error);
  });
  try {
    const embed = embedderOf(opening, graph);
    const flaw = await checkGolden(embed, golden.slice(0, CPU_GOLDEN_CASES), files.id.dtype);
    if (flaw) throw damaged(files, flaw);
    const first = await embed(probeTexts[0] ?? '');
    const unusable = flawOf(first, files.dimensions ?? first.length);
    if (unusable) throw damaged(files, unusable);
    return { graph, provider, dimensions: first.length };
  } catch (error) {
    await graph.release();
    throw error instanceof LanternError ? error : damaged(files, errorMessage(error), error);
  }
}

/** Why a vector cannot be used; `undefined` when it can. */
function flawOf(vector: Float32Array, dimensions: number): string | undefined {
  if (vector.length !== dimensions) return `its vectors have ${vector.length} dimensions, not ${dimensions}`;
  return vector.every(Number.isFinite) ? undefined : 'its vectors have entries that are no numbers';
}

function embedderOf({ files, tokenizer }: Opening, graph: Graph): Embed {
  const limit = maxTokensOf(files, tokenizer);
  return (text) => graph.run(tokenizer.encode(text, limit).ids);
}

type Embed = (text: string) => Promise<Float32Array>;

/** Why a provider is worse than the CPU; `undefined` when it is not. */
async function compare(
  embed: Embed,
  onCpu: Embed,
  golden: readonly GoldenCase[],
  files: ModelFiles,
): Promise<string | undefined> {
  const cases: GoldenCase[] = [...golden];
  if (cases.length === 0) {
    for (const text of probeTexts) cases.push({ text, embedding: [...(await onCpu(text))] });
  }
  const flaw = await checkGolden(embed, cases, files.id.dtype);
  if (flaw) return flaw;
  // Both providers have seen every shape by now, so neither compiles while it is timed.
  const time = async (run: Embed): Promise<number> => {
    const started = performance.now();
    for (const { text } of cases) await run(text);
    return performance.now() - started;
  };
  for (const { text } of cases) await onCpu(text);
  const [own, cpu] = [await time(embed), await time(onCpu)];
  if (own > cpu) return `it is slower than the CPU (${own.toFixed(0)} ms against ${cpu.toFixed(0)} ms)`;
  return undefined;
}

function maxTokensOf(files: ModelFiles, tokenizer: Tokenizer): number {
  const limits = [files.maxTokens, tokenizer.modelMaxLength].filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : USUAL_MAX_TOKENS;
}

function damaged(files: ModelFiles, cause: string, error?: unknown): LanternError {
  return new LanternError(
    'model-damaged',
    `The model file ${files.weights} cannot be used: ${cause.replace(/\.+$/, '')}. ${files.repairAdvice}`,
    error === undefined ? undefined : { cause: error },
  );
}
