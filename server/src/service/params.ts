import { isAbsolute } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import {
  type ChangeGroupParams,
  type ExportParams,
  type FindRelatedParams,
  type FolderParams,
  type ImportParams,
  type IndexParams,
  type MemoryParams,
  type OpenedParams,
  type Relation,
  type SearchMode,
  type SearchParams,
  matchStrengths,
} from '../../../shared/src/protocol/protocol.js';
import { isSafeGlob } from '../source/safeGlob.js';

/** Characters of the longest query that is accepted. Ranking uses fewer. */
const maxQueryChars = 200_000;
const maxLimit = 100;
const mostGroupFolders = 200;
const mostOpened = 200;
const modes: readonly SearchMode[] = ['hybrid', 'semantic', 'lexical'];
const relations: readonly Relation[] = ['calls', 'calledBy', 'tests', 'definesTypeOf', 'similar'];

function bad(method: string, problem: string): LanternError {
  return new LanternError('bad-request', `${method}: ${problem}.`);
}

/** Reads the fields of one request's parameters. A field of the wrong type is a `bad-request` error. */
class Fields {
  readonly #method: string;
  readonly #fields: Record<string, unknown>;

  constructor(method: string, params: unknown) {
    this.#method = method;
    if (params === null || params === undefined) this.#fields = {};
    else if (typeof params === 'object' && !Array.isArray(params))
      this.#fields = params as Record<string, unknown>;
    else throw bad(method, 'parameters must be an object');
  }

  string(name: string, maxChars = 4096): string {
    const value = this.#fields[name];
    if (typeof value !== 'string' || value.trim() === '')
      throw bad(this.#method, `"${name}" must be a text that is not empty`);
    if (value.length > maxChars) throw bad(this.#method, `"${name}" is longer than ${maxChars} characters`);
    return value;
  }

  /** A word, which is no path and no option. */
  groupName(name: string): string {
    const value = this.string(name, 60);
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(value))
      throw bad('group', `"${value}" is no name of a group; take letters, digits, and . _ - between them`);
    return value;
  }

  /** A pattern that no path can stall. */
  glob(name: string): string {
    const value = this.string(name, 300);
    if (!isSafeGlob(value))
      throw bad(this.#method, `"${name}" has too many wildcards for one pattern, or groups such as +(a|b)`);
    return value;
  }

  optional<T>(name: string, read: (name: string) => T): Record<string, T> {
    const value = this.#fields[name];
    return value === undefined || value === null ? {} : { [name]: read(name) };
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw bad(this.#method, `"${name}" must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw bad(this.#method, `"${name}" must be true or false`);
    return value;
  }

  strings(name: string, most: number): string[] {
    const value = this.#fields[name];
    if (!Array.isArray(value) || value.length > most)
      throw bad(this.#method, `"${name}" must be a list of at most ${most} texts`);
    return value.map((one: unknown) => {
      if (typeof one === 'string' && one.trim() !== '' && one.length <= 4096) return one;
      throw bad(this.#method, `"${name}" must have texts alone, each of at most 4096 characters`);
    });
  }

  is(name: string, value: string): boolean {
    return this.#fields[name] === value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#fields[name];
    const found = values.find((known) => known === value);
    if (found === undefined) throw bad(this.#method, `"${name}" must be one of ${values.join(', ')}`);
    return found;
  }
}

/** Who has more of it wants `wait`. */
const longestPatienceMs = 60_000;

export function searchParams(params: unknown): SearchParams {
  const fields = new Fields('search', params);
  const text = (name: string): string => fields.string(name);
  return {
    query: fields.string('query', maxQueryChars),
    ...fields.optional('path', text),
    ...fields.optional('group', (name) => fields.groupName(name)),
    ...fields.optional('all', (name) => fields.boolean(name)),
    ...fields.optional('limit', (name) => fields.integer(name, 1, maxLimit)),
    ...fields.optional('mode', (name) => fields.oneOf(name, modes)),
    ...fields.optional('language', text),
    ...fields.optional('glob', (name) => fields.glob(name)),
    ...fields.optional('wait', (name) => fields.boolean(name)),
    ...fields.optional('patienceMs', (name) => fields.integer(name, 0, longestPatienceMs)),
    ...fields.optional('minMatch', (name) => fields.oneOf(name, matchStrengths)),
    ...fields.optional('explain', (name) => fields.boolean(name)),
  };
}

export function findRelatedParams(params: unknown): FindRelatedParams {
  const fields = new Fields('findRelated', params);
  return {
    path: fields.string('path'),
    file: fields.string('file'),
    line: fields.integer('line', 1, 100_000_000),
    ...fields.optional('limit', (name) => fields.integer(name, 1, maxLimit)),
    ...fields.optional('includeOwnFile', (name) => fields.boolean(name)),
    ...fields.optional('relation', (name) => fields.oneOf(name, relations)),
    ...fields.optional('steps', (name) => (fields.integer(name, 1, 2) === 2 ? 2 : 1)),
  };
}

export function indexParams(params: unknown): IndexParams {
  const fields = new Fields('index', params);
  return {
    path: fields.string('path'),
    ...fields.optional('token', (name) => fields.string(name, 200)),
    ...fields.optional('goOn', (name) => fields.boolean(name)),
    ...fields.optional('existing', (name) => fields.boolean(name)),
    ...fields.optional('force', (name) => fields.boolean(name)),
    ...fields.optional('unlessRefused', (name) => fields.boolean(name)),
  };
}

export function exportParams(params: unknown): ExportParams {
  const fields = new Fields('export', params);
  return {
    path: fields.string('path'),
    file: absolute('export', fields.string('file')),
    ...fields.optional('token', (name) => fields.string(name, 200)),
  };
}

export function importParams(params: unknown): ImportParams {
  const fields = new Fields('import', params);
  return {
    path: fields.string('path'),
    file: absolute('import', fields.string('file')),
    ...fields.optional('token', (name) => fields.string(name, 200)),
  };
}

export function changeGroupParams(params: unknown): ChangeGroupParams {
  const fields = new Fields('changeGroup', params);
  const paths = (name: string): string[] =>
    fields.strings(name, mostGroupFolders).map((path) => absolute('changeGroup', path));
  return {
    name: fields.groupName('name'),
    ...fields.optional('add', paths),
    ...fields.optional('remove', (name) => (fields.is(name, 'all') ? 'all' : paths(name))),
  };
}

export function openedParams(params: unknown): OpenedParams {
  return { paths: new Fields('opened', params).strings('paths', mostOpened) };
}

/** The daemon's own folder is nobody's. */
function absolute(method: string, file: string): string {
  if (!isAbsolute(file)) throw bad(method, `"${file}" must be an absolute path`);
  return file;
}

export function folderParams(params: unknown): FolderParams {
  const fields = new Fields('folder', params);
  return fields.optional('path', (name) => fields.string(name));
}

export function memoryParams(params: unknown): MemoryParams {
  const fields = new Fields('memory', params);
  return fields.optional('restartLoopDelay', (name) => fields.boolean(name));
}

export function pathParams(method: string, params: unknown): { path: string } {
  return { path: new Fields(method, params).string('path') };
}
