import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';

/** Turns of the event loop that a new request needs to be read, queued and started. */
const turnsOfARequest = 4;
const lookEveryMs = 2;
/** An index job continues after this time, however many searches come. */
const longestMs = 500;

/**
 * Gives searches priority over indexing. onnxruntime runs a text on the main thread, so each turn of the event loop
 * that a search needs would last as long as a text. Therefore an index job waits between two texts until no search
 * runs.
 */
export class SearchPriority {
  #searches = 0;

  /** Counts a search until the result is disposed of. */
  begin(): Disposable {
    this.#searches++;
    return disposeOnce(() => this.#searches--);
  }

  /** Resolves when no search runs, or after half a second. */
  async yieldToSearches(): Promise<void> {
    const until = performance.now() + longestMs;
    for (;;) {
      for (let i = 0; i < turnsOfARequest; i++) await turn();
      if (this.#searches === 0 || performance.now() >= until) return;
      await sleep(lookEveryMs);
    }
  }
}
