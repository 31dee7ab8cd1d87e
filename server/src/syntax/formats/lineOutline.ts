import { codeOnly } from '../codeOnly.js';
import { type Comment, type Definition, type Found, joined, qualify } from '../definitions.js';
import { type End, type LineLanguage, lineLanguages } from './lineRules.js';
import type { Lines } from '../lines.js';
import { type Outline, indentOutline } from '../outline.js';

/** What a language without a grammar shows of its structure. */
export interface LineStructure {
  readonly outline: Outline;
  readonly definitions: readonly Definition[];
  readonly comments: readonly Comment[];
}

/** Longer lines are data. No definition begins there. */
const maxLine = 500;
const maxDefinitions = 5000;
/** Most rows of a definition whose end is searched for by a pattern. */
const maxRows = 2000;

/** Definitions, comments and blocks by how lines begin; undefined for a language that has no rules. */
export function lineStructure(language: string, lines: Lines): LineStructure | undefined {
  const known = lineLanguages[language];
  return known && new LineReader(known, language, lines).read();
}

class LineReader {
  readonly #language: LineLanguage;
  readonly #lines: Lines;
  /** Code of each row, without comments and strings. */
  readonly #code: readonly string[];
  /** Columns before each row's text; -1 when it is blank. */
  readonly #indents: Int32Array;
  /** Brackets that are open after each row. */
  readonly #depths: Int32Array;
  readonly #comments = new Map<number, number>();
  /** First row by last row of each comment. */
  readonly #commentRows = new Map<number, number>();
  readonly #isComment: Uint8Array;

  constructor(language: LineLanguage, name: string, lines: Lines) {
    this.#language = language;
    this.#lines = lines;
    this.#code = codeOnly(lines.text, name).split('\n');
    this.#depths = new Int32Array(lines.count);
    this.#isComment = new Uint8Array(lines.count);
    this.#indents = Int32Array.from({ length: lines.count }, (_, row) => lines.line(row).search(/\S/));
    this.#readComments();
    let depth = 0;
    for (let row = 0; row < lines.count; row++) {
      for (const mark of this.#codeAt(row)) {
        if ('([{'.includes(mark)) depth++;
        else if (')]}'.includes(mark)) depth--;
      }
      this.#depths[row] = depth;
    }
  }

  read(): LineStructure {
    const found: Found[] = [];
    for (let row = 0; row < this.#lines.count && found.length < maxDefinitions; row++) {
      const one = this.#isComment[row] === 1 ? undefined : this.#definitionAt(row);
      const last = found.at(-1);
      // Clauses of one function are one definition.
      const isClause =
        one !== undefined && last?.name === one.name && last.kind === one.kind && one.end <= last.end;
      if (one !== undefined && !isClause) found.push(one);
    }
    const spans = [...indentOutline(this.#lines).spans];
    const leads = new Map<number, number>();
    for (const { start, end } of found) {
      const [first, last] = [this.#lines.rowAt(start), this.#lines.rowAt(end - 1)];
      const lead = this.#commentRows.get(first - 1);
      if (last > first) spans.push({ start: first, end: last });
      if (lead === undefined) continue;
      leads.set(first, lead);
      spans.push({ start: lead, end: last });
    }
    return {
      outline: { spans, leads },
      definitions: qualify(found, this.#lines, this.#commentRows),
      comments: joined(this.#comments, this.#lines),
    };
  }

  #readComments(): void {
    const { comment, block } = this.#language;
    for (let row = 0; row < this.#lines.count; row++) {
      const line = this.#lines.line(row).trimEnd();
      const begin = block?.[0].exec(line);
      let last = row;
      if (block && begin) {
        const isEnd = (at: number): boolean =>
          block[1].test(at === row ? line.slice(begin[0].length) : this.#lines.line(at).trimEnd());
        while (last < this.#lines.count - 1 && !isEnd(last)) last++;
      } else if (!comment.test(line)) continue;
      else while (last < this.#lines.count - 1 && comment.test(this.#lines.line(last + 1))) last++;
      this.#comments.set(this.#firstOf(row), this.#endOf(last));
      this.#commentRows.set(last, row);
      this.#isComment.fill(1, row, last + 1);
      row = last;
    }
  }

  #definitionAt(row: number): Found | undefined {
    const line = this.#lines.line(row).trimEnd();
    if (line.length > maxLine) return undefined;
    for (const { kind, begin, end } of this.#language.rules) {
      const name = begin.exec(line)?.groups?.['name'];
      if (name === undefined) continue;
      const start = this.#firstOf(row);
      const last = this.#lastRow(row, end);
      return { name, kind, pattern: 0, start, end: this.#endOf(last), nameAt: start, receiver: undefined };
    }
    return undefined;
  }

  #lastRow(row: number, end: End): number {
    const count = this.#lines.count;
    switch (end.kind) {
      case 'brackets':
        return this.#endOfBrackets(row);
      case 'statement':
        return this.#endOfStatement(row);
      case 'indentation':
        return this.#endOfIndentation(row);
      case 'line': {
        const limit = Math.min(count, row + maxRows);
        for (let at = row; at < limit; at++) if (end.like.test(this.#lines.line(at).trimEnd())) return at;
        return row;
      }
      case 'before': {
        let at = row + 1;
        while (at < Math.min(count, row + maxRows) && !end.like.test(this.#lines.line(at))) at++;
        return this.#lastSaying(row, at - 1);
      }
    }
  }

  #endOfBrackets(row: number): number {
    const before = row === 0 ? 0 : (this.#depths[row - 1] ?? 0);
    for (let at = row, hasBlock = false; at < this.#lines.count; at++) {
      hasBlock ||= this.#codeAt(at).includes('{');
      if ((this.#depths[at] ?? 0) > before) continue;
      // The block may begin on a row of its own.
      if (
        hasBlock ||
        !this.#codeAt(at + 1)
          .trimStart()
          .startsWith('{')
      )
        return at;
    }
    // A bracket that nothing closes says nothing.
    return row;
  }

  #endOfStatement(row: number): number {
    const before = row === 0 ? 0 : (this.#depths[row - 1] ?? 0);
    let hasBlock = false;
    for (let at = row; at < this.#lines.count; at++) {
      const code = this.#codeAt(at);
      hasBlock ||= /\bbegin\b/i.test(code);
      const isEnd = hasBlock ? /^end\b/i.test(code) : code.includes(';');
      if (isEnd && (this.#depths[at] ?? 0) <= before) return at;
      if (/^(?:go\s*$|create\b)/i.test(this.#codeAt(at + 1))) return this.#lastSaying(row, at);
    }
    return this.#lastSaying(row, this.#lines.count - 1);
  }

  #endOfIndentation(row: number): number {
    const indent = this.#indent(row);
    let last = row;
    for (let at = row + 1; at < this.#lines.count; at++) {
      if (this.#indent(at) < 0) continue;
      if (this.#indent(at) <= indent) {
        const isCloser = /^\s*(?:end\b|[\])}])/.test(this.#lines.line(at));
        return isCloser && this.#indent(at) === indent ? at : last;
      }
      last = at;
    }
    return last;
  }

  #lastSaying(first: number, last: number): number {
    let row = last;
    while (row > first && this.#indent(row) < 0) row--;
    return row;
  }

  #codeAt(row: number): string {
    return this.#code[row] ?? '';
  }

  #indent(row: number): number {
    return this.#indents[row] ?? -1;
  }

  #firstOf(row: number): number {
    return this.#lines.start(row) + Math.max(0, this.#indent(row));
  }

  #endOf(row: number): number {
    return this.#lines.start(row) + Math.max(1, this.#lines.line(row).trimEnd().length);
  }
}
