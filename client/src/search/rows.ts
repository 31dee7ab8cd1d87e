import type { Coverage, SearchHit } from '../../../shared/src/protocol/protocol.js';

/** What a list shows of a hit. */
export interface HitTexts {
  readonly label: string;
  readonly description: string;
}

const longestLabel = 90;

/** The symbol, else the first line that says something; and where it is. `folder` is named only among several. */
export function textsOf(hit: SearchHit, folder: string | undefined): HitTexts {
  const { symbol, path, startLine, endLine } = hit;
  const lines = startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
  return {
    label: cut(symbol ?? firstLine(hit.text)),
    description: `${folder === undefined ? '' : `${folder} • `}${path}:${lines}`,
  };
}

/** The same place, however often it is found. */
export function keyOf({ folder, path, startLine, endLine }: SearchHit): string {
  return JSON.stringify([folder, path, startLine, endLine]);
}

/** How a person or an agent points at code: `path:12-40`. */
export function referenceTo({ path, startLine, endLine }: SearchHit): string {
  return `${path}:${startLine}${endLine > startLine ? `-${endLine}` : ''}`;
}

export function firstLine(text: string): string {
  const line = text.split('\n').find((one) => /[\p{L}\p{N}]/u.test(one)) ?? text;
  return line.trim().replace(/\s+/g, ' ');
}

/** A text in lines that a row shows whole. */
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

/** What the answer rests on, in a few words. */
export function coverageText({ filesTotal, filesIndexed, filesPending, semantic, reason }: Coverage): string {
  const by = semantic ? 'by words and meaning' : `by words only${reason === undefined ? '' : ` (${reason})`}`;
  if (filesPending === 0) return by;
  return `${by}, ${filesIndexed} of ${filesTotal} files covered so far`;
}

function cut(text: string): string {
  return text.length <= longestLabel ? text : `${text.slice(0, longestLabel - 1)}…`;
}
