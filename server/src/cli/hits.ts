import { relative, sep } from 'node:path';
import type {
  Coverage,
  HitLine,
  MatchStrength,
  SearchHit,
  SearchResult,
} from '../../../shared/src/protocol/protocol.js';
import { coversAll } from '../../../shared/src/coverage.js';
import { weakFrom } from '../../../shared/src/matches.js';
import { type Terminal, bold, count, cyan, dim, green, plain, yellow } from './terminal.js';

/** Lines that are shown of a hit: its first ones, and those around the line that answers. */
const shownLines = 6;
/** Lines of a hit's begin that are shown when the line that answers is further below. */
const linesOfBegin = 2;

const paintOf: Readonly<Record<MatchStrength, (terminal: Terminal, text: string) => string>> = {
  strong: green,
  likely: (_terminal, text) => text,
  weak: dim,
};

/**
 * Hits, and what the answer covers. `nothing` says what to do without hits in a folder that is indexed, `noteOf` what to say of a hit below its lines.
 */
export function formatAnswer(
  result: SearchResult,
  terminal: Terminal,
  cwd: string,
  nothing: string,
  noteOf: (hit: SearchHit) => string | undefined,
): string {
  const hits = formatHits(result.hits, terminal, cwd, noteOf);
  return [...hits, dim(terminal, coverageLine(result, nothing))].join('\n');
}

function coverageLine({ hits, coverage, elapsedMs }: SearchResult, nothing: string): string {
  if (coverage.emptyBecause !== undefined)
    return `No files to search: ${plain(coverage.emptyBecause)} ${Math.round(elapsedMs)} ms`;
  // While files are pending, other words are not what is missing.
  const isPartial = !coversAll(coverage);
  const none = isPartial ? 'Nothing found yet' : nothing;
  const parts = [
    hits.length === 0 ? none : count(hits.length, 'hit'),
    ...filesLine(coverage),
    `${Math.round(elapsedMs)} ms`,
  ];
  const reason = coverage.reason?.replace(/\.$/, '');
  if (reason !== undefined) parts.push(coverage.semantic ? reason : `by words only: ${reason}`);
  const more = isPartial ? '. Indexing goes on by itself; --wait waits for it' : '';
  return parts.join(', ') + more;
}

function filesLine({ filesTotal, filesUnread, filesPending, isCounting }: Coverage): string[] {
  if (isCounting === true) return [`in ${count(filesTotal, 'file')} so far, and more are being counted`];
  if (filesUnread > 0) return [`with ${count(filesUnread, 'file')} of ${filesTotal} still to be read`];
  const files = `in ${count(filesTotal, 'file')}`;
  return filesPending === 0 ? [files] : [files, `${filesPending} of them without all their vectors yet`];
}

/** Hits as text, best first, with a line before those at the end that match weakly. */
function formatHits(
  hits: readonly SearchHit[],
  terminal: Terminal,
  cwd: string,
  noteOf: (hit: SearchHit) => string | undefined,
): string[] {
  const out: string[] = [];
  const weak = weakFrom(hits);
  if (weak === 0 && hits.length > 0) {
    out.push(
      yellow(terminal, 'Nothing here matches well.'),
      'Try the words that the code itself would use, or a name. The nearest, all weak:',
      '',
    );
  }
  for (const [at, hit] of hits.entries()) {
    if (at === weak && at > 0) out.push(dim(terminal, 'Weaker matches:'), '');
    out.push(headOf(hit, terminal, cwd), ...linesOf(hit, terminal));
    const note = noteOf(hit);
    if (note !== undefined) out.push(`    ${plain(note)}`);
    out.push('');
  }
  return out;
}

/** Place, symbol, strength and score. The place is relative to the working directory, so that a terminal makes it a link. */
function headOf(hit: SearchHit, terminal: Terminal, cwd: string): string {
  const near = relative(cwd, `${hit.folder}${sep}${hit.path}`);
  const file = near.startsWith('..') ? `${hit.folder}/${hit.path}` : near;
  const range = hit.endLine > hit.startLine ? `-${hit.endLine}` : '';
  const parts = [`${cyan(terminal, plain(`${file}:${hit.startLine}`))}${dim(terminal, range)}`];
  if (hit.symbol !== null) parts.push(bold(terminal, plain(hit.symbol)));
  if (hit.match !== undefined) parts.push(paintOf[hit.match](terminal, hit.match));
  parts.push(dim(terminal, hit.score.toFixed(2)));
  return parts.join('  ');
}

/** The lines to show of a hit, with their numbers; words of the question stand out in the line that answers. */
function linesOf({ text, startLine, line }: SearchHit, terminal: Terminal): string[] {
  const all = text.replace(/\s+$/, '').split(/\r?\n/);
  const rows = rowsToShow(all, line.number - startLine);
  const width = String(startLine + (rows.at(-1) ?? 0)).length;
  const indent = commonIndent(rows.map((row) => all[row] ?? ''));
  const room = Math.max(40, terminal.columns - width - 4);
  const out: string[] = [];
  for (const [at, row] of rows.entries()) {
    const before = rows[at - 1];
    if (before !== undefined && row > before + 1) out.push(dim(terminal, `  ${' '.repeat(width)} …`));
    const number = String(startLine + row).padStart(width);
    const isAnswer = row === line.number - startLine;
    const own = plain(all[row] ?? '').slice(indent);
    const said = isAnswer
      ? `${' '.repeat(own.length - own.trimStart().length)}${marked(line, room, terminal)}`
      : dim(terminal, own.slice(0, room));
    out.push(`${isAnswer ? '>' : ' '} ${dim(terminal, number)} ${said}`.trimEnd());
  }
  return out;
}

/** Rows of the begin and around the answer, in order, without blank rows at the begin. */
function rowsToShow(lines: readonly string[], answer: number): number[] {
  const begin = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== ''),
  );
  const end = Math.min(lines.length, begin + shownLines);
  const range = (from: number, to: number): number[] =>
    Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  if (answer < end) return range(begin, end);
  const last = Math.min(lines.length, answer + 2);
  const from = Math.max(begin + linesOfBegin, last - (shownLines - linesOfBegin));
  return [...range(begin, begin + linesOfBegin), ...range(from, last)];
}

function marked({ text, marks }: HitLine, room: number, terminal: Terminal): string {
  let at = 0;
  let out = '';
  for (const [start, end] of marks) {
    if (end > room) break;
    out += `${plain(text.slice(at, start))}${bold(terminal, plain(text.slice(start, end)))}`;
    at = end;
  }
  return out + plain(text.slice(at, Math.max(at, room)));
}

function commonIndent(lines: readonly string[]): number {
  const indents = lines
    .map(plain)
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  return Math.min(...indents, 40);
}
