import { blockComments, legalNotice, lineComment } from '../syntax/comments.js';
import { tokens } from '../lexical/tokens.js';
import type { Query } from './query.js';

/** A header may also have nothing but a copyright sign, as in `(c) 2024`. */
const copyrightSign = /\(c\) \d/i;
const isLegal = (text: string): boolean => legalNotice.test(text) || copyrightSign.test(text);
/** Tokens of a query that asks for the licence itself. */
const legalTokens: ReadonlySet<string> = new Set(tokens('license licence copyright spdx'));

/** Settings for tools, such as a shebang or a linter's comment. */
const setting =
  /^\s*(?:#!|<\?php\b|['"]use strict['"]|declare\(|#(?:pragma|region|endregion)\b|#(?:ifndef|define)\s+\w+_H\w*\s*$|\{-#|(?:\/\/|#|\/\*)\s*(?:frozen_string_literal|-\*-|eslint|prettier|@ts-|tslint|jshint|coding[:=]))/;
const importing =
  /^(?:import\b|from\s+\S+\s+import\b|use\s|using\s|#include\b|#import\b|extern\s+crate\b|require(?:_relative)?\b|(?:const|let|var|local)\s.*=\s*require\b|package\s|namespace\s|open\s+[A-Z])/;

/**
 * Number of rows at the top of a file that say nothing of what it does: licence, imports, package. It is 0 when the imports
 * contain a token of the query that the rest does not.
 */
export function headerRows(lines: readonly string[], query: Query | undefined): number {
  const { row, imported } = header(lines, query);
  const rest = new Set(tokens(lines.slice(row).join('\n')));
  return rest.size === 0 || isAskedFor(imported, rest, query) ? 0 : row;
}

/** Whether a text says nothing of what its file does: a licence, imports, settings for tools. */
export function isHeaderOnly(text: string): boolean {
  const lines = text.split('\n');
  const begin = importedNamesEnd(lines);
  const { row } = header(lines.slice(begin), undefined);
  return !lines.slice(begin + row).some((line) => /[\p{L}\p{N}]/u.test(line));
}

/** Whether a line is part of an import that fits on it, or begins one. */
export const isImport = (line: string): boolean => importing.test(line.trimStart());

/** Whether the imports have a token of the query that the rest does not. */
function isAskedFor(
  imported: readonly string[],
  rest: ReadonlySet<string>,
  query: Query | undefined,
): boolean {
  const wanted = new Set(query?.tokens);
  return tokens(imported.join('\n')).some((token) => wanted.has(token) && !rest.has(token));
}

/** The header's rows, and the imports among them. */
function header(
  lines: readonly string[],
  query: Query | undefined,
): { readonly row: number; readonly imported: readonly string[] } {
  const isLegalQuery = query?.tokens.some((token) => legalTokens.has(token)) === true;
  const imported: string[] = [];
  let row = 0;
  while (row < lines.length) {
    const line = lines[row] ?? '';
    const comment = commentEnd(lines, row);
    if (line.trim() === '' || line.trim() === '{' || setting.test(line)) row++;
    else if (comment !== undefined) {
      if (isLegalQuery || !isLegal(lines.slice(row, comment).join('\n'))) break;
      row = comment;
    } else if (importing.test(line)) {
      const end = bracketsEnd(lines, row);
      imported.push(...lines.slice(row, end));
      row = end;
    } else break;
  }
  return { row, imported };
}

/** A line within the brackets of an import: names, perhaps renamed. */
const importedName = /^\s*(?:(?:type\s+)?[\w$*]+(?:\s+as\s+[\w$]+)?\s*,?\s*)?(?:(?:\/\/|#).*)?$/;
const importedNamesClose = /^\s*(?:\}\s*(?:from\b|=\s*require\b)|\)\s*;?\s*$)/;

/** The row after the names of an import that began above the lines; 0 when they do not begin within one. */
function importedNamesEnd(lines: readonly string[]): number {
  const end = lines.findIndex((line) => !importedName.test(line));
  if (end < 1) return 0;
  return importedNamesClose.test(lines[end] ?? '') ? end + 1 : 0;
}

/** The row after the comment that begins on `row`; undefined when none begins there. */
function commentEnd(lines: readonly string[], row: number): number | undefined {
  const block = blockComments.find(([begins]) => begins.test(lines[row] ?? ''));
  let end = row;
  if (block === undefined) {
    while (end < lines.length && lineComment.test(lines[end] ?? '')) end++;
    return end === row ? undefined : end;
  }
  while (end < lines.length && !block[1].test(lines[end] ?? '')) end++;
  return end + 1;
}

/** The row after the statement that begins on `row`; it continues while a bracket is open. */
function bracketsEnd(lines: readonly string[], row: number): number {
  // The bracket of a namespace closes at the end of the file.
  if (/^namespace\b/.test(lines[row] ?? '')) return row + 1;
  let open = 0;
  for (let end = row; end < lines.length; end++) {
    const line = lines[end] ?? '';
    open += (line.match(/[({[]/g) ?? []).length - (line.match(/[)}\]]/g) ?? []).length;
    if (open <= 0) return end + 1;
  }
  // A long import may go on in the next chunk.
  const after = lines.slice(row + 1);
  return after.every((line) => importedName.test(line)) ? lines.length : row + 1;
}
