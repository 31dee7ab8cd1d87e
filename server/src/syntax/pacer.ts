import { performance } from 'node:perf_hooks';

/** A request is read, queued and begun in a turn of the event loop each: it need not wait for a step every time. */
const turns = 4;

/** Cuts long work into steps: between them the process answers searches. */
export class Pacer {
  readonly #stepMs: number;
  #started = performance.now();

  constructor(stepMs = 10) {
    this.#stepMs = stepMs;
  }

  /** True when the step has lasted long enough and `pause` should follow. */
  get due(): boolean {
    return performance.now() - this.#started >= this.#stepMs;
  }

  /** Lets everything that waits run, then starts the next step. */
  async pause(): Promise<void> {
    for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
    this.#started = performance.now();
  }
}
