import { byPlace, collect } from '../syntax/definitions.js';
import type { Comment, Definition } from '../syntax/definitions.js';
import { componentDefinitions, blocksOf, isComponent, scriptsOf } from '../syntax/formats/components.js';
import { notebookParts } from '../syntax/formats/notebook.js';
import { lineStructure } from '../syntax/formats/lineOutline.js';
import { Lines } from '../syntax/lines.js';
import { markdownOutline } from '../syntax/formats/markdown.js';
import { indentOutline, syntaxOutline } from '../syntax/outline.js';
import type { Outline } from '../syntax/outline.js';
import { Pacer } from '../syntax/pacer.js';
import { pathLine, specialTokens } from './embeddedText.js';
import { cutCosts, pack } from './packer.js';
import type { Group } from './packer.js';
import type { Parsers } from '../syntax/parsers.js';
import { symbolOf } from './symbols.js';
import { type CountTokens, type Atom, atomsOf, halved } from './atoms.js';

/** Version of chunks and terms, part of a collection's metadata. A folder with another version is indexed again. */
export const CHUNKER_VERSION = '8';

export interface ChunkInput {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly language: string;
  readonly text: string;
  /** The model's limit, special tokens included. */
  readonly maxTokens: number;
  readonly countTokens: CountTokens;
}

/** A chunk of a file. Lines count from 1, both ends included; offsets are UTF-16 units into the file's text. */
export interface SourceChunk {
  readonly startLine: number;
  readonly endLine: number;
  readonly start: number;
  readonly end: number;
  /** Qualified name of the innermost definition around the chunk, otherwise of the largest that begins in it. */
  readonly symbol: string | undefined;
  readonly text: string;
}

/** A file's chunks, definitions and comments. The chunks cover the text without gaps. */
export interface ChunkedFile {
  readonly chunks: readonly SourceChunk[];
  readonly definitions: readonly Definition[];
  readonly comments: readonly Comment[];
}

interface Structure {
  readonly outline: Outline;
  readonly definitions: readonly Definition[];
  readonly comments: readonly Comment[];
}

/**
 * Cuts files where their syntax does, into chunks that fit the model. This room reads no files and knows no catalog.
 */
export class Chunker {
  readonly #parsers: Parsers;

  constructor(parsers: Parsers) {
    this.#parsers = parsers;
  }

  /** Whether this thread can parse no more, and cuts every file by its indentation. */
  get isBroken(): boolean {
    return this.#parsers.isBroken;
  }

  async chunk(input: ChunkInput): Promise<ChunkedFile> {
    const { path, language, text, maxTokens, countTokens } = input;
    if (text === '') return { chunks: [], definitions: [], comments: [] };
    const pacer = new Pacer();
    const lines = new Lines(text);
    const structure = await this.#structure(path, language, lines, pacer);
    const prefix = pathLine(path, maxTokens, countTokens);
    const prefixTokens = countTokens(prefix);
    const budget = Math.max(1, maxTokens - specialTokens - prefixTokens);
    const atoms = await atomsOf(lines, budget, countTokens, pacer);
    // Counts the whole text that will be embedded, because tokens of two parts need not add up.
    const confirm = (part: string): number => countTokens(prefix + part) - prefixTokens;
    const packed = new Packing(lines, structure.outline, budget, confirm, pacer);
    const symbol = symbolOf(lines, structure.definitions, structure.outline.leads);
    const chunks = (await packed.chunks(atoms)).map(({ start, end }): SourceChunk => {
      const startRow = lines.rowAt(start);
      const endRow = lines.rowAt(end - 1);
      return {
        startLine: startRow + 1,
        endLine: endRow + 1,
        start,
        end,
        symbol: symbol(startRow, endRow),
        text: text.slice(start, end),
      };
    });
    return { chunks, definitions: structure.definitions, comments: structure.comments };
  }

  async #structure(path: string, language: string, lines: Lines, pacer: Pacer): Promise<Structure> {
    if (language === 'markdown') {
      const { spans, definitions } = markdownOutline(lines);
      return { outline: { spans, leads: new Map() }, definitions, comments: [] };
    }
    if (isComponent(language)) return this.#component(path, lines, pacer);
    if (language === 'notebook') return this.#notebook(lines, pacer);
    return (
      (await this.#parsed(grammarOf(path, language), lines, pacer)) ??
      lineStructure(language, lines) ?? { outline: indentOutline(lines), definitions: [], comments: [] }
    );
  }

  async #parsed(language: string, lines: Lines, pacer: Pacer): Promise<Structure | undefined> {
    return this.#parsers.read(language, lines.text, async (tree): Promise<Structure> => {
      const { definitions, comments, commentRows } = await collect(tree, lines, pacer);
      // A text that does not parse at all still has its indentation.
      const outline = tree.root.isError
        ? indentOutline(lines)
        : await syntaxOutline(tree, lines, commentRows, pacer);
      return { outline, definitions, comments };
    });
  }

  /** Code by its syntax, text by its headings; a chunk ends with a cell where it can. */
  async #notebook(lines: Lines, pacer: Pacer): Promise<Structure> {
    const { code, markdown, language, cells } = notebookParts(lines);
    const parsed = await this.#parsed(language, new Lines(code), pacer);
    const { spans, definitions } = markdownOutline(new Lines(markdown));
    return {
      outline: {
        spans: [...cells, ...spans, ...(parsed?.outline.spans ?? [])],
        leads: parsed?.outline.leads ?? new Map(),
      },
      definitions: [...definitions, ...(parsed?.definitions ?? [])].sort(byPlace),
      comments: parsed?.comments ?? [],
    };
  }

  /** Scripts by their syntax, the template and styles by their indentation. */
  async #component(path: string, lines: Lines, pacer: Pacer): Promise<Structure> {
    const blocks = blocksOf(lines);
    const { language, text } = scriptsOf(lines, blocks);
    const scripts = await this.#parsed(language, new Lines(text), pacer);
    const inScript = new Uint8Array(lines.count);
    for (const { start, end, isScript } of blocks) if (isScript) inScript.fill(1, start + 1, end);
    const others = indentOutline(lines).spans.filter(
      ({ start }) => scripts === undefined || inScript[start] === 0,
    );
    return {
      outline: {
        spans: [...blocks, ...(scripts?.outline.spans ?? []), ...others],
        leads: scripts?.outline.leads ?? new Map(),
      },
      definitions: componentDefinitions(path, lines, scripts?.definitions ?? []),
      comments: scripts?.comments ?? [],
    };
  }
}

/** Grammars that other languages share. */
const sharedGrammars: Readonly<Record<string, string>> = { starlark: 'python', less: 'scss' };

/** The grammar's name. Interfaces of OCaml have another one, which is left out: their lines say enough. */
const grammarOf = (path: string, language: string): string =>
  path.endsWith('.mli') ? 'ocaml-interface' : (sharedGrammars[language] ?? language);

/** Packs the atoms of one file into chunks, and confirms each by a real count. */
class Packing {
  readonly #lines: Lines;
  readonly #outline: Outline;
  readonly #budget: number;
  readonly #confirm: CountTokens;
  readonly #pacer: Pacer;

  constructor(lines: Lines, outline: Outline, budget: number, confirm: CountTokens, pacer: Pacer) {
    this.#lines = lines;
    this.#outline = outline;
    this.#budget = budget;
    this.#confirm = confirm;
    this.#pacer = pacer;
  }

  async chunks(atoms: readonly Atom[], limit = this.#budget): Promise<{ start: number; end: number }[]> {
    const cuts = cutCosts(atoms, this.#outline.spans, this.#budget);
    const done: { start: number; end: number }[] = [];
    const waiting: { group: Group; limit: number }[] = [{ group: [0, atoms.length], limit }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const groups = await pack(atoms, cuts, next.group, next.limit, this.#pacer);
      const again: typeof waiting = [];
      for (const [from, to] of groups) {
        if (this.#pacer.due) await this.#pacer.pause();
        const start = atoms[from]?.start ?? 0;
        const end = atoms[to - 1]?.end ?? start;
        const tokens = this.#confirm(this.#lines.text.slice(start, end));
        if (tokens <= this.#budget) done.push({ start, end });
        else if (to - from > 1) {
          // Counts of lines need not add up. Aim lower by as much as this chunk is too long.
          const lower = Math.floor((next.limit * this.#budget) / tokens);
          again.push({ group: [from, to], limit: Math.max(1, Math.min(lower, next.limit - 1)) });
        } else {
          const halves = atoms[from] && halved(this.#lines.text, atoms[from], this.#confirm);
          if (halves) done.push(...(await this.chunks(halves)));
          else done.push({ start, end });
        }
      }
      waiting.push(...again);
    }
    return done.sort((a, b) => a.start - b.start);
  }
}
