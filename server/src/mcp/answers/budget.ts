import type { CallToolResult } from '@modelcontextprotocol/server';
import { readBytes } from './form.js';

/**
 * Bytes of an answer per token. Answers were measured at 3.3 to 3.7 bytes a token in the median; one of many paths and
 * little else can have 2.6.
 */
const bytesPerToken = 3;

/** Budget of an answer, in tokens, when the agent gives none. */
export const defaultMaxTokens = 2500;
export const smallestMaxTokens = 500;
export const largestMaxTokens = 20_000;

export const budgetBytes = (maxTokens: number): number => maxTokens * bytesPerToken;

/**
 * The most of `items`, from the first, with which the answer is within its budget. `build` is called with fewer and
 * fewer.
 */
export function withinBudget<T>(
  items: readonly T[],
  budget: number,
  build: (kept: readonly T[]) => CallToolResult,
): CallToolResult {
  let answer = build(items);
  for (let keep = items.length; keep > 0 && readBytes(answer) > budget;) {
    keep = Math.floor(keep * 0.8);
    answer = build(items.slice(0, keep));
  }
  return answer;
}
