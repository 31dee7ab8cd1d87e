import { encodeFile } from '../catalog/rows.js';
import type { Chunker } from '../chunking/chunker.js';
import { type ReadResult, readSource } from '../source/sourceFile.js';
import type { ReadSettings } from '../source/sourceTexts.js';
import { languageOf } from '../syntax/languages.js';
import { type EmbeddingLimits, fileRows } from './fileRows.js';

export interface FileToRead {
  /** The folder. */
  readonly root: string;
  /** Relative to `root`. */
  readonly path: string;
  /** Digest of the content that is indexed; undefined for a new file. */
  readonly digest: string | undefined;
}

/** What was found at a path. It can be sent from one thread to another. */
export type FileReading =
  | Exclude<ReadResult, { kind: 'text' }>
  /** The content is the indexed one. */
  | { readonly kind: 'same'; readonly size: number; readonly mtimeMs: number }
  /** The bytes of a `FileRows`. */
  | { readonly kind: 'read'; readonly rows: Uint8Array };

/** Reads a file and makes the catalog's rows of it. */
export interface FileReader {
  read(file: FileToRead): Promise<FileReading>;
}

/** Reads files in this thread. */
export class LocalFileReader implements FileReader {
  readonly #chunker: Chunker;
  readonly #limits: EmbeddingLimits;
  readonly #settings: ReadSettings;

  constructor(chunker: Chunker, limits: EmbeddingLimits, settings: ReadSettings) {
    this.#chunker = chunker;
    this.#limits = limits;
    this.#settings = settings;
  }

  async read({ root, path, digest: before }: FileToRead): Promise<FileReading> {
    const source = await readSource(root, path, this.#settings);
    if (source.kind !== 'text') return source;
    const { text, digest, size, mtimeMs } = source;
    if (before === digest) return { kind: 'same', size, mtimeMs };
    const language = languageOf(path, text);
    const { maxTokens } = this.#limits;
    const countTokens = (part: string): number => this.#limits.countTokens(part);
    const chunked = await this.#chunker.chunk({ path, language, text, maxTokens, countTokens });
    const { file, chunks } = fileRows({ path, language, text, digest, chunked }, { maxTokens, countTokens });
    return { kind: 'read', rows: encodeFile({ file: { ...file, size, mtimeMs }, chunks }) };
  }
}
