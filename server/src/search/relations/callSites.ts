import { type CodeFile, type LineRange, occurrences } from './codeFiles.js';

/** A use of a name. */
export interface Site {
  readonly name: string;
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /**
   * What stands before the name and its dot: a chain of names such as `this.store`, with `()` after the last when it is
   * called. Empty when the name stands alone, `?` for any other expression.
   */
  readonly receiver: string;
  readonly isCall: boolean;
}

/** Languages that call without brackets. */
const bare: ReadonlySet<string> = new Set(['ruby', 'bash', 'haskell', 'elixir', 'lua']);
/** Languages in which a block may follow a call instead of brackets. */
const blocks: ReadonlySet<string> = new Set(['kotlin', 'scala', 'ruby']);
/** Most uses that are looked at in one file. */
const mostSites = 300;

/** What may follow a name that is called: type arguments, `?.(`, `!(` and at last the bracket. */
const called = /^(?:::)?\s*(?:<[^;{}()]*(?:\([^()]*\)[^;{}()]*)*>)?\s*(?:\?\.|!)?\s*\(/;
/** A function that is called, or bound to be called, by way of its own methods. */
const applied = /^\s*\.\s*(?:bind|call|apply)\s*\(/;
const macro = /^!\s*[([{]/;
const beforeDefinition =
  /\b(?:function\*?|def|fn|func|fun|class|interface|struct|enum|trait|type|macro_rules!|defp?)\s+$/;

/** The uses of a name in a file, without imports and definitions of it. */
export function sitesOf(file: CodeFile, name: string): Site[] {
  const { code } = file;
  const skipped = new Set(
    file.definitions.filter((one) => one.name === name).map((one) => file.nameOffset(one)),
  );
  const found: Site[] = [];
  for (const index of occurrences(code, name)) {
    if (skipped.has(index) || file.imports.ranges.some(([start, end]) => start <= index && index < end))
      continue;
    const before = code.slice(Math.max(0, index - 300), index);
    if (beforeDefinition.test(before)) continue;
    const after = code.slice(index + name.length, index + name.length + 300);
    const receiver = receiverOf(before);
    found.push({
      name,
      offset: index,
      line: file.lineAt(index),
      receiver,
      isCall: isCall(file, before, after),
    });
    if (found.length === mostSites) break;
  }
  return found;
}

const callee = /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]*[!]?)(?=(?:::)?(?:<[^;{}()=]*>)?(?:\?\.)?\()/gu;
const constructed = /\bnew\s+(?:[\p{L}\p{N}_$]+\.)*([\p{L}_$][\p{L}\p{N}_$]*)/gu;
const decorator = /@(?:[\p{L}\p{N}_$]+\.)*([\p{L}_$][\p{L}\p{N}_$]*)/gu;
const element = /<([A-Z][\p{L}\p{N}_$]*)[\s/>]/gu;

/** Names that a range of a file calls. */
export function calledIn(file: CodeFile, range: LineRange): Set<string> {
  const code = file.codeOf(range);
  const patterns = [callee, constructed, decorator];
  if (file.language === 'tsx' || file.language === 'javascript') patterns.push(element);
  if (bare.has(file.language)) patterns.push(/([\p{L}_][\p{L}\p{N}_]*)/gu);
  return new Set(
    patterns.flatMap((pattern) =>
      Array.from(code.matchAll(pattern), ([, name = '']) => name.replace('!', '')),
    ),
  );
}

function isCall({ language, family }: CodeFile, before: string, after: string): boolean {
  if (called.test(after) || /\bnew\s+(?:[\w$]+\.)*$/.test(before)) return true;
  if (/(?:^|[\s(])@(?:[\w$]+\.)*$/.test(before)) return true;
  if (language === 'rust') return macro.test(after);
  if (language === 'tsx' || language === 'javascript') {
    if (/(?:^|[\s(,?:>{&|])<$/.test(before) && /^[\s/>]/.test(after)) return true;
  }
  if (family === 'ecmascript' && (applied.test(after) || after.startsWith('`'))) return true;
  if (blocks.has(language) && /^\s*\{/.test(after)) return true;
  return bare.has(language) && !/[:&]$/.test(before) && !/^\s*=[^=]/.test(after);
}

const dot = /\s*(?:\?\.|!?\.|::|->)\s*$/;
const chain = /(?:[\p{L}_$@][\p{L}\p{N}_$]*\s*(?:\?\.|!?\.|::|->)\s*)*[\p{L}_$@][\p{L}\p{N}_$]*$/u;

function receiverOf(before: string): string {
  const separator = dot.exec(before);
  if (separator === null) return '';
  let rest = before.slice(0, separator.index);
  // A range or a spread is no receiver.
  if (rest.endsWith('.')) return '';
  const isCalled = rest.endsWith(')');
  if (isCalled) rest = rest.slice(0, openingOf(rest)).replace(/<[^<>;{}()]*>$/, '');
  const names = chain
    .exec(rest)?.[0]
    .replace(/\s+/g, '')
    .replace(/\?\.|!\.|::|->/g, '.');
  if (names === undefined) return '?';
  return isCalled ? `${names}()` : names;
}

/** Where the bracket opens that closes at the end of a text. */
function openingOf(text: string): number {
  let depth = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === ')') depth++;
    else if (text[at] === '(' && --depth === 0) return at;
  }
  return 0;
}
