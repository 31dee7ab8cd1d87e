import { performance } from 'node:perf_hooks';
import { nextTurn } from '../../../shared/src/nextTurn.js';

/** A request needs several turns of the event loop to be read, queued and started. It gets as many. */
const turns = 4;

/** Cuts long work into short steps. Between them the process answers searches. */
export class Pacer {
  readonly #stepMs: number;
  #started = performance.now();

  constructor(stepMs = 10) {
    this.#stepMs = stepMs;
  }

  /** Whether the current step has lasted long enough, so that `pause` should be called. */
  get due(): boolean {
    return performance.now() - this.#started >= this.#stepMs;
  }

  /** Lets waiting work run, then starts the next step. */
  async pause(): Promise<void> {
    for (let i = 0; i < turns; i++) await nextTurn();
    this.#started = performance.now();
  }
}
