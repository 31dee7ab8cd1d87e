import type { ChunkRow, NewDefinition } from '../store/rows.js';
import { tokens } from '../store/tokens.js';
import type { Query } from './query.js';

/** A part of a chunk: whole lines, and their text as it stands. */
export interface Answer {
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string;
  readonly text: string;
}

/** Comments and decorators, as most languages mark them. */
const leads = /^\s*(?:\/\/|\/?\*|#|--|;;|%|@|"""|'''|\[)/;

/**
 * The one definition of a chunk that clearly answers, with the comment above it: the one that has the name asked for,
 * or whose name shares more words with the query than any other's. Undefined where the whole chunk is the better hit.
 */
export function answerWithin(
  chunk: ChunkRow,
  text: string,
  definitions: readonly NewDefinition[],
  query: Query,
): Answer | undefined {
  if (definitions.length < 2) return undefined;
  const definition = namedIn(definitions, query) ?? likeliest(definitions, query);
  if (definition === undefined) return undefined;
  const lines = text.split('\n');
  // A chunk that begins within a line has no range of its own to narrow.
  if (lines.length < chunk.endLine - chunk.startLine + 1) return undefined;
  let start = definition.startLine - chunk.startLine;
  while (start > 0 && leads.test(lines[start - 1] ?? '')) start--;
  const end = Math.min(definition.endLine, chunk.endLine) - chunk.startLine;
  if (start < 0 || end < start) return undefined;
  const last = chunk.endLine - chunk.startLine;
  // All but a line or two: the chunk itself.
  if (end - start + 3 > last) return undefined;
  return {
    startLine: chunk.startLine + start,
    endLine: chunk.startLine + end,
    symbol: definition.name,
    text: lines.slice(start, end + 1).join('\n') + (end + 1 < lines.length ? '\n' : ''),
  };
}

function namedIn(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const named = definitions.filter(({ name }) => query.identifiers.includes(name));
  return named.length === 1 ? named[0] : undefined;
}

function likeliest(definitions: readonly NewDefinition[], query: Query): NewDefinition | undefined {
  const wanted = new Set(query.tokens);
  const shared = definitions.map((definition) => ({
    definition,
    words: new Set(tokens(definition.name).filter((token) => wanted.has(token))).size,
  }));
  shared.sort((a, b) => b.words - a.words);
  const [best, next] = shared;
  return best !== undefined && best.words >= 2 && best.words > (next?.words ?? 0)
    ? best.definition
    : undefined;
}
