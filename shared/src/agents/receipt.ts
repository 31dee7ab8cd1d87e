import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.js';
import { writePrivate } from '../writePrivate.js';

/**
 * A change of a text: `inserted` stands in the new text where `removed` was in the old one. It contains nothing of
 * the file but what the change touched.
 */
export interface TextChange {
  readonly removed: string;
  readonly inserted: string;
}

/** What was done to a file, so that it can be undone byte for byte. */
export type Receipt<Change extends TextChange> = Change & {
  readonly file: string;
  /** Whether there was a file before. */
  readonly existed: boolean;
  /** The outermost folder that was made for it. */
  readonly folder?: string | undefined;
};

/** The receipt of one file, in the data folder. */
export class ReceiptFile<Change extends TextChange> {
  readonly #path: string;

  /** @param file absolute path of the file that is changed. */
  constructor(dataDir: string, file: string) {
    const id = createHash('sha256').update(file).digest('hex').slice(0, 16);
    this.#path = join(dataDir, 'agents', `${id}.json`);
  }

  async read(): Promise<Receipt<Change> | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as Receipt<Change>;
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  write(receipt: Receipt<Change>): Promise<void> {
    return writePrivate(this.#path, JSON.stringify(receipt));
  }

  remove(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}

/** The smallest change that makes one text the other. */
export function changeBetween(before: string, after: string): TextChange {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return {
    removed: before.slice(start, before.length - end),
    inserted: after.slice(start, after.length - end),
  };
}

/** The text before a change; undefined when what the change wrote is not there exactly once. */
export function reverted(text: string, { removed, inserted }: TextChange): string | undefined {
  const parts = text.split(inserted);
  return parts.length === 2 ? parts.join(removed) : undefined;
}
