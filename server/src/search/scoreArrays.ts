import type { Disposable } from '../../../shared/src/disposable.js';

/** The arrays of one search, until it is disposed of. */
export interface ScoreLease extends Disposable {
  /** An array of `length` zeros. */
  readonly zeros: (length: number) => Float64Array;
}

/**
 * Arrays of scores, which searches use in turn: the system gives each page of a new one on its first use, which in a
 * folder of 600,000 chunks takes longer than the rest of the search. Those that nobody uses go with the next full
 * collection of garbage.
 */
export class ScoreArrays {
  #unused = new WeakRef<Float64Array[]>([]);

  lease(): ScoreLease {
    const taken: Float64Array[] = [];
    return {
      zeros: (length) => {
        const array = this.#take(length);
        taken.push(array);
        return array.subarray(0, length).fill(0);
      },
      dispose: () => {
        const unused = this.#unused.deref() ?? [];
        unused.push(...taken.splice(0));
        this.#unused = new WeakRef(unused);
      },
    };
  }

  /** One that is long enough, and not so long that another search would miss it. */
  #take(length: number): Float64Array {
    const unused = this.#unused.deref() ?? [];
    const at = unused.findIndex((one) => one.length >= length && one.length <= length * 2);
    return (at < 0 ? undefined : unused.splice(at, 1)[0]) ?? new Float64Array(length);
  }
}
