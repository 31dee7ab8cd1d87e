import { appendFileSync } from 'node:fs';

/** What the suites of `npm run test:faults` try. */
export type Trial = 'faults' | 'kills' | 'bad inputs' | 'fuzz cases' | 'attacks' | 'rounds of load';

/** Counts what was tried, where `npm run test:faults` asks for it. Call it when the trial has ended well. */
export function tried(what: Trial, count = 1): void {
  const file = process.env['LANTERN_TEST_TALLY'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, count })}\n`);
}
