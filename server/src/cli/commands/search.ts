import { resolve } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import {
  type MatchStrength,
  type SearchMode,
  type SearchResult,
  matchStrengths,
} from '../../../../shared/src/protocol/protocol.js';
import { formatHits } from '../hits.js';
import type { Values } from '../options.js';
import { indexWithProgress } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, count, dim, plain, show, terminal } from '../terminal.js';

/** How long a first search waits for its folder: a small one is complete by then. */
const patienceMs = 2000;

/** `lantern search QUERY`. */
export async function searchCommand(positionals: readonly string[], values: Values): Promise<number> {
  const query = positionals.join(' ');
  if (query.trim() === '')
    throw new LanternError('bad-request', 'Say what to search for: lantern search "retry failed uploads"');
  const limit = Number(values.limit ?? 10);
  if (!Number.isInteger(limit))
    throw new LanternError('bad-request', `--limit takes a whole number, not "${values.limit ?? ''}".`);
  const path = resolve(values.path ?? '.');
  const mode = (values.mode ?? 'hybrid') as SearchMode;
  return withDaemon(async (daemon, signal) => {
    const wait = values.wait === true;
    // Lexical search needs no vectors. Ctrl+C ends this command and not the index, which others may want.
    if (wait && mode !== 'lexical') await indexWithProgress(daemon, path, signal, true);
    const result = await daemon.request(
      'lantern/search',
      {
        query,
        path,
        limit,
        mode,
        ...(wait ? { wait } : { patienceMs: values['no-wait'] === true ? 0 : patienceMs }),
        ...(values.lang !== undefined && { language: values.lang }),
        ...(values.glob !== undefined && { glob: values.glob }),
        ...(values.min !== undefined && { minMatch: strengthOf(values.min) }),
        ...(values.explain === true && { explain: true }),
      },
      signal,
    );
    show(values, result, (found) => formatSearch(found, values.min, terminal, process.cwd()));
    return result.hits.length > 0 ? 0 : 1;
  });
}

function strengthOf(value: string): MatchStrength {
  const known = matchStrengths.find((one) => one === value);
  if (known === undefined)
    throw new LanternError('bad-request', `--min takes ${matchStrengths.join(', ')}, not "${value}".`);
  return known;
}

function formatSearch(
  result: SearchResult,
  min: string | undefined,
  terminal: Terminal,
  cwd: string,
): string {
  return [...formatHits(result.hits, terminal, cwd), dim(terminal, coverageLine(result, min))].join('\n');
}

function coverageLine({ hits, coverage, elapsedMs }: SearchResult, min: string | undefined): string {
  if (coverage.emptyBecause !== undefined)
    return `No files to search: ${plain(coverage.emptyBecause)} ${Math.round(elapsedMs)} ms`;
  const nothing =
    min === undefined
      ? 'Nothing found. Try other words, or fewer filters'
      : `Nothing matches that well. Without --min ${min} there may be weaker hits`;
  const parts = [
    hits.length === 0 ? nothing : count(hits.length, 'hit'),
    coverage.filesPending === 0
      ? `in ${count(coverage.filesTotal, 'file')}`
      : `with ${count(coverage.filesPending, 'file')} of ${coverage.filesTotal} still to be indexed`,
    `${Math.round(elapsedMs)} ms`,
  ];
  if (coverage.reason !== undefined)
    parts.push(coverage.semantic ? coverage.reason : `by words only: ${coverage.reason}`);
  const more = coverage.filesPending === 0 ? '' : '. Indexing goes on by itself; --wait waits for it';
  return parts.join(', ') + more;
}
