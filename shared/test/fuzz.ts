import fc from 'fast-check';
import { type Trial, tried } from './tally.js';

/** The number of generated cases: `few` in `npm test`, as many as LANTERN_TEST_RUNS says in a long run. */
export const runsOr = (few: number): number => Number(process.env['LANTERN_TEST_RUNS'] ?? few);

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
  const seed = Number(process.env['LANTERN_TEST_SEED'] ?? (numRuns === few ? 1 : Date.now() % 1e9));
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      await check(one);
    }),
    { numRuns, seed },
  );
  tried(what, numRuns);
}
