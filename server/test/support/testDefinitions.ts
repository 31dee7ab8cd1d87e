import { Chunker, type ChunkedFile } from '../../src/chunking/chunker.js';
import { Parsers } from '../../src/syntax/parsers.js';
import { TestGrammars } from './testGrammars.js';
import { recordingLog } from './testLog.js';

/** Reads texts for their definitions and comments, with all grammars. */
export class TestDefinitions {
  readonly #grammars: TestGrammars;
  readonly #parsers: Parsers;
  readonly #log: ReturnType<typeof recordingLog>;

  private constructor(grammars: TestGrammars) {
    this.#grammars = grammars;
    this.#log = recordingLog();
    this.#parsers = new Parsers(grammars.folder, this.#log.log);
  }

  static async make(): Promise<TestDefinitions> {
    return new TestDefinitions(await TestGrammars.make());
  }

  /** Names of the grammars. */
  get grammars(): readonly string[] {
    return this.#grammars.names;
  }

  /** Warnings and errors so far. */
  get problems(): readonly unknown[] {
    return this.#log.events('warn', 'error');
  }

  read(language: string, text: string, path = 'a'): Promise<ChunkedFile> {
    return new Chunker(this.#parsers).chunk({
      path,
      language,
      text,
      maxTokens: 256,
      countTokens: (part) => part.length / 4,
    });
  }

  async dispose(): Promise<void> {
    this.#parsers.dispose();
    await this.#grammars.remove();
  }
}

/** `kind qualifiedName startLine-endLine` of each definition, as samples have them. */
export const namesOf = ({ definitions }: ChunkedFile): string[] =>
  definitions.map(
    ({ kind, qualifiedName, startLine, endLine }) => `${kind} ${qualifiedName} ${startLine}-${endLine}`,
  );

/** `startLine-endLine` of each comment. */
export const commentsOf = ({ comments }: ChunkedFile): string[] =>
  comments.map(({ startLine, endLine }) => `${startLine}-${endLine}`);
