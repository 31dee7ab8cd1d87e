import { coversAll } from '../../../shared/src/coverage.js';
import type { Coverage, SearchHit } from '../../../shared/src/protocol/protocol.js';
import { safeLine } from '../../../shared/src/safeText.js';
import { relationText } from './relations.js';

/** The texts of a hit in a list. */
export interface HitTexts {
  readonly label: string;
  readonly description: string;
}

const longestLabel = 90;

/** The symbol, otherwise the line that answers, and the place. `folder` is shown only when there are several. */
export function textsOf(hit: SearchHit, folder: string | undefined): HitTexts {
  const { symbol, path, startLine, endLine } = hit;
  const lines = startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
  return {
    label: asText(cut(symbol ?? hit.line.text)),
    description: asText([folder, `${path}:${lines}`, matchNote(hit)].filter(Boolean).join(' • ')),
  };
}

/**
 * What a tree shows first: the line that answers, with what it has of the question. Of related code the symbol: the
 * reason has to be seen beside it.
 */
export function hitLabel(hit: SearchHit): { label: string; highlights: [number, number][] } {
  const { symbol, relations } = hit;
  if (relations !== undefined && symbol !== null) return { label: safeLine(symbol), highlights: [] };
  const { text, marks } = hit.line;
  return { label: safeLine(text), highlights: marks.map(([start, end]) => [start, end]) };
}

/** What a tree says beside it. */
export function hitNote(hit: SearchHit): string {
  const { symbol, relations, line } = hit;
  const parts =
    relations !== undefined && symbol !== null
      ? [relationText(hit), line.text, `${line.number}`]
      : [relationText(hit), matchNote(hit), symbol, `${line.number}`];
  return safeLine(parts.filter(Boolean).join(' • '));
}

/** A text for a row of a picker, where `$(name)` would become an icon. */
export const asText = (text: string): string => safeLine(text).replace(/(?<!\\)\$\([\w-]+(~\w+)?\)/g, '\\$&');

/** A strong match needs no word: it is what people expect. */
const matchNote = ({ match }: SearchHit): string | undefined =>
  match === undefined || match === 'strong' ? undefined : match;

/** Identifies a place. */
export function keyOf({ folder, path, startLine, endLine }: SearchHit): string {
  return JSON.stringify([folder, path, startLine, endLine]);
}

/** A reference to code, such as `path:12-40`. */
export function referenceTo({ path, startLine, endLine }: SearchHit): string {
  return `${path}:${startLine}${endLine > startLine ? `-${endLine}` : ''}`;
}

/** A text, wrapped to the width of a row. */
export function wrapped(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim();
    if (lines.length > 0 && longer.length <= longestLabel) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** How much the answer covers, in a few words. */
export function coverageText(coverage: Coverage): string {
  const { filesTotal, filesIndexed, filesUnread, isCounting, semantic, reason } = coverage;
  const by = `${semantic ? 'by words and meaning' : 'by words only'}${reason === undefined ? '' : ` (${reason})`}`;
  if (coversAll(coverage)) return by;
  if (isCounting === true) return `${by}, ${filesTotal} files so far, and more are being counted`;
  if (filesUnread > 0) return `${by}, ${filesTotal - filesUnread} of ${filesTotal} files read so far`;
  return `${by}, ${filesIndexed} of ${filesTotal} files with all vectors so far`;
}

function cut(text: string): string {
  return text.length <= longestLabel ? text : `${text.slice(0, longestLabel - 1)}…`;
}
