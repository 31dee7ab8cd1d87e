import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';

/** What is behind a request that has just come: it is read, queued and begun in a turn of the event loop each. */
const turnsOfARequest = 4;
const lookEveryMs = 2;
/** An index job gets on however much is asked. */
const longestMs = 500;

/**
 * Searches go before indexing. onnxruntime runs a text on the thread that everything else runs on, so that each turn of
 * the event loop that a search needs would take as long as a text: instead, a job lets searches end between two texts.
 */
export class SearchPriority {
  #searches = 0;

  /** A search runs until the result is disposed of. */
  begin(): Disposable {
    this.#searches++;
    return disposeOnce(() => this.#searches--);
  }

  /** Settles when no search runs, or after half a second. */
  async yieldToSearches(): Promise<void> {
    const until = performance.now() + longestMs;
    for (;;) {
      for (let i = 0; i < turnsOfARequest; i++) await turn();
      if (this.#searches === 0 || performance.now() >= until) return;
      await sleep(lookEveryMs);
    }
  }
}
