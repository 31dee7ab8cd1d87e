import type { FileDefinition } from '../../catalog/catalog.js';
import type { CodeFile, LineRange } from './codeFiles.js';

/** A definition of up to so many lines is shown whole; of a longer one the lines around `line`. */
const wholeLines = 40;
const linesAround = 12;
const statementLines = 6;
/** A test is looked for so many lines above a call in it. */
const testLines = 60;

export function rangeOfDefinition({ startLine, endLine }: FileDefinition, line: number): LineRange {
  if (endLine - startLine < wholeLines) return { startLine, endLine };
  return {
    startLine: Math.max(startLine, line - linesAround),
    endLine: Math.min(endLine, Math.max(line, startLine + linesAround) + linesAround),
  };
}

/** A decorator and what it decorates, up to the line of its name. */
export function rangeOfDecorator(file: CodeFile, line: number, decorated: FileDefinition): LineRange {
  const named = file.lineAt(file.nameOffset(decorated) ?? 0);
  return { startLine: line, endLine: Math.max(line, Math.min(named, line + statementLines)) };
}

const test = /^\s*(?:it|test|describe|specify|context|suite|scenario|Deno\.test)\b[^;]*[({]/;
const indentOf = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;

/** The lines of a test around a line that no definition has, otherwise those near to it in its chunk. */
export function rangeOfStatement(file: CodeFile, line: number, chunk: LineRange | undefined): LineRange {
  const indent = indentOf(file.lines.line(line - 1));
  for (let row = line - 1; row >= Math.max(0, line - testLines); row--) {
    const head = file.lines.line(row);
    if (!test.test(head) || (row < line - 1 && indentOf(head) >= indent)) continue;
    for (let end = line - 1; end < Math.min(file.lines.count, row + testLines); end++) {
      const last = file.lines.line(end);
      if (end > row && indentOf(last) === indentOf(head) && /^\s*(?:[})\]]|end\b)/.test(last))
        return { startLine: row + 1, endLine: end + 1 };
    }
    break;
  }
  return {
    startLine: Math.max(chunk?.startLine ?? 1, line - statementLines),
    endLine: Math.min(chunk?.endLine ?? file.lines.count, line + statementLines),
  };
}
