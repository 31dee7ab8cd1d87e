import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { Language, Parser, Query } from 'web-tree-sitter';
import type { Node, QueryMatch, Tree, TreeCursor } from 'web-tree-sitter';
import type { Disposable } from '../../../shared/src/disposable.js';
import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { Pacer } from './pacer.js';

const decompress = promisify(brotliDecompress);

/** Longest text that is parsed, in UTF-16 units. WASM memory grows with the tree and never shrinks. */
const maxParseLength = 1_500_000;
/**
 * The parser asks after each hundred operations whether to go on. It is stopped after so many questions, to let others
 * run: by number, because a text with errors parses otherwise when it is stopped elsewhere, and the same text must
 * always give the same tree.
 */
const questionsPerStep = 4;
/** Milliseconds that parsing one text may take: three times what a sound text of the greatest length needs. */
const maxParseMs = 5000;
/**
 * Most memory of all trees, in pages of 64 KB. A sound text of the greatest length needs 115 MB; a few kilobytes of an
 * ambiguous one can take gigabytes.
 */
const memoryPages = { initial: 512, maximum: 4096 };
/**
 * Most characters in a row without an ASCII letter or digit that are parsed. Some grammars read such a run again from
 * each of its characters, and cannot be stopped meanwhile.
 */
const longestRun = 8000;
/**
 * Most characters of a line, by language. The scanner of Swift looks ahead in the line from each of its tokens, and cannot
 * be stopped meanwhile: a line of 100 KB took it a minute and a half.
 */
const longestLine: Readonly<Record<string, number>> = { swift: 4000 };
/** Rows per step of a query. A file of common length needs one step. */
const queryRows = 4000;
/** Time for one step of a query, and for all steps of one tree. Matches found until then are kept. */
const maxQueryStepMs = 250;
const maxQueryMs = 1000;

/** Node has it, the chosen library of types has not. */
declare const WebAssembly: {
  readonly Memory: new (limits: typeof memoryPages) => object;
  readonly RuntimeError: new () => Error;
};

/** Whether the one runtime of this thread has failed. Its memory is then in no known state: nothing can be parsed. */
let isRuntimeBroken = false;

interface Grammar {
  readonly language: Language;
  /** Absent when the grammar has no query, or one that does not compile. */
  readonly query: Query | undefined;
}

/** A syntax tree, valid only inside the callback of `Parsers.read`. Offsets are UTF-16 units, rows count from 0. */
export interface SyntaxTree {
  readonly root: Node;
  /** The caller must delete the cursor. */
  walk(): TreeCursor;
  /** Matches of the grammar's query, a window of rows at a time. A match that spans two windows is reported twice. */
  matches(): Iterable<readonly QueryMatch[]>;
}

export interface ParserStats {
  readonly parsed: number;
  /** Number of texts that were too long, took too long or crashed the parser. */
  readonly refused: number;
  readonly milliseconds: number;
  /** Number of existing trees and parsers; 0 when nothing is being read. */
  readonly live: number;
}

/**
 * The parser copies a slice each time that it jumps to another place. A fifth of parsing is copying when it gets all
 * that follows instead.
 */
const sliceLength = 128;

const inSlices = (text: string) => (from: number) =>
  from < text.length ? text.slice(from, from + sliceLength) : undefined;

/** Owns the WASM runtime and every grammar. Each is loaded once, when it is first needed. */
export class Parsers implements Disposable {
  readonly #grammarDir: string;
  readonly #log: Log;
  readonly #maxMs: number;
  #runtime: Promise<ReadonlySet<string>> | undefined;
  readonly #grammars = new Map<string, Promise<Grammar | undefined>>();
  #disposed = false;
  #parsed = 0;
  #refused = 0;
  #milliseconds = 0;
  #live = 0;

  /** `grammarDir` has `web-tree-sitter.wasm` and, for each language, `<id>.wasm.br` and `<id>.scm`. */
  constructor(grammarDir: string, log: Log, maxMs: number = maxParseMs) {
    this.#grammarDir = grammarDir;
    this.#log = log;
    this.#maxMs = maxMs;
  }

  /** Whether no text can be parsed in this thread any more. */
  get isBroken(): boolean {
    return isRuntimeBroken;
  }

  get stats(): ParserStats {
    return {
      parsed: this.#parsed,
      refused: this.#refused,
      milliseconds: this.#milliseconds,
      live: this.#live,
    };
  }

  /**
   * Parses `text` and passes the tree to `visit`; the tree is deleted afterwards. Undefined when there is no tree: no
   * grammar for the language, one that does not load, or a text beyond the limits. The work is done in short steps.
   */
  async read<T>(
    language: string,
    text: string,
    visit: (tree: SyntaxTree) => Promise<T>,
  ): Promise<T | undefined> {
    const grammar = await this.#grammar(language);
    if (!grammar || this.#isDisposed() || isRuntimeBroken) return undefined;
    const refused = reasonNotToParse(language, text);
    if (refused !== undefined) {
      this.#refuse(language, refused);
      return undefined;
    }
    let parser: Parser | undefined;
    let tree: Tree | null = null;
    this.#live += 1;
    try {
      parser = new Parser();
      parser.setLanguage(grammar.language);
      tree = await this.#parse(parser, text);
      if (!tree) {
        if (!this.#isDisposed()) this.#refuse(language, 'took too long');
        return undefined;
      }
      this.#parsed += 1;
      return await visit(new OneTree(tree, grammar.query));
    } catch (error) {
      // A crash in a grammar's scanner must cost this file its syntax tree, not its place in the index.
      isRuntimeBroken ||= error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
      this.#refuse(language, errorMessage(error));
      return undefined;
    } finally {
      if (!isRuntimeBroken) {
        tree?.delete();
        parser?.delete();
      }
      this.#live -= 1;
    }
  }

  async #parse(parser: Parser, text: string): Promise<Tree | null> {
    let spent = 0;
    let questions = 0;
    const pacer = new Pacer();
    for (;;) {
      const started = performance.now();
      const progressCallback = (): boolean => ++questions % questionsPerStep === 0;
      const tree = parser.parse(inSlices(text), null, { progressCallback });
      const step = performance.now() - started;
      spent += step;
      this.#milliseconds += step;
      if (tree || spent > this.#maxMs) return tree;
      // The parser remembers its position: the next call continues where the callback stopped it.
      if (pacer.due) await pacer.pause();
      if (this.#isDisposed()) return null;
    }
  }

  #refuse(language: string, reason: string): void {
    this.#refused += 1;
    this.#log.write('warn', 'parser.refused', { language, reason });
  }

  /** A function, because `dispose` may be called during any `await`. */
  #isDisposed(): boolean {
    return this.#disposed;
  }

  #grammar(language: string): Promise<Grammar | undefined> {
    let grammar = this.#grammars.get(language);
    if (!grammar) {
      grammar = this.#load(language);
      this.#grammars.set(language, grammar);
    }
    return grammar;
  }

  async #load(language: string): Promise<Grammar | undefined> {
    const started = performance.now();
    try {
      this.#runtime ??= this.#start();
      if (!(await this.#runtime).has(`${language}.wasm.br`)) return undefined;
      const bytes = await decompress(await readFile(join(this.#grammarDir, `${language}.wasm.br`)));
      const loaded = await Language.load(bytes);
      const query = await this.#query(language, loaded);
      const milliseconds = Math.round(performance.now() - started);
      this.#log.write('debug', 'parser.load', { language, bytes: bytes.length, milliseconds });
      if (!this.#isDisposed()) return { language: loaded, query };
      query?.delete();
      return undefined;
    } catch (error) {
      // Remember that there is no grammar: one line in the log, not one per file.
      this.#log.write('error', 'parser.load-failed', { language, reason: errorMessage(error) });
      return undefined;
    }
  }

  async #start(): Promise<ReadonlySet<string>> {
    const names = new Set(await readdir(this.#grammarDir));
    await Parser.init({
      locateFile: (file: string) => join(this.#grammarDir, file),
      wasmMemory: new WebAssembly.Memory(memoryPages),
    });
    return names;
  }

  async #query(language: string, loaded: Language): Promise<Query | undefined> {
    try {
      return new Query(loaded, await readFile(join(this.#grammarDir, `${language}.scm`), 'utf8'));
    } catch (error) {
      this.#log.write('error', 'parser.query-failed', { language, reason: errorMessage(error) });
      return undefined;
    }
  }

  /** Frees the queries. A running read ends first; later reads give undefined. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const pending of this.#grammars.values()) {
      void pending.then((grammar) => this.#release(grammar));
    }
  }

  #release(grammar: Grammar | undefined): void {
    if (this.#live > 0) setImmediate(() => this.#release(grammar));
    else grammar?.query?.delete();
  }
}

function reasonNotToParse(language: string, text: string): string | undefined {
  if (text.length > maxParseLength) return 'too long';
  if (hasLongRun(text)) return 'too many marks in a row';
  const limit = longestLine[language];
  return limit !== undefined && hasLongLine(text, limit) ? 'too long a line' : undefined;
}

function hasLongLine(text: string, limit: number): boolean {
  for (let start = 0; start + limit < text.length;) {
    const end = text.indexOf('\n', start);
    if ((end < 0 ? text.length : end) - start > limit) return true;
    if (end < 0) return false;
    start = end + 1;
  }
  return false;
}

function hasLongRun(text: string): boolean {
  for (let end = longestRun; end <= text.length;) {
    // Backwards from the end of a window: mostly its last character is a letter already.
    let at = end;
    while (at > end - longestRun && !isWordAt(text, at - 1)) at--;
    if (at === end - longestRun) return true;
    end = at + longestRun;
  }
  return false;
}

function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}

class OneTree implements SyntaxTree {
  readonly #tree: Tree;
  readonly #query: Query | undefined;

  constructor(tree: Tree, query: Query | undefined) {
    this.#tree = tree;
    this.#query = query;
  }

  get root(): Node {
    return this.#tree.rootNode;
  }

  walk(): TreeCursor {
    return this.#tree.walk();
  }

  *matches(): Iterable<readonly QueryMatch[]> {
    if (!this.#query) return;
    const root = this.root;
    const rows = root.endPosition.row + 1;
    const began = performance.now();
    // By row, not by offset: version 0.27 takes `startIndex` as bytes here, and as UTF-16 units everywhere else.
    for (let row = 0; row < rows && performance.now() - began < maxQueryMs; row += queryRows) {
      const started = performance.now();
      yield this.#query.matches(root, {
        startPosition: { row, column: 0 },
        endPosition: { row: row + queryRows, column: 0 },
        matchLimit: 4096,
        // In a deeply nested tree, query time grows with the square of the depth.
        progressCallback: () => performance.now() - started > maxQueryStepMs,
      });
    }
  }
}
