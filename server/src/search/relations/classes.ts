import { posix } from 'node:path';
import type { Catalog, FileDefinition } from '../../catalog/catalog.js';
import {
  type CodeFile,
  type CodeFiles,
  familyOf,
  isCallable,
  isClass,
  isType,
  occurrences,
} from './codeFiles.js';
import type { Modules } from './modules.js';
import { type Target, targetOf } from './target.js';

/** Most definitions of a name that are read. More say nothing about a use of it. */
const mostDefinitions = 12;
const deepestHierarchy = 5;

/** Answers what a class inherits from, and which of several definitions of a name a file means. */
export class Classes {
  readonly #catalog: Catalog;
  readonly #files: CodeFiles;
  readonly #modules: Modules;
  readonly #named = new Map<string, Promise<readonly Target[] | undefined>>();
  readonly #bases = new Map<string, Promise<readonly string[]>>();

  constructor(catalog: Catalog, files: CodeFiles, modules: Modules) {
    this.#catalog = catalog;
    this.#files = files;
    this.#modules = modules;
  }

  /** Definitions of a name that can be called or have members, in a family of languages; undefined when they are too many. */
  named(name: string, family: string): Promise<readonly Target[] | undefined> {
    const key = `${family} ${name}`;
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    const found = this.#read(name, family);
    this.#named.set(key, found);
    return found;
  }

  async #read(name: string, family: string): Promise<Target[] | undefined> {
    const { docs, folder } = this.#files;
    const rows = this.#catalog.chunks.definitionsNamed(folder.id, name).filter((row) => {
      const language = docs.files[docs.numberOf(row.fileId) ?? -1]?.language;
      return language !== undefined && familyOf(language) === family && (isCallable(row) || isType(row));
    });
    if (new Set(rows.map(({ fileId }) => fileId)).size > mostDefinitions) return undefined;
    const found: Target[] = [];
    for (const row of rows) {
      const file = await this.#files.of(row.fileId);
      const definition = file?.definitions.find(
        (one) => one.name === name && one.startLine === row.startLine && one.endLine === row.endLine,
      );
      if (
        file !== undefined &&
        definition !== undefined &&
        !found.some((one) => one.definition === definition)
      )
        found.push(targetOf(file, definition));
    }
    return found;
  }

  /** The definition of a type that a file means by its name. */
  async type(name: string, user: CodeFile): Promise<Target | undefined> {
    const found = ((await this.named(name, user.family)) ?? []).filter(({ definition }) =>
      isType(definition),
    );
    const own = found.find(({ file }) => file === user);
    if (own !== undefined || found.length < 2) return own ?? found[0];
    const binding = user.imports.bindings.find(({ local }) => local === name);
    if (binding !== undefined) {
      for (const one of found) if (await this.#modules.leads(user, binding, one)) return one;
    }
    return nearest(user.path, found);
  }

  /** Names of the types that a type inherits from, near ones first. */
  async ancestors(name: string, user: CodeFile): Promise<Set<string>> {
    const found = new Set<string>();
    let next = [name];
    for (let depth = 0; depth < deepestHierarchy && next.length > 0; depth++) {
      const bases = (await Promise.all(next.map((one) => this.#basesOf(one, user)))).flat();
      next = bases.filter((base) => base !== name && !found.has(base));
      for (const base of next) found.add(base);
    }
    return found;
  }

  /** Whether a value of type `one` may be of type `other`, or both have `member` from a common ancestor. */
  async related(one: string, other: string, member: string, user: CodeFile): Promise<boolean> {
    if (one === other) return true;
    const [up, down] = await Promise.all([this.ancestors(one, user), this.ancestors(other, user)]);
    if (up.has(other) || down.has(one)) return true;
    const common = [...up].filter((base) => down.has(base));
    if (common.length === 0) return false;
    const owners = (await this.named(member, user.family)) ?? [];
    return owners.some(({ owner }) => owner !== undefined && common.includes(owner));
  }

  #basesOf(name: string, user: CodeFile): Promise<readonly string[]> {
    const known = this.#bases.get(name);
    if (known !== undefined) return known;
    const found = this.type(name, user).then((type) =>
      type === undefined ? [] : basesIn(type.file, type.definition),
    );
    this.#bases.set(name, found);
    return found;
  }
}

const words: ReadonlySet<string> = new Set(
  'extends implements with public private protected virtual override final open abstract where class interface struct'.split(
    ' ',
  ),
);

/** The names that the head of a class inherits from. */
function basesIn(file: CodeFile, definition: FileDefinition): string[] {
  if (!isClass(definition)) return [];
  const at = file.nameOffset(definition);
  if (at === undefined) return [];
  let head = file.code.slice(at + definition.name.length, at + 600);
  if (file.language === 'python')
    head = /^\s*(?:\[[^\]]*\])?\s*\(([^)]*)\)/.exec(head)?.[1]?.replace(/\w+\s*=\s*[\w.]+/g, '') ?? '';
  else if (file.language === 'ruby') head = /^\s*<\s*([\w:]+)/.exec(head)?.[1] ?? '';
  else head = head.slice(0, /[{;]|\n\s*\n/.exec(head)?.index ?? 0);
  // Type arguments are no bases. They nest a few levels at most.
  for (let before = ''; before !== head;) {
    before = head;
    head = head.replace(/<[^<>]*>|\[[^[\]]*\]/g, ' ').replace(/(?<=\w)\s*\([^()]*\)/g, ' ');
  }
  return Array.from(
    head.matchAll(/(?:[\p{L}_$][\p{L}\p{N}_$]*(?:\.|::))*([\p{L}_$][\p{L}\p{N}_$]*)/gu),
    ([, name = '']) => name,
  ).filter((name) => !words.has(name));
}

/** Number of folders that two paths have in common. */
export function nearness(one: string, other: string): number {
  const [a, b] = [posix.dirname(one).split('/'), posix.dirname(other).split('/')];
  const differs = a.findIndex((part, i) => part !== b[i]);
  return differs === -1 ? a.length : differs;
}

/** The one target that is nearer to a path than all others. */
function nearest(path: string, targets: readonly Target[]): Target | undefined {
  const ranked = targets
    .map((target) => ({ target, near: nearness(path, target.file.path) }))
    .sort((a, b) => b.near - a.near);
  return ranked[0] !== undefined && ranked[0].near > (ranked[1]?.near ?? -1) ? ranked[0].target : undefined;
}

/** Whether a file's code has a name. */
export const mentions = (file: CodeFile, name: string): boolean =>
  occurrences(file.code, name).next().done !== true;
