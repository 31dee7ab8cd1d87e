import type { SearchHit } from './protocol/protocol.js';

/**
 * Position of the first of the weak hits that end a list; the number of hits when the last one is not weak, or when the
 * hits say nothing of their match. A list that only has weak hits gives 0.
 */
export function weakFrom(hits: readonly Pick<SearchHit, 'match'>[]): number {
  return hits.findLastIndex(({ match }) => match !== 'weak') + 1;
}
