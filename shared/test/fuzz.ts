import fc from 'fast-check';
import { runsOr, seedOr } from './runLength.js';
import { type Trial, tried } from './tally.js';

/**
 * Checks generated cases, and counts them. `npm test` tries the same few each time. A long run tries others each time,
 * and prints the smallest case that fails, with its seed; LANTERN_TEST_SEED repeats it.
 */
export async function fuzz<T>(
  cases: fc.Arbitrary<T>,
  few: number,
  check: (one: T) => void | Promise<void>,
  what: Trial = 'fuzz cases',
): Promise<void> {
  const numRuns = runsOr(few);
  const seed = seedOr(numRuns === few ? 1 : Date.now() % 1e9);
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      await check(one);
    }),
    { numRuns, seed },
  );
  tried(what, numRuns);
}
