import type { CountTokens } from './atoms.js';

/** Number of special tokens: `[CLS]` and `[SEP]`, or those that the model has instead. */
export const specialTokens = 2;
/** Least budget of a chunk, or half of a small limit. A longer path is cut instead. */
const leastBudget = 64;

/**
 * The exact text to embed for a chunk that `Chunker` made with the same path, limit and tokenizer: the path, a line
 * break and the chunk's text. It fits `maxTokens`. Of a path that is too long, only the end is kept.
 */
export function embeddedText(
  path: string,
  chunkText: string,
  maxTokens: number,
  countTokens: CountTokens,
): string {
  return pathLine(path, maxTokens, countTokens) + chunkText;
}

/** The line above the chunk: the path, or as much of its end as leaves the chunk `leastBudget` tokens. */
export function pathLine(path: string, maxTokens: number, countTokens: CountTokens): string {
  const room = maxTokens - specialTokens;
  const most = Math.max(room - leastBudget, Math.floor(room / 2));
  const fits = (part: string): boolean => countTokens(`${part}\n`) <= most;
  if (fits(path)) return `${path}\n`;
  const characters = Array.from(path);
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const kept = (low + high + 1) >> 1;
    if (fits(characters.slice(-kept).join(''))) low = kept;
    else high = kept - 1;
  }
  return low === 0 ? '' : `${characters.slice(-low).join('')}\n`;
}
