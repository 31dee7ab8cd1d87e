import { Buffer } from 'node:buffer';
import type { Catalog, FolderRow } from '../../catalog/catalog.js';

/** A chunk or a file that needs a vector. */
export interface VectorUser {
  readonly kind: 'chunk' | 'file';
  readonly id: number;
}

/** What a folder needs vectors for, by digest of the text. Digests are keys as `keyOf` makes them. */
export class WantedVectors {
  readonly #users = new Map<string, VectorUser[]>();

  constructor(catalog: Catalog, folder: FolderRow, known: ReadonlySet<string> = new Set()) {
    const want = (
      kind: VectorUser['kind'],
      { id, digest }: { readonly id: number; readonly digest: Uint8Array },
    ): void => {
      const key = keyOf(digest);
      if (known.has(key)) return;
      const users = this.#users.get(key);
      if (users === undefined) this.#users.set(key, [{ kind, id }]);
      else users.push({ kind, id });
    };
    // Files first, as when they are embedded here.
    for (const one of catalog.fileVectors.missing(folder)) want('file', one);
    for (const one of catalog.vectors.missing(folder)) want('chunk', one);
  }

  get size(): number {
    return this.#users.size;
  }

  keys(): string[] {
    return [...this.#users.keys()];
  }

  /** Who needs the vector of this digest. */
  users(digest: Uint8Array): readonly VectorUser[] {
    return this.#users.get(keyOf(digest)) ?? [];
  }

  /** As `users`; afterwards nobody needs it any longer. */
  take(digest: Uint8Array): readonly VectorUser[] {
    const key = keyOf(digest);
    const users = this.#users.get(key) ?? [];
    this.#users.delete(key);
    return users;
  }
}

export const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('latin1');
export const digestOf = (key: string): Uint8Array => new Uint8Array(Buffer.from(key, 'latin1'));
