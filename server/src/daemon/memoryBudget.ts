import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';

/** One way to free memory. */
export interface MemoryRelief {
  readonly name: string;
  /** Milliseconds until it may run again: what it frees is loaded again when it is needed, at a cost. */
  readonly everyMs: number;
  /** Returns false when there was nothing to free. */
  run(): boolean | Promise<boolean>;
}

export interface MemoryBudgetOptions {
  /** 0 sets no limit. */
  readonly limitBytes: number;
  /** Resident bytes that count. */
  readonly measure: () => Promise<number>;
  /** Ways to free memory, the cheapest first. */
  readonly reliefs: readonly MemoryRelief[];
  readonly log: Log;
  /** Milliseconds on any scale that only grows. */
  readonly now?: () => number;
}

/** Keeps resident memory within a budget: above it, frees one thing after the other until it fits. */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  readonly #now: () => number;
  readonly #triedAt = new Map<MemoryRelief, number>();
  #checking: Promise<void> | undefined;
  #isOver = false;

  constructor(options: MemoryBudgetOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Measures memory and frees what is necessary. Concurrent calls share one run. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #check(): Promise<void> {
    const { limitBytes, measure, reliefs, log } = this.#options;
    if (limitBytes <= 0) return;
    let bytes = await measure();
    for (const relief of reliefs) {
      if (bytes <= limitBytes) break;
      if (this.#now() - (this.#triedAt.get(relief) ?? -Infinity) < relief.everyMs) continue;
      if (!(await this.#run(relief))) continue;
      this.#triedAt.set(relief, this.#now());
      const before = bytes;
      bytes = await measure();
      log.write('info', 'memory.shed', { what: relief.name, before, after: bytes, limitBytes });
    }
    // Logged once each time the limit is exceeded.
    if (bytes > limitBytes && !this.#isOver) log.write('warn', 'memory.over-budget', { bytes, limitBytes });
    this.#isOver = bytes > limitBytes;
  }

  async #run(relief: MemoryRelief): Promise<boolean> {
    try {
      return await relief.run();
    } catch (error) {
      this.#options.log.write('warn', 'memory.shed.failed', {
        what: relief.name,
        cause: errorMessage(error),
      });
      return false;
    }
  }
}
