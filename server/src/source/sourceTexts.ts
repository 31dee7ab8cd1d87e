import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { keepLast } from '../../../shared/src/keepLast.js';
import { readSource } from './sourceFile.js';

/** Digest of a text: the first 16 bytes of its SHA-256. */
export const digestOf = (text: string): Uint8Array => hash('sha256', text, 'buffer').subarray(0, 16);

export interface ReadSettings {
  readonly maxFileBytes: number;
}

/** Where a chunk's text is in its file, and the digest of that text. Offsets are UTF-16 units. */
export interface ChunkPlace {
  readonly path: string;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly textDigest: Uint8Array;
}

/** Most files that are kept: those of a page of hits, which are read at once and looked at one by one. */
const keptFiles = 12;

/** Reads the texts of chunks from disk. It keeps the last files, so that it shows one state of each. */
export class SourceTexts {
  readonly #root: string;
  readonly #settings: ReadSettings;
  readonly #files = new Map<string, Promise<string | undefined>>();

  constructor(root: string, settings: ReadSettings) {
    this.#root = root;
    this.#settings = settings;
  }

  /**
   * The text of a chunk and of those that follow it in its file, from one read of the file. Undefined when the file
   * no longer contains the text of one of them.
   */
  async of(chunk: ChunkPlace, ...further: readonly ChunkPlace[]): Promise<string | undefined> {
    const text = await this.#file(chunk.path);
    if (text === undefined) return undefined;
    let whole = '';
    for (const { startOffset, endOffset, textDigest } of [chunk, ...further]) {
      const part = text.slice(startOffset, endOffset);
      if (Buffer.compare(digestOf(part), textDigest) !== 0) return undefined;
      whole += part;
    }
    return whole;
  }

  #file(path: string): Promise<string | undefined> {
    const known = this.#files.get(path);
    const text =
      known ??
      readSource(this.#root, path, this.#settings).then((source) =>
        source.kind === 'text' ? source.text : undefined,
      );
    keepLast(this.#files, path, text, keptFiles);
    return text;
  }
}
