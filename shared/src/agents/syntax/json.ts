import { type ParseError, applyEdits, modify, parse, printParseErrorCode } from 'jsonc-parser';
import { type Syntax, lineEnd } from './syntax.js';

/** A byte order mark at the start, which the parser does not know. */
const mark = /^\ufeff?/;
const body = (text: string): string => text.replace(mark, '');

/** JSON with or without comments and trailing commas. What a file has none of gets none. */
export const json: Syntax = {
  title: 'JSON',
  parse(text) {
    const errors: ParseError[] = [];
    const value: unknown = parse(body(text), errors, { allowTrailingComma: true, allowEmptyContent: true });
    const [first] = errors;
    if (first !== undefined) {
      const line = body(text).slice(0, first.offset).split('\n').length;
      throw new SyntaxError(`${printParseErrorCode(first.error)} in line ${line}`);
    }
    return value ?? (/^\s*null/.test(body(text)) ? null : {});
  },
  add: (text, servers, name, entry) => change(text, [servers, name], entry),
  remove: (text, path) => change(text, path, undefined),
};

function change(text: string, path: readonly string[], value: unknown): string {
  const edits = modify(body(text), [...path], value, {
    formattingOptions: { ...indentOf(text), eol: lineEnd(text) },
  });
  const changed = applyEdits(body(text), edits);
  return (mark.exec(text)?.[0] ?? '') + (text === '' ? `${changed}\n` : changed);
}

function indentOf(text: string): { readonly insertSpaces: boolean; readonly tabSize: number } {
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 4 : indent.length };
}
