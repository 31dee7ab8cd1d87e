import { relative, resolve, sep } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import type { SearchMode, SearchResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { indexWithProgress } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, count, cyan, dim, plain, show, terminal } from '../terminal.js';

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
        ...(values.explain === true && { explain: true }),
      },
      signal,
    );
    show(values, result, (found) => formatSearch(found, terminal, process.cwd()));
    return result.hits.length > 0 ? 0 : 1;
  });
}

function formatSearch(result: SearchResult, terminal: Terminal, cwd: string): string {
  const out: string[] = [];
  for (const hit of result.hits) {
    // Relative to the working directory, so that a terminal makes it a link.
    const near = relative(cwd, `${hit.folder}${sep}${hit.path}`);
    const place = `${near.startsWith('..') ? `${hit.folder}/${hit.path}` : near}:${hit.startLine}`;
    const range = hit.endLine > hit.startLine ? `-${hit.endLine}` : '';
    const symbol = hit.symbol === null ? '' : `  ${bold(terminal, plain(hit.symbol))}`;
    out.push(
      `${cyan(terminal, plain(place))}${dim(terminal, range)}${symbol}  ${dim(terminal, hit.score.toFixed(2))}`,
    );
    for (const line of excerpt(hit.text, 6, Math.max(40, terminal.columns - 4)))
      out.push(`    ${dim(terminal, line)}`);
    if (hit.terms !== undefined) out.push(`    ${termsLine(hit.terms)}`);
    out.push('');
  }
  out.push(dim(terminal, coverageLine(result)));
  return out.join('\n');
}

/** The largest terms first. */
function termsLine(terms: Readonly<Record<string, number>>): string {
  const parts = Object.entries(terms).sort(([, a], [, b]) => b - a);
  return parts.map(([name, term]) => `${name} ${term.toFixed(2)}`).join(', ');
}

function coverageLine({ hits, coverage, elapsedMs }: SearchResult): string {
  const parts = [
    hits.length === 0 ? 'Nothing found. Try other words, or fewer filters' : count(hits.length, 'hit'),
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

/** The first lines of a hit's text, without blank lines before them and without their common indentation. */
function excerpt(text: string, lines: number, width: number): string[] {
  const all = text
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .replace(/\s+$/, '')
    .split('\n')
    .slice(0, lines)
    .map(plain);
  const indents = all
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents, 40);
  return all.map((line) => line.slice(indent, indent + width));
}
