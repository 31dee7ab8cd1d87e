import type { Catalog, FolderRow, NewVector } from '../../catalog/catalog.js';
import { embeddedText } from '../../chunking/embeddedText.js';
import { cosine } from '../../model/goldenCheck.js';
import type { SourceTexts } from '../../source/sourceTexts.js';
import type { ChunkEmbedder } from '../embedder.js';
import type { VectorUser } from './wantedVectors.js';

/** Least cosine to what the model gives here. A byte per component costs .0001; processors differ by less than .01. */
export const leastCosine = 0.99;

export interface SampleCheckJob {
  readonly catalog: Catalog;
  readonly folder: FolderRow;
  readonly embedder: ChunkEmbedder;
  readonly texts: SourceTexts;
}

/** Another's vector, and somebody here who needs it. */
export interface Sampled {
  readonly record: NewVector;
  readonly user: VectorUser;
}

export interface SampleCheck {
  /** Those that could be computed again: a file may have changed since it was read. */
  readonly checked: number;
  /** Of all that were checked; 1 when there were none. */
  readonly leastLikeness: number;
}

/** Computes vectors of another again, and compares. */
export async function checkSample(
  { catalog, folder, embedder, texts }: SampleCheckJob,
  sample: readonly Sampled[],
  signal: AbortSignal,
): Promise<SampleCheck> {
  if (sample.length === 0) return { checked: 0, leastLikeness: 1 };
  const lease = await embedder.acquire(folder.path, 'edited', signal);
  let [checked, leastLikeness] = [0, 1];
  try {
    for (const { record, user } of sample) {
      const text = await textOf(user);
      if (text === undefined) continue;
      const likeness = cosine(await lease.embed(text, signal), record.vector);
      checked++;
      leastLikeness = Math.min(leastLikeness, likeness);
      if (!(likeness >= leastCosine)) break;
    }
  } finally {
    lease.dispose();
  }
  return { checked, leastLikeness };

  async function textOf({ kind, id }: VectorUser): Promise<string | undefined> {
    if (kind === 'file') return catalog.fileVectors.summaries([id])[0]?.text;
    const chunk = catalog.chunks.get(id);
    const text = chunk && (await texts.of(chunk));
    if (chunk === undefined || text === undefined) return undefined;
    return embeddedText(chunk.path, text, embedder.maxTokens, (part) => embedder.countTokens(part));
  }
}

/** Each of those that come one after the other is in the sample with the same probability (reservoir sampling). */
export class Reservoir<T> {
  readonly kept: T[] = [];
  readonly #size: number;
  #seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(one: T): void {
    const place = this.#seen < this.#size ? this.#seen : Math.floor(Math.random() * (this.#seen + 1));
    this.#seen++;
    if (place < this.#size) this.kept[place] = one;
  }
}
