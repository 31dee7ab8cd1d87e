import type { FileDefinition } from '../../catalog/catalog.js';
import { type CodeFile, closingOf, covers, isCallable, isClass, wholeName } from './codeFiles.js';

/** A definition whose uses are looked for, and how code can reach it. */
export interface Target {
  readonly file: CodeFile;
  readonly definition: FileDefinition;
  /** The name that uses have: a constructor is called by the name of its class. */
  readonly name: string;
  /**
   * `top`: by its name, where it is visible. `local`: by its name, inside `scope`. `member`: through a value or a type
   * named `owner`.
   */
  readonly form: 'top' | 'local' | 'member';
  readonly owner: string | undefined;
  readonly scope: FileDefinition | undefined;
  /** Read and written without brackets. */
  readonly isProperty: boolean;
}

/** What constructors are called, by language family. */
const constructors: Readonly<Record<string, string>> = {
  ecmascript: 'constructor',
  python: '__init__',
  php: '__construct',
  ruby: 'initialize',
};
const declared = /\b(?:function\*?|const|let|var|def|defp|fn|func|fun|class|macro_rules!)\s+$/;
/** Receivers that make a name of the module, not a member. */
const bareReceivers: ReadonlySet<string> = new Set(['exports', 'module.exports', 'window', 'globalThis']);
/** Most characters of a name and its parameters. */
const mostParameters = 2000;
/** Kinds that hold names of the module. */
const namespaces: ReadonlySet<string> = new Set(['module', 'namespace', 'package']);

export function targetOf(file: CodeFile, definition: FileDefinition): Target {
  const { name } = definition;
  const outside = file.outside(definition).filter((one) => one.kind !== 'constant' || !isClass(definition));
  const [inner] = outside;
  const head = headOf(file, definition);
  const isProperty = /@[\w.]*property\b|@\w+\.(?:setter|getter|deleter)\b|\b[gs]et\s+$/.test(head);
  const target = { file, definition, name, isProperty };
  if (inner !== undefined && isClass(inner)) {
    if (constructors[file.family] === name) return { ...targetOf(file, inner), definition };
    return { ...target, form: 'member', owner: inner.name, scope: undefined };
  }
  const top = { ...target, form: 'top', owner: undefined, scope: undefined } as const;
  const owner = receiverIn(head);
  if (owner !== undefined) {
    if (bareReceivers.has(owner)) return top;
    const around = owner === 'this' ? outside.find(isClass)?.name : undefined;
    return { ...target, form: 'member', owner: around ?? owner, scope: undefined };
  }
  const implemented = file.language === 'rust' ? implOf(file, definition) : undefined;
  if (implemented !== undefined) return { ...target, form: 'member', owner: implemented, scope: undefined };
  if (inner === undefined) return top;
  if (namespaces.has(inner.kind)) return { ...top, owner: inner.name };
  const isDeclared = declared.test(head) || isClass(definition) || file.language === 'python';
  if (!isDeclared) return { ...target, form: 'member', owner: inner.name, scope: undefined };
  const scope = outside.find(isCallable);
  return scope === undefined ? top : { ...target, form: 'local', owner: undefined, scope };
}

/** What stands before the name of a definition. */
function headOf(file: CodeFile, definition: FileDefinition): string {
  const [start] = file.rangeOf(definition);
  const at = file.nameOffset(definition);
  return at === undefined ? '' : file.code.slice(Math.max(start, at - 300), at);
}

/** `T` of Go's `func (t *T) name`, of `T::name` in C++, of `T.prototype.name =` and of `t.name =`. */
function receiverIn(head: string): string | undefined {
  const go = /\bfunc\s*\(\s*(?:\w+\s+)?\*?\s*(\w+)[^()]*\)\s*$/.exec(head);
  if (go !== null) return go[1];
  return /([\w$]+(?:\.exports)?)(?:\.prototype)?\s*(?:\.|::)\s*$/.exec(head)?.[1];
}

/** The type of the `impl` block around a definition in Rust, whose blocks begin at the margin. */
function implOf(file: CodeFile, { startLine }: FileDefinition): string | undefined {
  for (let row = startLine - 2; row >= 0; row--) {
    const line = file.lines.line(row);
    if (line.startsWith('}')) return undefined;
    if (!/^(?:unsafe\s+)?impl\b/.test(line)) continue;
    const plain = line.replace(/<[^<>]*(?:<[^<>]*>[^<>]*)*>/g, '');
    return /(?:\bfor\s+|^(?:unsafe\s+)?impl\s+)(?:&\s*)?(?:mut\s+)?(?:\w+::)*(\w+)\s*(?:where\b.*|\{.*)?$/.exec(
      plain.trim(),
    )?.[1];
  }
  return undefined;
}

/** Definitions of a name that a line sees in its own file: those of the smallest scope. */
export function visibleAt(file: CodeFile, name: string, line: number): FileDefinition[] {
  const seen = file.definitions
    .filter((one) => one.name === name)
    .map((one) => targetOf(file, one))
    .filter(({ form, scope }) => form === 'top' || (scope !== undefined && covers(scope, line)));
  const sizeOf = ({ scope }: Target): number =>
    scope === undefined ? Infinity : scope.endLine - scope.startLine;
  const least = Math.min(...seen.map(sizeOf));
  return seen.filter((one) => sizeOf(one) === least).map(({ definition }) => definition);
}

/** Whether a name is a parameter or a variable of a function around a line, below `scope`. */
export function isVariable(
  file: CodeFile,
  name: string,
  line: number,
  scope: FileDefinition | undefined,
): boolean {
  const plain = wholeName(name);
  for (const around of file.around(line)) {
    if (around === scope) return false;
    if (!isCallable(around) || around.name === name) continue;
    const code = file.codeOf(around);
    const at = (file.nameOffset(around) ?? 0) - file.rangeOf(around)[0];
    const named = code.slice(at);
    const header = named.slice(0, (closingOf(named, mostParameters) ?? -1) + 1);
    if (new RegExp(String.raw`[(,{]\s*(?:\.\.\.|\*+)?${plain}\s*[,:)=?}]`, 'u').test(header)) return true;
    const declares =
      file.language === 'python'
        ? String.raw`^[ \t]*${plain}\s*(?::[^=\n]+)?=(?!=)|\bfor\s+[\w, ]*${plain}[\w, ]*\s+in\b`
        : String.raw`\b(?:const|let|var)\s+(?:${plain}|[{[][^=;]*?${plain}[^=;]*[}\]]\s*=)`;
    if (new RegExp(declares, 'mu').test(code)) return true;
  }
  return false;
}
