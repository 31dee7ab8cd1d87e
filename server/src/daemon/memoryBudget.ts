import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';

/** One way to give memory back. */
export interface Relief {
  readonly name: string;
  /** Milliseconds before it is tried again: what is shed comes back when it is needed, at its own cost. */
  readonly everyMs: number;
  /** False when there was nothing to give. */
  run(): boolean | Promise<boolean>;
}

export interface MemoryBudgetOptions {
  /** 0 sets no limit. */
  readonly limitBytes: number;
  /** Resident bytes of all that counts. */
  readonly measure: () => Promise<number>;
  /** The cheapest first. */
  readonly reliefs: readonly Relief[];
  readonly log: Log;
  /** Milliseconds on any scale that only grows. */
  readonly now?: () => number;
}

/** Keeps resident memory within a budget: above it, one thing after the other is shed until it fits. */
export class MemoryBudget {
  readonly #options: MemoryBudgetOptions;
  readonly #now: () => number;
  readonly #triedAt = new Map<Relief, number>();
  #checking: Promise<void> | undefined;
  #told = false;

  constructor(options: MemoryBudgetOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Measures, and sheds what is needed; a call while one runs shares it. */
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
    // Once for each time that it comes to this.
    if (bytes > limitBytes && !this.#told) log.write('warn', 'memory.over-budget', { bytes, limitBytes });
    this.#told = bytes > limitBytes;
  }

  async #run(relief: Relief): Promise<boolean> {
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
