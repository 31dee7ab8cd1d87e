import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
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

/** Reads the texts of chunks from disk. It keeps the last file, because chunks come file by file. */
export class SourceTexts {
  readonly #root: string;
  readonly #settings: ReadSettings;
  #last: { path: string; text: string | undefined } | undefined;

  constructor(root: string, settings: ReadSettings) {
    this.#root = root;
    this.#settings = settings;
  }

  /**
   * The text of a chunk and of those that follow it in its file, from one read of the file. Undefined when the file
   * no longer contains the text of one of them.
   */
  async of(chunk: ChunkPlace, ...further: readonly ChunkPlace[]): Promise<string | undefined> {
    if (this.#last?.path !== chunk.path) {
      const source = await readSource(this.#root, chunk.path, this.#settings);
      this.#last = { path: chunk.path, text: source.kind === 'text' ? source.text : undefined };
    }
    const { text } = this.#last;
    if (text === undefined) return undefined;
    let whole = '';
    for (const { startOffset, endOffset, textDigest } of [chunk, ...further]) {
      const part = text.slice(startOffset, endOffset);
      if (Buffer.compare(digestOf(part), textDigest) !== 0) return undefined;
      whole += part;
    }
    return whole;
  }
}
