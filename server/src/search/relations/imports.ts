/** What a file imports, in the languages in which a name comes from nowhere else: JavaScript, TypeScript, Python. */

/** A name that a file has by an import. */
export interface Binding {
  /** The name in this file. */
  readonly local: string;
  /** The name where it is defined, `default`, or `*` for the whole module. */
  readonly imported: string;
  /** The module as it is written. In Python, leading dots are those of a relative import. */
  readonly module: string;
}

export interface Imports {
  readonly bindings: readonly Binding[];
  /** Names that a file passes on from another module, by the name under which it does. */
  readonly exported: readonly Binding[];
  /** Modules all of whose names are taken over: `export * from`, `from … import *`. */
  readonly stars: readonly string[];
  /** Offsets of the statements: a name in them is no use of it. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

interface Source {
  readonly language: string;
  readonly text: string;
  /** `text` without comments and strings. */
  readonly code: string;
}

const ecmascript: ReadonlySet<string> = new Set(['typescript', 'tsx', 'javascript']);

export function importsOf(source: Source): Imports {
  if (ecmascript.has(source.language)) return ofEcmascript(source);
  if (source.language === 'python') return ofPython(source);
  return { bindings: [], exported: [], stars: [], ranges: rangesOf(source) };
}

/** Lines that import, by their first word. */
const importing =
  /^[ \t]*(?:import\b|from\b.*\bimport\b|(?:pub(?:\([^)]*\))?\s+)?use\s|using\s|#\s*(?:include|import)\b|extern\s+crate\b|require(?:_relative)?\b|package\s|alias\s|open\s+[A-Z]).*$/gm;

function rangesOf({ code }: Source): [number, number][] {
  return Array.from(code.matchAll(importing), ({ 0: line, index }) => {
    // It goes on while a bracket is open.
    const open = /[({]\s*$/.test(line) ? /[)}]/.exec(code.slice(index + line.length)) : null;
    return [index, index + line.length + (open === null ? 0 : open.index + 1)];
  });
}

const name = String.raw`[\p{L}_$][\p{L}\p{N}_$]*`;
const statement = new RegExp(
  String.raw`(?<=^|[;}\n])[ \t]*(import|export)\b([^'";()=]*?)(?:\bfrom\b\s*)?(['"])([^'"\n]+)\3`,
  'gu',
);
const required = new RegExp(
  String.raw`\b(?:const|let|var)\s+(\{[^}]*\}|${name})\s*=\s*(?:await\s+import|require)\s*\(\s*(['"])([^'"\n]+)\2\s*\)`,
  'gu',
);

function ofEcmascript({ text, code }: Source): Imports {
  const bindings: Binding[] = [];
  const exported: Binding[] = [];
  const stars: string[] = [];
  const ranges: [number, number][] = [];
  for (const { 0: whole, 1: word = '', 2: clause = '', 4: module = '', index } of text.matchAll(statement)) {
    const at = index + whole.indexOf(word);
    if (code.slice(at, at + word.length) !== word) continue;
    ranges.push([index, index + whole.length]);
    const list = word === 'import' ? bindings : exported;
    const spaced = clause.replace(/^\s*type\b(?!\s*,)/, '');
    const braces = /\{([^}]*)\}/.exec(spaced)?.[1];
    if (braces !== undefined) list.push(...named(braces, module, /\s+as\s+/));
    const star = new RegExp(String.raw`\*(?:\s*as\s+(${name}))?`, 'u').exec(spaced);
    if (star?.[1] !== undefined) list.push({ local: star[1], imported: '*', module });
    else if (star !== null) stars.push(module);
    const first = new RegExp(String.raw`^\s*(${name})`, 'u').exec(
      spaced.replace(/\{[^}]*\}|\*.*$/su, ''),
    )?.[1];
    if (first !== undefined && word === 'import') list.push({ local: first, imported: 'default', module });
  }
  for (const { 0: whole, 1: left = '', 3: module = '', index } of text.matchAll(required)) {
    if (code[index] === ' ') continue;
    ranges.push([index, index + whole.length]);
    if (left.startsWith('{')) bindings.push(...named(left.slice(1, -1), module, /\s*:\s*/));
    else bindings.push({ local: left, imported: '*', module });
  }
  // `import { a } from './a'; export { a as b };`
  for (const { 1: braces = '', index, 0: whole } of code.matchAll(
    /(?<=^|[;}\n])[ \t]*export\s*\{([^}]*)\}(?!\s*from)/g,
  )) {
    ranges.push([index, index + whole.length]);
    for (const { local, imported } of named(braces, '', /\s+as\s+/)) {
      const binding = bindings.find((one) => one.local === imported);
      if (binding !== undefined) exported.push({ ...binding, local });
    }
  }
  return { bindings, exported, stars, ranges };
}

function named(list: string, module: string, as: RegExp): Binding[] {
  return list
    .replace(/\/\*.*?\*\/|\/\/.*$/gms, '')
    .split(',')
    .map((one) =>
      one
        .trim()
        .replace(/^type\s+/, '')
        .split(as),
    )
    .filter(([imported = '']) => imported !== '')
    .map(([imported = '', local = imported]) => ({ local, imported, module }));
}

const from = /^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n(]*(?:\\\n[^\n]*)*)/gm;
const whole = /^[ \t]*import[ \t]+([\w., \t]+)/gm;

function ofPython({ code }: Source): Imports {
  const bindings: Binding[] = [];
  const stars: string[] = [];
  const ranges: [number, number][] = [];
  for (const { 0: line, 1: module = '', 2: names = '', index } of code.matchAll(from)) {
    ranges.push([index, index + line.length]);
    if (names.trim() === '*') stars.push(module);
    else bindings.push(...named(names.replace(/[()\\]/g, ' '), module, /\s+as\s+/));
  }
  for (const { 0: line, 1: names = '', index } of code.matchAll(whole)) {
    ranges.push([index, index + line.length]);
    for (const { imported: module, local } of named(names, '', /\s+as\s+/))
      bindings.push({ local, imported: '*', module });
  }
  // What a module imports, others can import from it.
  return { bindings, exported: bindings, stars, ranges };
}
