import type { CodeFile, LineRange } from './codeFiles.js';

const identifier =
  /(?<![\p{L}\p{N}_$.])(?:[\p{L}_$][\p{L}\p{N}_$]*\s*(?:\.|::)\s*)*([\p{L}_$][\p{L}\p{N}_$]*)/gu;
/** What stands before a type: a colon, an arrow, a cast, a bracket of type arguments, or another type of a union. */
const annotated =
  /(?::|->|\bas\b|\bis\b|\bsatisfies\b|\bnew\b|[<,|&[])\s*(?:[\p{L}_$][\p{L}\p{N}_$]*\s*(?:\.|::)\s*)*(\p{Lu}[\p{L}\p{N}_$]*)(?!\s*\()/gu;
const mostHeader = 1500;

/** Names that may be types in the signature and the annotations of a range: any there, those with a capital below. */
export function typesNamedIn(file: CodeFile, lines: LineRange): Set<string> {
  const code = file.codeOf(lines);
  const header = headerOf(code, file.language);
  const names = (text: string, pattern: RegExp): string[] =>
    Array.from(text.matchAll(pattern), ([, name = '']) => name);
  return new Set([...names(header, identifier), ...names(code.slice(header.length), annotated)]);
}

/** Up to where the body begins. */
function headerOf(code: string, language: string): string {
  const body = language === 'python' ? /:\s*\n/ : /\{\s*\n|=>|\bdo\s*\n/;
  const end = body.exec(code)?.index;
  // Without a body all of it is a signature, as of a type or of a method of an interface.
  return code.slice(0, Math.min(end ?? code.length, mostHeader));
}
