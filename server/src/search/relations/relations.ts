import type { Relation } from '../../../../shared/src/protocol/protocol.js';
import { throwIfCancelled } from '../../../../shared/src/errors.js';
import type { Catalog, FileDefinition, FolderRow } from '../../catalog/catalog.js';
import { tokens } from '../../lexical/tokens.js';
import { Pacer } from '../../syntax/pacer.js';
import { isTestPath } from '../penalties.js';
import type { ChunkTexts } from '../request.js';
import { type Site, calledIn, sitesOf } from './callSites.js';
import { Classes, nearness } from './classes.js';
import {
  type CodeFile,
  CodeFiles,
  type LineRange,
  covers,
  familyOf,
  isCallable,
  isType,
} from './codeFiles.js';
import { Modules } from './modules.js';
import { Receivers } from './receivers.js';
import { Resolver } from './resolver.js';
import { rangeOfDecorator, rangeOfDefinition, rangeOfStatement } from './shownRange.js';
import { type Target, targetOf } from './target.js';
import { typesNamedIn } from './typeNames.js';

/** Code that has a relation to a place, other than being near to it by its vector. Its lines are those that are shown. */
export interface RelatedCode extends LineRange {
  readonly file: CodeFile;
  /** The definition; undefined for code outside all of them. */
  readonly definition: FileDefinition | undefined;
  readonly relations: Set<Relation>;
  /** The symbol over which it was reached in a second step. */
  readonly via?: string;
  /** How sure the relation is, 0 to 1. */
  readonly evidence: number;
}

export interface RelationsWanted {
  /** All of them by default. */
  readonly relation?: Relation;
  readonly steps: number;
  readonly accept: (path: string) => boolean;
}

/** Most files that are looked at for the users of one definition, and for those of one of a second step. */
const mostUserFiles = 80;
const mostUserFilesFurther = 20;
/** Most files that one request reads. */
const mostFiles = 200;
/** Most definitions that a second step starts from. */
const mostFollowed = 24;
/** Most names that are followed from a place. */
const mostNames = 80;

/** The relations of a place in a folder: of the definition around `line`, or of `lines` when there is none. */
export async function relationsOf(
  catalog: Catalog,
  folder: FolderRow,
  texts: ChunkTexts,
  place: { readonly fileId: number; readonly line: number; readonly lines: LineRange },
  wanted: RelationsWanted,
  signal?: AbortSignal,
): Promise<RelatedCode[]> {
  const search = new RelationSearch(catalog, folder, texts, signal);
  const file = await search.files.of(place.fileId);
  if (file === undefined) return [];
  const definition = definitionAt(file, place.line);
  return search.all(file, definition, definition ?? place.lines, wanted);
}

/** The innermost definition around a line, or the one below a line of comments or decorators. */
export function definitionAt(file: CodeFile, line: number): FileDefinition | undefined {
  const [around] = file.around(line);
  const below = file.definitions.find(({ startLine }) => startLine > line);
  if (below === undefined || (around !== undefined && below.endLine > around.endLine)) return around;
  for (let row = line; row < below.startLine; row++) {
    if (/^\s*[^\s@#[]/.test(file.lines.line(row - 1))) return around;
  }
  return below;
}

class RelationSearch {
  readonly files: CodeFiles;
  readonly #catalog: Catalog;
  readonly #classes: Classes;
  readonly #resolver: Resolver;
  readonly #signal: AbortSignal | undefined;
  readonly #pacer = new Pacer();

  constructor(catalog: Catalog, folder: FolderRow, texts: ChunkTexts, signal: AbortSignal | undefined) {
    this.#catalog = catalog;
    this.#signal = signal;
    this.files = new CodeFiles(catalog, folder, texts);
    const modules = new Modules(this.files);
    this.#classes = new Classes(catalog, this.files, modules);
    this.#resolver = new Resolver(modules, this.#classes, new Receivers(this.#classes));
  }

  async all(
    file: CodeFile,
    definition: FileDefinition | undefined,
    lines: LineRange,
    { relation, steps, accept }: RelationsWanted,
  ): Promise<RelatedCode[]> {
    const wants = (...relations: readonly Relation[]): boolean =>
      relation === undefined || relations.includes(relation);
    const found = new Found(accept, definition);
    if (definition !== undefined && wants('calledBy', 'tests')) {
      const target = targetOf(file, definition);
      const users = await this.#users(target, mostUserFiles);
      for (const one of users) found.add(one);
      if (steps > 1) {
        for (const { file: user, definition: from } of users.slice(0, mostFollowed)) {
          if (from === undefined || from === definition) continue;
          for (const one of await this.#users(targetOf(user, from), mostUserFilesFurther))
            found.add({ ...one, via: from.name });
        }
      }
    }
    if (wants('calls')) {
      const called = await this.#called(file, lines);
      for (const one of called) found.add(one);
      if (steps > 1) {
        for (const { file: home, definition: from } of called.slice(0, mostFollowed)) {
          if (from === undefined || from === definition) continue;
          for (const one of await this.#called(home, from)) found.add({ ...one, via: from.name });
        }
      }
    }
    if (wants('definesTypeOf')) for (const one of await this.#types(file, definition, lines)) found.add(one);
    return found.all(relation);
  }

  /** Code that calls the target, and tests that name it. */
  async #users(target: Target, most: number): Promise<RelatedCode[]> {
    const found: RelatedCode[] = [];
    for (const fileId of this.#filesNaming(target, most)) {
      await this.#step();
      const user = await this.#read(fileId);
      if (user === undefined) continue;
      const isTestFile = isTestPath(user.path);
      const names = [target.name, ...(await this.#resolver.aliases(user, target))];
      for (const written of names.flatMap((name) => sitesOf(user, name))) {
        const site = target.isProperty ? { ...written, isCall: written.receiver !== '' } : written;
        const isTest = isTestFile || isTestAt(user, site.line);
        if (!site.isCall && !isTest) continue;
        // A site in the range of a definition that has been found adds nothing.
        const decorated = decoratedAt(user, site);
        const caller = callerAt(user, site.line, decorated);
        if (found.some((one) => one.file === user && holds(one, caller, site, isTest))) continue;
        await this.#step();
        const evidence = await this.#resolver.evidence(user, site, target);
        if (evidence === 0) continue;
        const relations = new Set<Relation>([
          ...(isTest ? (['tests'] as const) : []),
          ...(site.isCall ? (['calledBy'] as const) : []),
        ]);
        const range =
          decorated !== undefined
            ? rangeOfDecorator(user, site.line, decorated)
            : caller === undefined
              ? rangeOfStatement(user, site.line, this.#catalog.chunks.at(user.id, site.line))
              : rangeOfDefinition(caller, site.line);
        found.push({ ...range, file: user, definition: caller, relations, evidence });
      }
    }
    return found;
  }

  /** Ids of the files whose text has the target's name, the nearest first. */
  #filesNaming({ name, file, form }: Target, most: number): number[] {
    if (form === 'local') return [file.id];
    const term = tokens(name).at(-1);
    const { docs, folder } = this.files;
    const ids = term === undefined ? [] : this.#catalog.lexical.filesWith(folder.id, term);
    const named = ids
      .map((id) => docs.files[docs.numberOf(id) ?? -1])
      .filter((doc) => doc !== undefined)
      .filter(({ language }) => familyOf(language) === file.family)
      .map(({ id, path }) => ({ id, near: id === file.id ? Infinity : nearness(path, file.path) }));
    if (!named.some(({ id }) => id === file.id)) named.push({ id: file.id, near: Infinity });
    return named
      .sort((a, b) => b.near - a.near || a.id - b.id)
      .slice(0, most)
      .map(({ id }) => id);
  }

  /** Definitions that a range of lines calls. */
  async #called(file: CodeFile, lines: LineRange): Promise<RelatedCode[]> {
    const found: RelatedCode[] = [];
    for (const name of [...calledIn(file, lines)].slice(0, mostNames)) {
      await this.#step();
      const sites = sitesOf(file, name).filter((site) => site.isCall && covers(lines, site.line));
      const original = file.imports.bindings.find(
        ({ local, imported }) => local === name && imported !== '*',
      )?.imported;
      const sought = original === undefined || original === 'default' ? name : original;
      if (sites.length === 0 || !this.#canBeKnown(file, name, sites)) continue;
      const candidates = (await this.#classes.named(sought, file.family)) ?? [];
      const ranked: { target: Target; evidence: number }[] = [];
      for (const target of candidates) {
        if (!isCallable(target.definition) && !isType(target.definition)) continue;
        let best = 0;
        for (const site of sites.slice(0, 5))
          best = Math.max(best, await this.#resolver.evidence(file, site, target));
        if (best > 0) ranked.push({ target, evidence: best });
      }
      const most = Math.max(...ranked.map(({ evidence }) => evidence));
      for (const { target, evidence } of ranked.filter((one) => one.evidence === most).slice(0, 4)) {
        const { file: home, definition } = target;
        found.push({
          ...rangeOfDefinition(definition, definition.startLine),
          file: home,
          definition,
          relations: new Set(['calls']),
          evidence,
        });
      }
    }
    return found;
  }

  /** Whether a name that stands alone can be one of the folder, so that its definitions are worth reading. */
  #canBeKnown(file: CodeFile, name: string, sites: readonly Site[]): boolean {
    if (this.files.size > mostFiles) return false;
    if (file.family !== 'ecmascript' && file.family !== 'python') return true;
    const { bindings, stars } = file.imports;
    return (
      stars.length > 0 ||
      sites.some(({ receiver }) => receiver !== '') ||
      bindings.some(({ local }) => local === name) ||
      file.definitions.some((one) => one.name === name)
    );
  }

  /** Definitions of the types that a range of lines names in signatures and annotations. */
  async #types(
    file: CodeFile,
    definition: FileDefinition | undefined,
    lines: LineRange,
  ): Promise<RelatedCode[]> {
    const found: RelatedCode[] = [];
    const around = new Set(
      definition === undefined ? [] : [definition.name, ...file.outside(definition).map(({ name }) => name)],
    );
    for (const name of [...typesNamedIn(file, lines)].slice(0, mostNames)) {
      if (around.has(name) || this.files.size > mostFiles) continue;
      const type = await this.#classes.type(name, file);
      if (type === undefined) continue;
      found.push({
        ...rangeOfDefinition(type.definition, type.definition.startLine),
        file: type.file,
        definition: type.definition,
        relations: new Set(['definesTypeOf']),
        evidence: 0.8,
      });
    }
    return found;
  }

  /** Lets others run when this has run for a while, and ends it when nobody wants it any more. */
  async #step(): Promise<void> {
    throwIfCancelled(this.#signal, 'Search');
    if (this.#pacer.due) await this.#pacer.pause();
  }

  async #read(fileId: number): Promise<CodeFile | undefined> {
    return this.files.size > mostFiles ? undefined : this.files.of(fileId);
  }
}

/** The definition whose decorators have a use. They are run by what is around it. */
function decoratedAt(file: CodeFile, { line, offset }: Site): FileDefinition | undefined {
  const [inner] = file.around(line);
  return inner !== undefined && offset < (file.nameOffset(inner) ?? 0) ? inner : undefined;
}

/** The definition that runs a line: the innermost function, otherwise the innermost definition. */
function callerAt(
  file: CodeFile,
  line: number,
  decorated: FileDefinition | undefined,
): FileDefinition | undefined {
  const around = decorated === undefined ? file.around(line) : file.outside(decorated);
  return around.find(isCallable) ?? around[0];
}

/** Whether related code already says that a site is in it. */
function holds(one: RelatedCode, caller: FileDefinition | undefined, site: Site, isTest: boolean): boolean {
  const isSame =
    caller === undefined ? one.definition === undefined && covers(one, site.line) : one.definition === caller;
  return isSame && (!site.isCall || one.relations.has('calledBy')) && (!isTest || one.relations.has('tests'));
}

/** Tests that stand beside what they test. */
const testMark = /#\[(?:\w+::)*test\b|@(?:Parameterized)?Test\b|#\[cfg\(test\)\]/;

function isTestAt(file: CodeFile, line: number): boolean {
  return file.around(line).some(({ startLine }) => {
    const [from] = file.rangeOf({ startLine: Math.max(1, startLine - 3), endLine: startLine });
    return testMark.test(file.code.slice(from, file.lines.start(startLine)));
  });
}

/** Collects related code; what is found twice has all its relations. */
class Found {
  readonly #accept: (path: string) => boolean;
  readonly #place: FileDefinition | undefined;
  readonly #found = new Map<string, RelatedCode>();

  constructor(accept: (path: string) => boolean, place: FileDefinition | undefined) {
    this.#accept = accept;
    this.#place = place;
  }

  add(one: RelatedCode): void {
    if (!this.#accept(one.file.path) || (one.definition !== undefined && one.definition === this.#place))
      return;
    const { startLine, endLine } = one.definition ?? one;
    const key = `${one.file.id} ${startLine} ${endLine} ${one.definition?.name ?? ''}`;
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { ...one, relations: new Set(one.relations) });
    else if (one.via === undefined) for (const relation of one.relations) known.relations.add(relation);
  }

  all(relation: Relation | undefined): RelatedCode[] {
    const all = [...this.#found.values()];
    return relation === undefined ? all : all.filter(({ relations }) => relations.has(relation));
  }
}
