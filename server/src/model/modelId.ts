/** Precision of the weights that are loaded. */
export type Dtype = 'int8' | 'fp32';

/** What defines a vector space: vectors of different ids cannot be compared. */
export interface ModelId {
  /** The bundled model's name, a name on the Hub such as `Xenova/gte-small`, or the absolute path of a folder. */
  readonly name: string;
  /** Commit of the Hub repository, or the start of a SHA-256 over a bundled or local model's files. */
  readonly revision: string;
  readonly dtype: Dtype;
}

/** A string for a `ModelId`; equal ids give equal strings. */
export function modelKey(id: ModelId): string {
  return `${id.name}@${id.revision}:${id.dtype}`;
}
