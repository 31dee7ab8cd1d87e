import { cancelled, throwIfCancelled } from './errors.js';

interface Run<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Lets callers share one run of a task. A caller that comes while it runs joins it; one that cancels leaves it. The
 * run itself is cancelled when all callers have left. A call after its end starts a new run.
 */
export class SharedTask<T> {
  readonly #name: string;
  #run: Run<T> | undefined;

  /** `name` is used in the error of a caller that cancels, such as "Indexing". */
  constructor(name: string) {
    this.#name = name;
  }

  get running(): boolean {
    return this.#run !== undefined;
  }

  async join(body: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    throwIfCancelled(signal, this.#name);
    // A run that all callers have left is ending. The next one must wait for its end.
    while (this.#run?.controller.signal.aborted === true) await this.#run.result.catch(() => undefined);
    throwIfCancelled(signal, this.#name);
    const run = this.#run ?? this.#start(body);
    run.waiting++;
    try {
      return await (signal === undefined ? run.result : unlessAborted(run.result, signal, this.#name));
    } finally {
      run.waiting--;
      if (run.waiting === 0 && this.#run === run) run.controller.abort();
    }
  }

  /** Cancels the run for all callers, and resolves when it has ended. */
  async cancel(): Promise<void> {
    this.#run?.controller.abort();
    await this.#run?.result.catch(() => undefined);
  }

  #start(body: (signal: AbortSignal) => Promise<T>): Run<T> {
    const controller = new AbortController();
    const result = body(controller.signal).finally(() => {
      if (this.#run === run) this.#run = undefined;
    });
    result.catch(() => undefined);
    const run = { result, controller, waiting: 0 };
    this.#run = run;
    return run;
  }
}

/** As `result`, but rejects with `cancelled` as soon as the signal fires. `name` says what was cancelled. */
export function unlessAborted<T>(result: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(cancelled(name));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    // The signal may exist much longer than the result.
    void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
