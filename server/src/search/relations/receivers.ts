import type { Site } from './callSites.js';
import type { Classes } from './classes.js';
import { type CodeFile, closingOf, isCallable, isClass, occurrences } from './codeFiles.js';
import { targetOf } from './target.js';

/** Names by which code speaks of the object that it belongs to. */
const self: ReadonlySet<string> = new Set(['this', 'self', 'cls', 'Self', '@self', '$this']);
const parent: ReadonlySet<string> = new Set(['super', 'super()', 'base', 'parent']);
export const isSelf = (receiver: string): boolean => self.has(receiver);
export const isParent = (receiver: string): boolean => parent.has(receiver);

/** How many values may lie between a receiver and a type that is written down. */
const longestTrail = 5;
/** Most places in which a name is looked at. */
const mostOccurrences = 60;
/** Types that wrap the one that is meant. */
const wrappers = String.raw`(?:readonly\s+|[&*]+\s*|mut\s+|dyn\s+|'\w+\s+|(?:t\.|typing\.)?(?:Optional|Type|type|ClassVar|Final|Readonly|Partial|Required|Promise|Awaitable|Arc|Box|Rc|Option|RefCell|Mutex|shared_ptr|unique_ptr)\s*[[<]\s*)*`;
const typeName = String.raw`["']?(?:[\p{L}_$][\p{L}\p{N}_$]*\s*(?:\.|::)\s*)*([\p{L}_$][\p{L}\p{N}_$]*)`;

/** Reads what type a receiver has from what is written near its use: annotations, constructors, results of functions. */
export class Receivers {
  readonly #classes: Classes;

  constructor(classes: Classes) {
    this.#classes = classes;
  }

  /** The name of the type that a use is inside of. */
  enclosing(file: CodeFile, line: number): string | undefined {
    const around = file.around(line);
    const type = around.find(isClass);
    if (type !== undefined) return type.name;
    const outer = around.findLast(isCallable);
    const target = outer && targetOf(file, outer);
    return target?.form === 'member' ? target.owner : undefined;
  }

  /** The name of the type of a receiver; undefined when nothing near it says so. */
  typeOf(
    file: CodeFile,
    { receiver, line, offset }: Pick<Site, 'receiver' | 'line' | 'offset'>,
  ): Promise<string | undefined> {
    return this.#chain(file, receiver.split('.'), line, offset, longestTrail);
  }

  async #chain(
    file: CodeFile,
    names: readonly string[],
    line: number,
    offset: number,
    left: number,
  ): Promise<string | undefined> {
    const [first = '', ...rest] = names;
    if (left === 0) return undefined;
    let type: string | undefined;
    if (isSelf(first)) type = this.enclosing(file, line);
    else if (first.endsWith('()')) type = await this.#result(file, first.slice(0, -2), undefined);
    else type = await this.#variable(file, first, line, offset, left);
    for (const name of rest) {
      if (type === undefined) return undefined;
      type = name.endsWith('()')
        ? await this.#result(file, name.slice(0, -2), type)
        : await this.#field(file, type, name, left);
    }
    return type;
  }

  /** The type of a variable: by the nearest place above that says it in the functions around, then in the file. */
  async #variable(
    file: CodeFile,
    name: string,
    line: number,
    offset: number,
    left: number,
  ): Promise<string | undefined> {
    // A type by its own name: a static member.
    const isType = /^\p{Lu}/u.test(name) && (await this.#classes.type(name, file)) !== undefined;
    if (isType) return name;
    const regions = [
      ...file
        .around(line)
        .filter(isCallable)
        .map((one) => file.rangeOf(one)),
      [0, file.code.length] as const,
    ];
    for (const [start, end] of regions) {
      const found = await this.#written(file, [start, end], name, offset, left);
      if (found !== undefined) return found;
    }
    return /^\p{Lu}/u.test(name) ? name : undefined;
  }

  /** What a region says of a name: the nearest annotation or constructor above an offset, otherwise the value it gets. */
  async #written(
    file: CodeFile,
    region: readonly [start: number, end: number],
    name: string,
    offset: number,
    left: number,
  ): Promise<string | undefined> {
    const all = [...occurrences(file.code, name, ...region)];
    const above = all.filter((at) => at < offset).reverse();
    const nearFirst = [...above, ...all.slice(above.length)].slice(0, mostOccurrences);
    for (const at of nearFirst) {
      const type = typeAt(file, at, name);
      if (type !== undefined) return type;
    }
    for (const at of nearFirst) {
      const [, source = '', end = ''] = assigned.exec(file.code.slice(at + name.length, at + 200)) ?? [];
      const names = source.replace(/\s|\?/g, '').split('.');
      if (source === '' || source === name) continue;
      if (end === '(') names.push(`${names.pop() ?? ''}()`);
      return this.#chain(file, names, file.lineAt(at), at, left - 1);
    }
    return undefined;
  }

  async #field(file: CodeFile, type: string, name: string, left: number): Promise<string | undefined> {
    const found = await this.#classes.type(type, file);
    if (found === undefined || !isClass(found.definition)) return undefined;
    const { file: home, definition } = found;
    const region = home.rangeOf(definition);
    return this.#written(home, region, name, region[1], left);
  }

  /** What a function, a method of `type`, or a constructor results in. */
  async #result(file: CodeFile, name: string, type: string | undefined): Promise<string | undefined> {
    const found = (await this.#classes.named(name, file.family)) ?? [];
    if (found.some(({ definition }) => isClass(definition))) return name;
    const meant =
      type === undefined
        ? found.filter(({ form }) => form !== 'member')
        : found.filter(({ owner }) => owner === type);
    const [one] = meant.length > 1 ? meant.filter((other) => other.file === file) : meant;
    if (one === undefined) return undefined;
    const at = one.file.nameOffset(one.definition) ?? 0;
    const head = one.file.code.slice(at, at + mostHeader);
    const end = closingOf(head, mostHeader);
    const said = end === undefined ? undefined : resulting.exec(head.slice(end))?.[1];
    return said === 'Self' || said === 'this' ? type : said;
  }
}

/** Most characters of a function's name, parameters and result. */
const mostHeader = 1500;
const resulting = new RegExp(String.raw`^\)\s*(?::|->)\s*${wrappers}${typeName}`, 'u');
const after = {
  annotation: new RegExp(String.raw`^\s*[?!]?\s*:\s*${wrappers}${typeName}(?!\s*[.(])`, 'u'),
  constructed: new RegExp(String.raw`^[^=\n;(){}]{0,60}=\s*(?:await\s+)?new\s+${typeName}`, 'u'),
  called:
    /^\s*:?=\s*(?:await\s+|&)?(?:[\p{L}_$][\p{L}\p{N}_$]*\s*(?:\.|::)\s*)*(\p{Lu}[\p{L}\p{N}_$]*)\s*(?:::\w+\s*)?[({]/u,
  cast: new RegExp(String.raw`^\s*=[^=;\n]*\bas\s+${typeName}`, 'u'),
  /** `func (s *Store)` */
  behind: /^\s+\*?(?:\w+\.)?(\p{Lu}\w*)\s*[,)]/u,
};
/** `Store store;` and `with Store() as store` */
const before = [
  /(?<![\p{L}\p{N}_$.])(\p{Lu}[\p{L}\p{N}_]*)(?:<[^<>;(){}]*>)?(?:\s*[*&]+\s*|\s+)$/u,
  /(?<![\p{L}\p{N}_$])(\p{Lu}[\p{L}\p{N}_]*)\s*\([^()\n]*\)\s+as\s+$/u,
];
const assigned =
  /^\s*:?=\s*(?:await\s+|yield\s+)?((?:[\p{L}_$][\p{L}\p{N}_$]*\s*(?:\?\.|\.)\s*)*[\p{L}_$][\p{L}\p{N}_$]*)\s*(\(|[;\n,)])/u;
/** Types that begin with a small letter. A key of an object is followed by a colon and a value, which is no type. */
const smallTypes = /^(?:string|number|boolean|int|str|float|bool|dict|list|any|object)$/;

/** The type that the code says a name has at one of its occurrences. */
function typeAt({ code, text }: CodeFile, at: number, name: string): string | undefined {
  const following = code.slice(at + name.length, at + name.length + 200);
  // An annotation may be a string, in Python.
  const annotated = after.annotation.exec(text.slice(at + name.length, at + name.length + 200))?.[1];
  if (annotated !== undefined && (/^\p{Lu}/u.test(annotated) || smallTypes.test(annotated))) return annotated;
  for (const pattern of [after.constructed, after.called, after.cast, after.behind]) {
    const type = pattern.exec(following)?.[1];
    if (type !== undefined) return type;
  }
  const preceding = code.slice(Math.max(0, at - 150), at);
  const [typed, managed] = before;
  const type = /^\s*[=;,):]/.test(following) ? typed?.exec(preceding)?.[1] : undefined;
  return type ?? managed?.exec(preceding)?.[1];
}
