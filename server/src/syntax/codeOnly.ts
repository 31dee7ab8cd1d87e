import { blanked } from './lines.js';

/**
 * A text with its comments and strings blanked out, by the marks of its language alone: no tree is needed, so it costs
 * about a millisecond for 100 KB. What a string interpolates stays.
 */

const slashes = String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`;
const hash = String.raw`(?<![$\w{&])#[^\n]*`;
const dashes = String.raw`--\[\[[\s\S]*?(?:\]\]|$)|\{-[\s\S]*?(?:-\}|$)|--[^\n]*`;
const double = String.raw`"(?:\\[\s\S]|[^"\\\n])*"?`;
const single = String.raw`'(?:\\[\s\S]|[^'\\\n])*'?`;
/** One character, so that lifetimes and type variables are left alone. */
const character = String.raw`'(?:\\[^\n']+|[^'\\\n])'`;
const triple = String.raw`[a-zA-Z]{0,2}"""[\s\S]*?(?:"""|$)|[a-zA-Z]{0,2}'''[\s\S]*?(?:'''|$)`;
const raw = '`[^`]*`?';
const semicolons = String.raw`;[^\n]*`;
/** Of PostgreSQL: a text between two equal marks. */
const dollars = String.raw`\$(?<mark>\w*)\$[\s\S]*?(?:\$\k<mark>\$|$)`;
/** Of Nix: two quotes, in which two more and a dollar sign are escapes. */
const indented = String.raw`''(?:'''|''\$|''\\|(?!'')[\s\S])*(?:''|$)`;
/** Where an expression may begin, `/` begins a regular expression. */
const regularExpression = String.raw`(?<=(?:^|[(,=:[!&|?{};~+>])\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`;

const marks = (...parts: readonly string[]): RegExp => new RegExp(parts.join('|'), 'g');
const slashed = marks(slashes, double, character);
const quoted = marks(slashes, triple, double, single);
const ecmascript = marks(slashes, double, single, '[`{}]', regularExpression);
const byLanguage: Readonly<Record<string, RegExp>> = {
  typescript: ecmascript,
  tsx: ecmascript,
  javascript: ecmascript,
  python: marks(triple, `[a-zA-Z]{0,2}(?:${double}|${single})`, hash),
  ruby: marks(double, single, hash),
  elixir: marks(triple, double, single, hash),
  bash: marks(String.raw`"(?:\\[\s\S]|[^"\\])*"?`, String.raw`'[^']*'?`, hash),
  php: marks(slashes, hash, double, single),
  lua: marks(dashes, double, single),
  haskell: marks(dashes, double, character),
  go: marks(slashes, double, character, raw),
  kotlin: quoted,
  scala: marks(slashes, triple, double, character),
  swift: marks(slashes, triple, double),
  dart: quoted,
  gleam: marks(slashes, double),
  elm: marks(dashes, triple, double, character),
  gdscript: marks(triple, double, single, hash),
  perl: marks(double, single, hash),
  r: marks(double, single, hash),
  hcl: marks(slashes, double, hash),
  nix: marks(indented, double, String.raw`\/\*[\s\S]*?(?:\*\/|$)`, hash),
  clojure: marks(double, semicolons),
  sql: marks(String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, dollars, String.raw`'(?:''|[^'])*'?`),
  graphql: marks(triple, double, hash),
  prisma: marks(slashes, double),
  dockerfile: marks(double, hash),
  make: marks(hash),
  cmake: marks(String.raw`#?\[\[[\s\S]*?(?:\]\]|$)`, String.raw`"(?:\\[\s\S]|[^"\\])*"?`, hash),
  powershell: marks(String.raw`<#[\s\S]*?(?:#>|$)`, double, String.raw`'[^'\n]*'?`, hash),
  groovy: quoted,
  gradle: quoted,
  erlang: marks(double, String.raw`%[^\n]*`),
  fsharp: marks(String.raw`\(\*(?!\))[\s\S]*?(?:\*\)|$)`, String.raw`\/\/[^\n]*`, triple, double, character),
  crystal: marks(double, hash),
  nim: marks(String.raw`#\[[\s\S]*?(?:\]#|$)`, triple, double, hash),
  fish: marks(double, single, hash),
  vim: marks(String.raw`(?:^|\n)[ \t]*"[^\n]*`, single),
  ocaml: marks(
    String.raw`\(\*(?!\))[\s\S]*?(?:\*\)|$)`,
    String.raw`\{(?<quote>\w*)\|[\s\S]*?(?:\|\k<quote>\}|$)`,
    double,
    character,
  ),
  julia: marks(String.raw`#=[\s\S]*?(?:=#|$)`, triple, double, character, hash),
};
/** What a string keeps, by language. */
const interpolated: Readonly<Record<string, RegExp>> = {
  ruby: /#\{[^{}]*\}/g,
  elixir: /#\{[^{}]*\}/g,
  kotlin: /\$\{[^{}]*\}/g,
  scala: /\$\{[^{}]*\}/g,
  bash: /\$\([^()]*\)/g,
  swift: /\\\((?:[^()]|\([^()]*\))*\)/g,
  dart: /\$\{[^{}]*\}/g,
  hcl: /\$\{[^{}]*\}/g,
  nix: /\$\{[^{}]*\}/g,
};
const formatted = /\{[^{}]*\}/g;

/** `text` with spaces for comments and the contents of strings: offsets and lines stay as they are. */
export function codeOnly(text: string, language: string): string {
  const pattern = byLanguage[language] ?? slashed;
  if (pattern === ecmascript) return withoutTemplates(text);
  return text.replace(pattern, (part) => {
    const isFormatted = language === 'python' && /^[bru]?f/i.test(part);
    const kept = part.startsWith('#') ? undefined : isFormatted ? formatted : interpolated[language];
    return kept === undefined ? blanked(part) : blankExcept(part, kept);
  });
}

/** Templates hold code, which holds templates: `${…}` is followed by its braces. */
function withoutTemplates(text: string): string {
  const parts: string[] = [];
  /** For each template around: the braces that are open in its code. */
  const open: number[] = [];
  const marked = new RegExp(ecmascript);
  const endOfText = /`|\$\{/g;
  let done = 0;
  const skip = (from: number, to: number): void => {
    parts.push(text.slice(done, from), blanked(text.slice(from, to)));
    done = to;
  };
  const template = (from: number): void => {
    endOfText.lastIndex = from;
    for (let end = endOfText.exec(text); ; end = endOfText.exec(text)) {
      if (end !== null && text[end.index - 1] === '\\') continue;
      const to = end === null ? text.length : endOfText.lastIndex;
      skip(from, to);
      if (end?.[0] === '${') open.push(0);
      marked.lastIndex = to;
      return;
    }
  };
  for (let match = marked.exec(text); match !== null; match = marked.exec(text)) {
    const [part] = match;
    const depth = open.at(-1);
    if (part === '`') template(match.index + 1);
    else if (part === '{') {
      if (depth !== undefined) open[open.length - 1] = depth + 1;
    } else if (part === '}') {
      if (depth !== undefined && depth > 0) open[open.length - 1] = depth - 1;
      else if (depth === 0) {
        open.pop();
        template(match.index + 1);
      }
    } else skip(match.index, marked.lastIndex);
  }
  parts.push(text.slice(done));
  return parts.join('');
}

function blankExcept(part: string, kept: RegExp): string {
  let from = 0;
  let out = '';
  for (const { 0: code, index } of part.matchAll(kept)) {
    out += blanked(part.slice(from, index)) + code;
    from = index + code.length;
  }
  return out + blanked(part.slice(from));
}
