import type { MissingChunk } from '../catalog/catalog.js';

/** Chunks that wait for the model, in their order, except that those of wanted files come first. */
export class ChunkQueue {
  readonly #chunks: readonly MissingChunk[];
  readonly #wanted: ReadonlySet<number>;
  readonly #byFile = new Map<number, number[]>();
  readonly #taken = new Set<number>();
  #at = 0;

  /** `wanted` may change meanwhile: ids of files, the most wanted at the end. */
  constructor(chunks: readonly MissingChunk[], wanted: ReadonlySet<number>) {
    this.#chunks = chunks;
    this.#wanted = wanted;
    for (const { id, fileId } of chunks) {
      const ofFile = this.#byFile.get(fileId);
      if (ofFile === undefined) this.#byFile.set(fileId, [id]);
      else ofFile.push(id);
    }
  }

  /** Takes up to `limit` ids of chunks; fewer only when no more are left. */
  next(limit: number): number[] {
    const found: number[] = [];
    const take = (id: number): void => {
      if (this.#taken.has(id)) return;
      this.#taken.add(id);
      found.push(id);
    };
    for (const fileId of [...this.#wanted].reverse()) {
      const ids = this.#byFile.get(fileId) ?? [];
      while (ids.length > 0 && found.length < limit) take(ids.shift() ?? 0);
      if (ids.length === 0) this.#byFile.delete(fileId);
      if (found.length === limit) return found;
    }
    while (this.#at < this.#chunks.length && found.length < limit) take(this.#chunks[this.#at++]?.id ?? 0);
    return found;
  }
}
