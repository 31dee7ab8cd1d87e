import { posix } from 'node:path';
import type { Site } from './callSites.js';
import { type Classes, mentions, nearness } from './classes.js';
import { type CodeFile, covers, isCallable } from './codeFiles.js';
import type { Modules } from './modules.js';
import { type Receivers, isParent, isSelf } from './receivers.js';
import { type Target, isVariable, visibleAt } from './target.js';

/** Families in which a name comes from the file itself or from an import, and from nowhere else. */
const explicit: ReadonlySet<string> = new Set(['ecmascript', 'python']);
/** Families in which a member is reached only through a receiver. */
const receiverNeeded: ReadonlySet<string> = new Set([
  ...explicit,
  'rust',
  'go',
  'lua',
  'zig',
  'elixir',
  'haskell',
]);

/**
 * Families in which a call means the member that the written type has, as their language servers have it. Elsewhere it may be
 * that of any class above or below.
 */
const staticFamilies: ReadonlySet<string> = new Set(['python']);

/** Methods of the languages' own types. On a receiver of unknown type they are probably those. */
const common: ReadonlySet<string> = new Set(
  (
    'add all any append apply assign at bind call catch charAt clear close concat copy count decode delete done emit encode ' +
    'endswith entries every exec extend fill filter finally find findIndex flat flatMap flush forEach format get group has ' +
    'includes index indexOf insert isEmpty items iter join keys len length lower map match next on open parse pop push put ' +
    'read readline reduce remove replace reset resolve reverse search send set shift size slice some sort splice split start ' +
    'startswith startsWith stop strip sub test then toString trim unwrap update upper values write'
  ).split(' '),
);

/** How sure a use is one of the target: 1 when the code says so, 0 when it is not or nothing says so. */
export class Resolver {
  readonly #modules: Modules;
  readonly #classes: Classes;
  readonly #receivers: Receivers;

  constructor(modules: Modules, classes: Classes, receivers: Receivers) {
    this.#modules = modules;
    this.#classes = classes;
    this.#receivers = receivers;
  }

  evidence(user: CodeFile, site: Site, target: Target): Promise<number> | number {
    if (user.family !== target.file.family) return 0;
    if (target.form === 'local') return this.#local(user, site, target);
    if (target.form === 'member') return this.#member(user, site, target);
    return explicit.has(user.family) ? this.#imported(user, site, target) : this.#global(user, site, target);
  }

  /** Names that a file has for the target, beside its own. */
  async aliases(user: CodeFile, target: Target): Promise<string[]> {
    if (target.form !== 'top') return [];
    const renamed = user.imports.bindings.filter(
      ({ local, imported }) => local !== target.name && (imported === target.name || imported === 'default'),
    );
    const led = await Promise.all(renamed.map((binding) => this.#modules.leads(user, binding, target)));
    return renamed.filter((_, i) => led[i]).map(({ local }) => local);
  }

  #local(user: CodeFile, { receiver, name, line }: Site, { file, definition, scope }: Target): number {
    if (user !== file || receiver !== '' || scope === undefined || !covers(scope, line)) return 0;
    return visibleAt(file, name, line).includes(definition) ? 1 : 0;
  }

  async #imported(user: CodeFile, site: Site, target: Target): Promise<number> {
    const { receiver, name, line } = site;
    if (receiver !== '') return this.#throughModule(user, receiver, target);
    if (isVariable(user, name, line, undefined)) return 0;
    const own = visibleAt(user, name, line);
    // Overloads are definitions of their own.
    if (user === target.file)
      return own.includes(target.definition) || own.some((one) => one.name === target.name) ? 1 : 0;
    if (own.some(isCallable)) return 0;
    const bindings = user.imports.bindings.filter(
      ({ local, imported }) => local === name && imported !== '*',
    );
    for (const binding of bindings) if (await this.#modules.leads(user, binding, target)) return 1;
    if (bindings.length > 0) return 0;
    for (const module of user.imports.stars) {
      if (await this.#modules.leads(user, { local: name, imported: name, module }, target)) return 0.9;
    }
    return 0;
  }

  async #throughModule(user: CodeFile, receiver: string, target: Target): Promise<number> {
    if (target.owner !== undefined && receiver.split('.').at(-1) === target.owner) return 0.9;
    for (const binding of user.imports.bindings) {
      if (binding.local === receiver && (await this.#modules.holds(user, binding, target))) return 1;
      // `import pkg` and `pkg.module.name()`
      if (receiver.startsWith(`${binding.local}.`) && user.language === 'python') {
        const module = `${binding.imported === '*' ? binding.module : `${binding.module}.${binding.imported}`}${receiver.slice(binding.local.length)}`;
        if (await this.#modules.leads(user, { local: '', imported: target.name, module }, target)) return 1;
      }
    }
    return 0;
  }

  /** Where names need no import, or where imports do not say which: by file, folder and uniqueness. */
  async #global(user: CodeFile, { receiver, name, line }: Site, target: Target): Promise<number> {
    const { path } = target.file;
    const last = receiver.split('.').at(-1) ?? '';
    const folder = posix.basename(posix.dirname(path));
    const stem = posix.basename(path).replace(/\..*$/, '');
    if (receiver !== '') {
      if (user.path === path && /^(?:_?M|self|Self|crate|super|exports)$/.test(last)) return 0.9;
      const holder = target.owner ?? '';
      return [stem, folder, holder].some((one) => one.toLowerCase() === last.toLowerCase()) ? 0.9 : 0;
    }
    const own = visibleAt(user, name, line);
    if (user.path === path) return own.includes(target.definition) ? 1 : 0;
    if (own.length > 0) return 0;
    const others = ((await this.#classes.named(name, user.family)) ?? []).filter(
      ({ form }) => form === 'top',
    );
    if (others.length === 0) return 0;
    const near = nearness(user.path, path);
    const isNearest = others.every(({ file }) => nearness(user.path, file.path) <= near);
    if (posix.dirname(user.path) === posix.dirname(path)) return 0.8;
    // In Go another folder is another package, which is always named.
    if (user.family === 'go') return 0;
    return others.length === 1 ? 0.6 : isNearest ? 0.4 : 0;
  }

  async #member(user: CodeFile, site: Site, target: Target): Promise<number> {
    const { receiver, line } = site;
    const owner = target.owner ?? '';
    const names = receiver.split('.');
    const last = names.at(-1) ?? '';
    if (receiver === '' || isSelf(receiver) || isParent(receiver)) {
      if (receiver === '' && receiverNeeded.has(user.family)) return 0;
      const inside = this.#receivers.enclosing(user, line);
      if (inside === undefined) return user === target.file && isSelf(receiver) ? 0.6 : 0;
      if (isParent(receiver)) return (await this.#inherited(inside, user, target, true)) ? 1 : 0;
      return this.#isOwner(inside, user, target);
    }
    const binding = user.imports.bindings.find(
      ({ local }) => local === names[0] || (names[0] !== undefined && local.startsWith(`${names[0]}.`)),
    );
    if (binding?.imported === '*') return 0;
    const type = await this.#receivers.typeOf(user, site);
    if (type === owner || (last === owner && type === undefined)) return this.#isOwner(owner, user, target);
    if (type !== undefined && !isTypeVariable(type)) {
      const known = await this.#classes.type(type, user);
      if (known !== undefined) return this.#isOwner(type, user, target);
      // A type of another package, or one that is only a name for others.
      return 0;
    }
    if (binding !== undefined && (await this.#modules.filesOf(user, binding.module)).length === 0) return 0;
    return this.#unknown(user, last, target);
  }

  /** Whether a member of `type` may be the target. */
  async #isOwner(type: string, user: CodeFile, target: Target): Promise<number> {
    const owner = target.owner ?? '';
    if (type === owner) {
      const meant = await this.#classes.type(type, user);
      return meant === undefined || meant.file === target.file ? 1 : 0;
    }
    if (!staticFamilies.has(user.family))
      return (await this.#classes.related(type, owner, target.name, user)) ? 0.9 : 0;
    return (await this.#inherited(type, user, target)) ? 0.9 : 0;
  }

  /** Whether the target is the member that a class has from those above it; `isParent`: or the class itself. */
  async #inherited(type: string, user: CodeFile, target: Target, isParent = false): Promise<boolean> {
    const owners = ((await this.#classes.named(target.name, user.family)) ?? []).map(({ owner }) => owner);
    const own = isParent ? [] : [type];
    for (const base of [...own, ...(await this.#classes.ancestors(type, user))])
      if (owners.includes(base)) return base === target.owner;
    return false;
  }

  /** Of a receiver whose type nothing says: by what else could be meant, and by its name. */
  async #unknown(user: CodeFile, receiver: string, target: Target): Promise<number> {
    const owner = target.owner ?? '';
    const all = await this.#classes.named(target.name, user.family);
    if (all === undefined) return 0;
    const others = all.filter((one) => one.form === 'member' && one.owner !== owner);
    const alike = isAlike(receiver, owner);
    const isCommon = common.has(target.name);
    if (alike && !others.some((one) => isAlike(receiver, one.owner ?? '')))
      return isCommon && !mentions(user, owner) ? 0 : 0.6;
    // What is read without brackets may as well be a field.
    if (isCommon || target.isProperty) return 0;
    // Where the written type decides, only the member above all others can be meant without one.
    if (staticFamilies.has(user.family)) {
      for (const { owner: other = '', file } of others)
        if (!(await this.#classes.ancestors(other, file)).has(owner)) return 0;
      return 0.6;
    }
    let unrelated = 0;
    for (const { owner: other = '' } of others) {
      if (!(await this.#classes.related(other, owner, target.name, target.file))) unrelated++;
    }
    if (unrelated === 0) return 0.6;
    if (!mentions(user, owner)) return 0;
    return others.some((one) => mentions(user, one.owner ?? '')) ? 0 : 0.4;
  }
}

/** Whether a value is named after a type: `store` or `userStore` after `UserStore`. */
function isAlike(receiver: string, type: string): boolean {
  const [value, name] = [receiver, type].map((one) =>
    one.replace(/\(\)$/, '').replace(/[_$]/g, '').toLowerCase(),
  );
  if (value === undefined || name === undefined || value.length < 3 || name.length < 3) return false;
  return (
    value === name ||
    (value.length >= 4 && name.endsWith(value)) ||
    (name.length >= 4 && value.endsWith(name))
  );
}

const isTypeVariable = (type: string): boolean =>
  /^(?:[A-Z]\d?|T[A-Z]\w*|any|Any|object|Object|unknown|Self)$/.test(type);
