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
  /** Embeds one text of at most `maxTokens`. The result is a unit vector that depends on the text alone. */
  embed(text: string, signal: AbortSignal): Promise<Float32Array>;
  dispose(): void;
}
