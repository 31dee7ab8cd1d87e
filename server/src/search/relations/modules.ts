import { posix } from 'node:path';
import { perStatistics } from '../../lexical/statistics.js';
import type { CodeFile, CodeFiles } from './codeFiles.js';
import type { Binding } from './imports.js';
import type { Target } from './target.js';

const extension = /\.(?:d\.)?[cm]?[jt]sx?$/;
const ecmascriptEndings = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.d.ts'];
/** How often a name may be passed on between a module and its user. */
const longestChain = 4;
/** A module's name that so many files end with names none of them. */
const mostMatches = 4;

/** Finds the files that imports name, and follows a name through files that pass it on. */
export class Modules {
  readonly #files: CodeFiles;
  readonly #known = new Map<string, Promise<readonly CodeFile[]>>();

  constructor(files: CodeFiles) {
    this.#files = files;
  }

  /** Whether an import is that of the target, directly or through others. */
  async leads(
    user: CodeFile,
    { module, imported }: Binding,
    target: Target,
    left = longestChain,
  ): Promise<boolean> {
    if (left === 0) return false;
    for (const file of await this.filesOf(user, module)) {
      if (file === target.file) {
        if (imported === target.name) return true;
        if (imported === 'default' && isDefault(target)) return true;
      }
      if (await this.#passes(file, imported, target, left - 1)) return true;
    }
    return false;
  }

  /** Whether a whole module, bound to a name, has the target as one of its names. */
  async holds(user: CodeFile, binding: Binding, target: Target): Promise<boolean> {
    const wanted = { local: '', imported: target.name };
    if (binding.imported === '*') return this.leads(user, { ...wanted, module: binding.module }, target);
    // `from pkg import module`
    if (user.language === 'python') {
      const module = /\.$|^$/.test(binding.module)
        ? `${binding.module}${binding.imported}`
        : `${binding.module}.${binding.imported}`;
      return this.leads(user, { ...wanted, module }, target);
    }
    // `export * as util from './util'`
    for (const file of await this.filesOf(user, binding.module)) {
      const space = file.imports.exported.find(
        (one) => one.local === binding.imported && one.imported === '*',
      );
      if (space !== undefined && (await this.leads(file, { ...wanted, module: space.module }, target)))
        return true;
    }
    return false;
  }

  async #passes(file: CodeFile, name: string, target: Target, left: number): Promise<boolean> {
    const own = file.imports.exported.filter((one) => one.local === name && one.imported !== '*');
    for (const binding of own) if (await this.leads(file, binding, target, left)) return true;
    if (own.length > 0 || name === 'default') return false;
    for (const module of file.imports.stars) {
      if (await this.leads(file, { local: name, imported: name, module }, target, left)) return true;
    }
    return false;
  }

  /** The indexed files that a module's name in `user` may mean; none for those of other packages. */
  filesOf(user: CodeFile, module: string): Promise<readonly CodeFile[]> {
    const key = module.startsWith('.') ? `${posix.dirname(user.path)} ${module}` : module;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#find(user, module);
    this.#known.set(key, found);
    return found;
  }

  async #find(user: CodeFile, module: string): Promise<CodeFile[]> {
    const folder = posix.dirname(user.path);
    if (user.language === 'python') {
      const dots = /^\.*/.exec(module)?.[0].length ?? 0;
      const parts = module
        .slice(dots)
        .split('.')
        .filter((part) => part !== '');
      if (dots === 0) return this.#ending(parts.join('/'), ['.py', '/__init__.py']);
      const base = posix.join(folder, ...Array.from({ length: dots - 1 }, () => '..'), ...parts);
      return this.#first([`${base}.py`, base === '.' ? '__init__.py' : `${base}/__init__.py`]);
    }
    if (module.startsWith('.')) {
      const base = posix.join(folder, module);
      const stem = base.replace(extension, '');
      return this.#first([
        ...ecmascriptEndings.map((ending) => stem + ending),
        ...ecmascriptEndings.map((ending) => posix.join(base, `index${ending}`)),
      ]);
    }
    // An alias of a path, or the name of a package in the same repository.
    const tail = module.replace(/^[@~#]\//, '').replace(extension, '');
    if (!tail.includes('/') || tail.startsWith('node:')) return [];
    return this.#ending(tail, [
      ...ecmascriptEndings,
      ...ecmascriptEndings.map((ending) => `/index${ending}`),
    ]);
  }

  async #first(paths: readonly string[]): Promise<CodeFile[]> {
    const file = await this.#files.at(paths);
    return file === undefined ? [] : [file];
  }

  /** Files whose path is `tail` with one of the endings, below any folder. */
  async #ending(tail: string, endings: readonly string[]): Promise<CodeFile[]> {
    if (tail === '') return [];
    const paths = byName(this.#files.docs).get(posix.basename(tail)) ?? [];
    const wanted = endings.map((ending) => tail + ending);
    const found = paths.filter((path) => wanted.some((one) => path === one || path.endsWith(`/${one}`)));
    if (found.length > mostMatches) return [];
    const files = await Promise.all(found.map((path) => this.#files.at([path])));
    return files.filter((file) => file !== undefined);
  }
}

function isDefault({ file, name }: Target): boolean {
  return new RegExp(
    String.raw`\bexport\s+default\s+(?:async\s+)?(?:function\*?\s+|(?:abstract\s+)?class\s+)?${name}\b`,
  ).test(file.code);
}

/** Paths by the name of the module: that of the file, or of the folder whose index it is. Made once per state. */
const byName = perStatistics(({ files }) => {
  const table = new Map<string, string[]>();
  for (const { path } of files) {
    const parts = path.split('/');
    const file = parts.pop()?.replace(/(?:\.d)?\.[^.]+$/, '') ?? '';
    const name = (file === 'index' || file === '__init__' ? parts.pop() : file) ?? '';
    const paths = table.get(name);
    if (paths === undefined) table.set(name, [path]);
    else paths.push(path);
  }
  return table;
});
