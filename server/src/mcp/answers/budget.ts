import { Buffer } from 'node:buffer';

/**
 * Bytes of an answer that one token is taken to be worth. Real ones hold three to four characters of code, so an answer
 * within its bytes is within its tokens under any usual tokenizer.
 */
const bytesPerToken = 3;

/** What an answer may cost when the agent does not say. */
export const defaultMaxTokens = 2500;
export const smallestMaxTokens = 500;
export const largestMaxTokens = 20_000;

export const budgetBytes = (maxTokens: number): number => maxTokens * bytesPerToken;

/** Bytes that a value takes on the wire. */
export const wireBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** The first of `items` with which the answer stays in its budget; `build` is asked with ever fewer. */
export function withinBudget<T, R>(items: readonly T[], budget: number, build: (kept: readonly T[]) => R): R {
  let answer = build(items);
  for (let keep = items.length; keep > 0 && wireBytes(answer) > budget;) {
    keep = Math.floor(keep * 0.8);
    answer = build(items.slice(0, keep));
  }
  return answer;
}
