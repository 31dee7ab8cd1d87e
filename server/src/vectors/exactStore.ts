import { LanternError } from '../../../shared/src/errors.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import { cosineWith } from '../catalog/int8.js';
import type { VectorBlock } from '../catalog/vectorTable.js';
import type {
  CollectionSpec,
  VectorCollection,
  VectorFilter,
  VectorMatch,
  VectorStore,
  VectorStoreStatus,
} from './vectorStore.js';

/**
 * The source of the exact scan's vectors: the catalog. Blocks of a few thousand keep the scan from blocking other
 * work.
 */
export interface VectorSource {
  blocks(spec: CollectionSpec): Iterable<VectorBlock> | AsyncIterable<VectorBlock>;
  count(spec: CollectionSpec): number | Promise<number>;
}

const sliceRows = 4000;

/**
 * Compares the query with every vector of the source. It needs no server and has no state. It answers while Chroma
 * cannot, and is the reference for Chroma's answers. Writing does nothing, because the source already has the
 * vectors.
 */
export class ExactStore implements VectorStore {
  readonly #source: VectorSource;

  constructor(source: VectorSource) {
    this.#source = source;
  }

  status(): VectorStoreStatus {
    return { kind: 'fallback', reason: 'Vectors are compared one by one, without Chroma.' };
  }

  open(spec: CollectionSpec): Promise<{ collection: VectorCollection; created: boolean }> {
    return Promise.resolve({ collection: new ExactCollection(this.#source, spec), created: false });
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

class ExactCollection implements VectorCollection {
  readonly spec: CollectionSpec;
  readonly #source: VectorSource;

  constructor(source: VectorSource, spec: CollectionSpec) {
    this.#source = source;
    this.spec = spec;
  }

  upsert(): Promise<void> {
    return Promise.resolve();
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  async query(vector: Float32Array, limit: number, filter?: VectorFilter): Promise<VectorMatch[]> {
    const { dimensions } = this.spec;
    if (vector.length !== dimensions) {
      throw new LanternError(
        'internal',
        `The query has ${vector.length} dimensions, the collection ${dimensions}.`,
      );
    }
    if (limit < 1) return [];
    const languages = filter?.languages?.length ? new Set(filter.languages) : undefined;
    const best = new Best(Math.floor(limit));
    for await (const block of this.#source.blocks(this.spec)) {
      for (let from = 0; from < block.ids.length; from += sliceRows) {
        const to = Math.min(from + sliceRows, block.ids.length);
        scan(block, from, to, vector, languages, best);
        await nextTurn();
      }
    }
    return best.sorted();
  }

  async count(): Promise<number> {
    return this.#source.count(this.spec);
  }

  async ids(): Promise<Set<string>> {
    const found = new Set<string>();
    for await (const block of this.#source.blocks(this.spec)) for (const id of block.ids) found.add(id);
    return found;
  }
}

function scan(
  block: VectorBlock,
  from: number,
  to: number,
  query: Float32Array,
  languages: ReadonlySet<string> | undefined,
  best: Best,
): void {
  const { ids, components } = block;
  for (let row = from; row < to; row++) {
    if (languages !== undefined && !languages.has(block.languages[row] ?? '')) continue;
    const similarity = cosineWith(query, components, row * query.length);
    if (similarity > best.threshold) best.add(ids[row] ?? '', similarity);
  }
}

/** The best `limit` matches so far, as a heap with the worst of them first. */
class Best {
  readonly #limit: number;
  readonly #heap: VectorMatch[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The similarity that a further match must exceed. */
  get threshold(): number {
    return this.#heap.length < this.#limit ? -Infinity : (this.#heap[0]?.similarity ?? -Infinity);
  }

  add(id: string, similarity: number): void {
    const heap = this.#heap;
    const added = { id, similarity };
    if (heap.length < this.#limit) this.#rise(added);
    else this.#sink(added);
  }

  sorted(): VectorMatch[] {
    return [...this.#heap].sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
  }

  #rise(added: VectorMatch): void {
    const heap = this.#heap;
    let at = heap.push(added) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (above === undefined || above.similarity <= added.similarity) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = added;
  }

  #sink(added: VectorMatch): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const right = heap[down + 1];
      let below = heap[down];
      if (right !== undefined && below !== undefined && right.similarity < below.similarity) {
        below = right;
        down++;
      }
      if (below === undefined || below.similarity >= added.similarity) break;
      heap[at] = below;
      at = down;
    }
    heap[at] = added;
  }
}
