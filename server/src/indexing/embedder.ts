/** What the indexer needs of the model. The model is held only while there are texts to embed. */
export interface ChunkEmbedder {
  readonly dimensions: number;
  /** Most tokens of one text, special tokens included. */
  readonly maxTokens: number;
  /** Tokens of `text` without special tokens. Needs only the tokenizer. */
  countTokens(text: string): number;
  acquire(holder: string, priority: 'edited' | 'bulk', signal: AbortSignal): Promise<EmbedderLease>;
}

export interface EmbedderLease {
  /** Number of texts that the model embeds at the same time. */
  readonly atOnce: number;
  /** Embeds one text of at most `maxTokens`. The result is a unit vector that depends on the text alone. */
  embed(text: string, signal: AbortSignal): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Does `work` for each item in order, for up to `atOnce` items at the same time. After a failure it begins no further
 * item, waits for those that have begun, and rejects.
 */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lanes = Array.from({ length: atOnce }, async () => {
    while (next < items.length && !failed) {
      const at = next++;
      try {
        await work(items[at] as T, at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}
