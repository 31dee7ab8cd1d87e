import type { Catalog, FileDefinition, FolderRow } from '../../catalog/catalog.js';
import { dataLanguages } from '../../lexical/names.js';
import type { FolderStatistics } from '../../lexical/statistics.js';
import { codeOnly } from '../../syntax/codeOnly.js';
import { Lines } from '../../syntax/lines.js';
import type { ChunkTexts } from '../request.js';
import { type Imports, importsOf } from './imports.js';

/** Kinds of definitions that have members. */
const classKinds: ReadonlySet<string> = new Set([
  'class',
  'struct',
  'interface',
  'enum',
  'trait',
  'object',
  'record',
  'protocol',
  'union',
]);
/** Kinds of definitions that name a type. */
const typeKinds: ReadonlySet<string> = new Set([...classKinds, 'type']);
/** Kinds of definitions that run. */
const callableKinds: ReadonlySet<string> = new Set(['function', 'method', 'macro', 'constructor']);

export const isClass = ({ kind }: { readonly kind: string }): boolean => classKinds.has(kind);
export const isType = ({ kind }: { readonly kind: string }): boolean => typeKinds.has(kind);
export const isCallable = ({ kind }: { readonly kind: string }): boolean => callableKinds.has(kind);

/** Languages that call each other's definitions as their own. */
const families: Readonly<Record<string, string>> = {
  typescript: 'ecmascript',
  tsx: 'ecmascript',
  javascript: 'ecmascript',
  c: 'c',
  cpp: 'c',
  java: 'jvm',
  kotlin: 'jvm',
  scala: 'jvm',
};
export const familyOf = (language: string): string => families[language] ?? language;

/** Whether a file of the language has code that can be read for calls. */
export const hasCalls = (language: string): boolean => !dataLanguages.has(language) && language !== 'text';

/** Lines of a file, from 1, both ends included. */
export interface LineRange {
  readonly startLine: number;
  readonly endLine: number;
}

export const covers = ({ startLine, endLine }: LineRange, line: number): boolean =>
  startLine <= line && line <= endLine;

/** An indexed file as it is on disk: its text, the same without comments and strings, and its definitions. */
export class CodeFile {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly text: string;
  readonly code: string;
  readonly lines: Lines;
  /** In the order of the text, outer ones first. */
  readonly definitions: readonly FileDefinition[];
  #imports: Imports | undefined;

  constructor(
    { id, path, language }: { readonly id: number; readonly path: string; readonly language: string },
    text: string,
    definitions: readonly FileDefinition[],
  ) {
    this.id = id;
    this.path = path;
    this.language = language;
    this.text = text;
    this.code = codeOnly(text, language);
    this.lines = new Lines(this.code);
    this.definitions = definitions;
  }

  get family(): string {
    return familyOf(this.language);
  }

  get imports(): Imports {
    this.#imports ??= importsOf(this);
    return this.#imports;
  }

  /** Definitions around a line, the innermost first. */
  around(line: number): FileDefinition[] {
    return this.definitions.filter((one) => covers(one, line)).reverse();
  }

  /** Definitions around a definition, the innermost first. */
  outside(definition: FileDefinition): FileDefinition[] {
    const { startLine, endLine } = definition;
    return this.definitions
      .filter(
        (one) =>
          one !== definition &&
          one.startLine <= startLine &&
          endLine <= one.endLine &&
          one.endLine - one.startLine > endLine - startLine,
      )
      .reverse();
  }

  /** Offsets of the beginning of lines and of their end. */
  rangeOf({ startLine, endLine }: LineRange): [number, number] {
    return [this.lines.start(startLine - 1), this.lines.start(endLine)];
  }

  codeOf(range: LineRange): string {
    return this.code.slice(...this.rangeOf(range));
  }

  lineAt(offset: number): number {
    return this.lines.rowAt(offset) + 1;
  }

  /** Where a definition has its name; undefined when the text does not show it. */
  nameOffset(definition: FileDefinition): number | undefined {
    // The decorator of a definition may have its name.
    for (const at of occurrences(this.code, definition.name, ...this.rangeOf(definition)))
      if (this.code[at - 1] !== '@') return at;
    return undefined;
  }
}

const inName = /[\p{L}\p{N}_$]/u;

/** Offsets at which a name is a whole identifier, from `start` up to `end`. */
export function* occurrences(code: string, name: string, start = 0, end = code.length): Generator<number> {
  for (let at = code.indexOf(name, start); at !== -1 && at < end; at = code.indexOf(name, at + name.length)) {
    const [before = ' ', after = ' '] = [code[at - 1], code[at + name.length]];
    if (!inName.test(before) && !inName.test(after)) yield at;
  }
}

/** A pattern that matches a name where it is a whole identifier. */
export const wholeName = (name: string): string =>
  String.raw`(?<![\p{L}\p{N}_$])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\p{L}\p{N}_$])`;

/** Where the first bracket of a text closes, within its first `most` characters; undefined when it does not. */
export function closingOf(code: string, most: number): number | undefined {
  let depth = 0;
  for (let at = code.indexOf('('); at >= 0 && at < Math.min(code.length, most); at++) {
    if (code[at] === '(') depth++;
    else if (code[at] === ')' && --depth === 0) return at;
  }
  return undefined;
}

/** The files that one request reads. Each is read once, and is left out when it is not the one that was indexed. */
export class CodeFiles {
  readonly docs: FolderStatistics;
  readonly #catalog: Catalog;
  readonly folder: FolderRow;
  readonly #texts: ChunkTexts;
  readonly #files = new Map<number, Promise<CodeFile | undefined>>();

  constructor(catalog: Catalog, folder: FolderRow, texts: ChunkTexts) {
    this.#catalog = catalog;
    this.folder = folder;
    this.#texts = texts;
    this.docs = catalog.lexical.docs(folder.id);
  }

  /** Number of files that were read. */
  get size(): number {
    return this.#files.size;
  }

  of(fileId: number): Promise<CodeFile | undefined> {
    const known = this.#files.get(fileId);
    if (known !== undefined) return known;
    const file = this.#read(fileId);
    this.#files.set(fileId, file);
    return file;
  }

  /** The first indexed one of several paths. */
  at(paths: readonly string[]): Promise<CodeFile | undefined> {
    for (const path of paths) {
      const row = this.#catalog.files.get(this.folder.id, path);
      if (row !== undefined) return this.of(row.id);
    }
    return Promise.resolve(undefined);
  }

  async #read(fileId: number): Promise<CodeFile | undefined> {
    const doc = this.docs.files[this.docs.numberOf(fileId) ?? -1];
    const [first, ...further] = this.#catalog.chunks.ofFile(fileId);
    if (doc === undefined || first === undefined || !hasCalls(doc.language)) return undefined;
    const definitions = this.#catalog.chunks.definitionsOf(fileId);
    const text = await this.#texts.of(first, ...further);
    return text === undefined ? undefined : new CodeFile(doc, text, definitions);
  }
}
