import { resolve } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import {
  type MatchStrength,
  type SearchHit,
  type SearchMode,
  type SearchParams,
  type SearchResult,
  matchStrengths,
} from '../../../../shared/src/protocol/protocol.js';
import { formatAnswer } from '../hits.js';
import { type Values, limitOf } from '../options.js';
import { indexWithProgress } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, show, terminal } from '../terminal.js';

/** How long a first search waits for its folder: a small one is complete by then. */
const patienceMs = 2000;

/** `lantern search QUERY`. */
export async function searchCommand(positionals: readonly string[], values: Values): Promise<number> {
  const query = positionals.join(' ');
  if (query.trim() === '')
    throw new LanternError('bad-request', 'Say what to search for: lantern search "retry failed uploads"');
  const limit = limitOf(values);
  const where = placeOf(values);
  const mode = (values.mode ?? 'hybrid') as SearchMode;
  return withDaemon(async (daemon, signal) => {
    const wait = values.wait === true;
    // Lexical search needs no vectors. Ctrl+C ends this command and not the index, which others may want.
    if (wait && mode !== 'lexical' && where.path !== undefined)
      await indexWithProgress(daemon, { path: where.path, goOn: true, unlessRefused: true }, signal);
    const result = await daemon.request(
      'lantern/search',
      {
        query,
        ...where,
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

/** One folder, a group, or all. */
function placeOf({ path, group, all }: Values): Pick<SearchParams, 'path' | 'group' | 'all'> {
  if ([path, group, all].filter((one) => one !== undefined).length > 1)
    throw new LanternError('bad-request', 'Take one of --path, --group and --all.');
  if (all === true) return { all };
  return group === undefined ? { path: resolve(path ?? '.') } : { group };
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
  const nothing =
    min === undefined
      ? 'Nothing found. Try other words, or fewer filters'
      : `Nothing matches that well. Without --min ${min} there may be weaker hits`;
  const note = ({ terms }: SearchHit): string | undefined => terms && termsLine(terms);
  return formatAnswer(result, terminal, cwd, nothing, note);
}

/** The largest terms first. */
function termsLine(terms: Readonly<Record<string, number>>): string {
  const parts = Object.entries(terms).sort(([, a], [, b]) => b - a);
  return parts.map(([name, term]) => `${name} ${term.toFixed(2)}`).join(', ');
}
