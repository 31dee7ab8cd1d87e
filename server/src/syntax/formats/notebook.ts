import { codeCell, markdownCell } from '../../source/decode.js';
import { type Lines, blanked } from '../lines.js';
import { type LanguageId, resolveLanguage } from '../languages.js';
import type { Span } from '../outline.js';

/** A notebook's text in two: what its code cells have, and what its Markdown cells have. Lines stay as they are. */
export interface NotebookParts {
  readonly code: string;
  readonly markdown: string;
  readonly language: LanguageId;
  readonly cells: readonly Span[];
}

/** Takes a text apart that `notebookText` made. */
export function notebookParts(lines: Lines): NotebookParts {
  const [code, markdown]: [string[], string[]] = [[], []];
  const cells: { start: number; end: number }[] = [];
  let [isMarkdown, language] = [false, 'python'];
  for (let row = 0; row < lines.count; row++) {
    const line = lines.line(row);
    const text = line.trimEnd();
    const isMark = text === codeCell || text.startsWith(`${codeCell} [`);
    if (isMark) {
      isMarkdown = text === markdownCell;
      const named = isMarkdown ? undefined : /\[(.+)\]$/.exec(text)?.[1];
      language = (named === undefined ? undefined : resolveLanguage(named)[0]) ?? language;
      cells.push({ start: row, end: row });
    }
    const cell = cells.at(-1);
    if (cell !== undefined && !lines.isBlank(row)) cell.end = row;
    const blank = blanked(line);
    code.push(isMark || isMarkdown ? blank : line);
    markdown.push(isMark || !isMarkdown ? blank : line);
  }
  return { code: code.join(''), markdown: markdown.join(''), language, cells };
}
