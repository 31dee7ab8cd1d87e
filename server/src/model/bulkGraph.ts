import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { Graph } from './graph.js';

/** A graph stays open for this long after its last text, so that a job's next page finds it open. */
const idleMs = 2000;

export interface BulkGraphOptions {
  /** Opens and checks a further graph of the same weights. */
  readonly open: () => Promise<Graph>;
  /** Runs a text where no further graph can be opened. */
  readonly otherwise: (ids: readonly number[]) => Promise<Float32Array>;
  readonly log: Log;
  readonly idleMs?: number;
}

/**
 * A further graph of a model that is open only while bulk work lasts, so that a query waits for none of its texts. It
 * runs one text at a time.
 */
export class BulkGraph {
  readonly #options: BulkGraphOptions;
  #opening: Promise<Graph | undefined> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #bytes = 0;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: BulkGraphOptions) {
    this.#options = options;
  }

  /** Growth of the process's resident memory when the graph was opened, in bytes; 0 while it is closed. */
  get bytes(): number {
    return this.#bytes;
  }

  async run(ids: readonly number[]): Promise<Float32Array> {
    clearTimeout(this.#idle);
    const opening = this.#opening ?? this.#begin();
    try {
      const graph = await opening;
      return await (graph === undefined ? this.#options.otherwise(ids) : graph.run(ids));
    } finally {
      if (this.#opening === opening) {
        this.#idle = setTimeout(() => void this.close(), this.#options.idleMs ?? idleMs);
        this.#idle.unref();
      }
    }
  }

  /** Frees the native memory. No text may run. The next text opens the graph again. */
  close(): Promise<void> {
    clearTimeout(this.#idle);
    const opening = this.#opening;
    this.#opening = undefined;
    this.#bytes = 0;
    this.#closing = this.#closing.then(async () => {
      await (await opening)?.release();
    });
    return this.#closing;
  }

  #begin(): Promise<Graph | undefined> {
    const opening = this.#open();
    this.#opening = opening;
    void opening.then((graph) =>
      graph?.lost?.then(() => {
        // Its text has failed. The next one opens another graph.
        if (this.#opening === opening) void this.close();
      }),
    );
    return opening;
  }

  async #open(): Promise<Graph | undefined> {
    const before = process.memoryUsage.rss();
    try {
      const graph = await this.#options.open();
      this.#bytes = Math.max(0, process.memoryUsage.rss() - before);
      return graph;
    } catch (error) {
      this.#options.log.write('warn', 'model.bulk.failed', { error: errorMessage(error) });
      return undefined;
    }
  }
}
