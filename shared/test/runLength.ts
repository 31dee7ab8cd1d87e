/** How long suites run: short in `npm test`, at full length in `npm run test:faults`, which sets these variables. */
const { LANTERN_TEST_ROUNDS: rounds, LANTERN_TEST_RUNS: runs, LANTERN_TEST_SEED: seed } = process.env;

/** Whether what is too slow for `npm test` runs too. */
export const isLongRun = rounds !== undefined;

/** The number of rounds (kills, calls that fail, damaged pages): `few` in `npm test`. */
export const roundsOr = (few: number): number => Number(rounds ?? few);

/** The number of generated cases: `few` in `npm test`. */
export const runsOr = (few: number): number => Number(runs ?? few);

/** LANTERN_TEST_SEED repeats the random numbers of a run that failed. */
export const seedOr = (other: number): number => Number(seed ?? other);
