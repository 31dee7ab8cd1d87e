/** What the indexer needs of the model; it holds the model only while there are texts to embed. */
export interface ChunkEmbedder {
  readonly dimensions: number;
  /** Tokens of one text, the special ones included. */
  readonly maxTokens: number;
  /** Tokens of `text` alone; needs the tokenizer, not the model. */
  countTokens(text: string): number;
  acquire(holder: string, priority: 'edited' | 'bulk', signal: AbortSignal): Promise<EmbedderLease>;
}

export interface EmbedderLease {
  /** One text of at most `maxTokens`; a unit vector that depends on nothing but the text. */
  embed(text: string, signal: AbortSignal): Promise<Float32Array>;
  dispose(): void;
}
