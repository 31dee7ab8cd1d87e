import { Buffer } from 'node:buffer';
import { weakFrom } from '../../../../shared/src/matches.js';
import type { Coverage } from '../../../../shared/src/protocol/protocol.js';
import type { HitBlock } from './blocks.js';
import { reasonText } from './reasons.js';
import { safeLine } from '../../../../shared/src/safeText.js';

/** A hit, and how much of it an answer shows. */
export interface Shown {
  readonly block: HitBlock;
  /** Whether its line that answers stands beside its place. */
  readonly line: boolean;
  /** Number of lines of code shown; 0 for the place alone. */
  readonly lines: number;
}

/** What an answer says of itself. */
export interface Summary {
  readonly offset: number;
  readonly shown: number;
  /** Whether none of them matches well. */
  readonly isWeak: boolean;
  readonly found: number;
  readonly atLeast: boolean;
  /** Those to name. */
  readonly folders: readonly string[];
  readonly coverage: Coverage;
  readonly notes: readonly string[];
}

export const longestName = 300;
const longestSymbol = 120;
const longestLine = 160;
const longestReason = 200;

/**
 * Hits as text: one line for each, then the code of those that have some, under their numbers, which begin with
 * `first`; `together` puts code under its place instead. A line of a file follows its number and a bar, so that none can
 * look like a line of ours.
 */
export function hitLines(
  folders: readonly string[],
  shown: readonly Shown[],
  first: number,
  together: boolean,
): string {
  const out: string[] = [];
  const after: string[] = [];
  const weak = weakFrom(shown.map(({ block }) => block));
  for (const [index, one] of shown.entries()) {
    if (index === weak && index > 0) out.push('weaker matches:');
    const number = first + index;
    out.push(placeLine(folders, one, number));
    if (together) out.push(...codeLines(one));
    else if (one.lines > 0) after.push(`[${number}]`, ...codeLines(one));
  }
  return [...out, ...after].map((line) => `${line}\n`).join('');
}

/** Bytes that a hit adds to the text of an answer, at most. */
export function textBytes(folders: readonly string[], shown: Shown): number {
  const lines = [placeLine(folders, shown, 999), ...(shown.lines > 0 ? ['[999]', ...codeLines(shown)] : [])];
  return Buffer.byteLength(`${lines.join('\n')}\n`);
}

function placeLine(folders: readonly string[], { block, line, lines }: Shown, number: number): string {
  const { folder, path, startLine, endLine, symbol } = block;
  const file = safeLine(folders.length > 1 ? `${folder}/${path}` : path, longestName);
  const text = line ? safeLine(block.line.text, longestLine) : '';
  const last = startLine + lines - 1;
  return [
    lines > 0 ? `[${number}] ` : '',
    `${file}:${startLine}-${endLine}`,
    // Most lines that answer have the symbol's name in them.
    symbol === null || text.includes(lastName(symbol)) ? '' : ` ${safeLine(symbol, longestSymbol)}`,
    safeLine(reasonText(block), longestReason),
    line ? ` ${block.line.number}| ${text}` : '',
    lines > 0 && lines < block.lines.length ? ` (cut after line ${last})` : '',
  ].join('');
}

const lastName = (symbol: string): string => /[^.:#/\s]+$/.exec(symbol)?.[0] ?? symbol;

function codeLines({ block, lines }: Shown): string[] {
  return block.lines.slice(0, lines).map((line, index) => `${block.startLine + index}| ${safeLine(line)}`);
}

/** What was found where, and only what is not as it should be: what is not indexed, ranked or shown. */
export function summaryText(summary: Summary): string {
  const { offset, shown, isWeak, found, atLeast, folders, coverage, notes } = summary;
  const where =
    folders.length === 0 ? '' : ` in ${folders.map((folder) => safeLine(folder, longestName)).join(', ')}`;
  const all = `${found}${atLeast ? '+' : ''}`;
  let hits = `Hits ${offset + 1}-${offset + shown} of ${all}${where}.`;
  if (shown === 0) hits = `No ${offset > 0 ? 'more ' : ''}hits${where}: try other words, or fewer filters.`;
  if (isWeak) hits += ' None matches well.';
  if (coverage.isCounting === true || coverage.filesTotal > 0) hits += ` ${freshness(coverage)}`;
  else hits = `There is no file to search${where}: ${whyEmpty(coverage)}`;
  const out = [hits, ...notes];
  return out.map((line) => `${line}\n`).join('');
}

const whyEmpty = ({ emptyBecause }: Coverage): string =>
  emptyBecause === undefined ? 'index_directory says why.' : safeLine(emptyBecause, longestName);

/** How to have the hits after these. */
export const moreText = (cursor: string): string => `More: the same call with cursor "${cursor}".\n`;

/** How complete the index is, and the ranking if vectors took no part. */
function freshness(coverage: Coverage): string {
  const { semantic, reason } = coverage;
  const files = filesText(coverage);
  if (reason === undefined) return semantic ? files : `${files} Ranked by words only.`;
  return `${files} ${semantic ? 'Note' : 'Ranked by words only'}: ${safeLine(reason, longestName)}.`;
}

function filesText({ filesTotal, filesPending, filesUnread, isCounting }: Coverage): string {
  if (isCounting === true) return `The folder is being read, ${filesTotal} files so far: ask again later.`;
  if (filesUnread > 0) return `${filesUnread} of ${filesTotal} files are not read yet: ask again later.`;
  if (filesPending === 0) return `All ${filesTotal} files are indexed.`;
  return `All ${filesTotal} files are read, ${filesPending} of them without all their vectors yet: the order may change.`;
}
