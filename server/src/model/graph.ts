import type { ModelFiles } from './modelFolder.js';

/** What computes a model's vectors. `cpu-fallback` has the reason why the wanted provider is not used. */
export type Provider =
  | { readonly kind: 'cpu'; readonly threads: number }
  | { readonly kind: 'coreml'; readonly flags: number }
  | {
      readonly kind: 'cpu-fallback';
      readonly threads: number;
      readonly wanted: string;
      readonly reason: string;
    };

/** One line for people: `CPU (2 threads)`. */
export function describeProvider(provider: Provider): string {
  if (provider.kind === 'coreml') return 'CoreML';
  const threads = `CPU (${provider.threads} ${provider.threads === 1 ? 'thread' : 'threads'})`;
  return provider.kind === 'cpu'
    ? threads
    : `${threads}; ${provider.wanted} was not used: ${provider.reason}`;
}

/** A native session: token ids in, one unit vector out. */
export interface Graph {
  run(ids: readonly number[]): Promise<Float32Array>;
  /** Frees the native memory. Nothing may run during or after this call. */
  release(): Promise<void>;
  /** Resolves when the graph was lost: its thread has ended without `release`. */
  readonly lost?: Promise<void>;
}

/** Opens the graph of a model on one provider. A `background` graph gets the processor time that others leave. */
export type OpenGraph = (files: ModelFiles, provider: Provider, background?: boolean) => Promise<Graph>;

/** Scales to length 1. A zero vector stays as it is. */
export function toUnit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const scale = sum > 0 ? 1 / Math.sqrt(sum) : 1;
  return vector.map((value) => value * scale);
}

/** Pools `length` token vectors of `width` numbers, of one text without padding, into one vector. */
export function pool(hidden: Float32Array, length: number, width: number, how: 'mean' | 'cls'): Float32Array {
  if (how === 'cls') return hidden.slice(0, width);
  const sum = new Float64Array(width);
  for (let token = 0; token < length; token++) {
    for (let at = 0; at < width; at++) sum[at] = (sum[at] ?? 0) + (hidden[token * width + at] ?? 0);
  }
  return Float32Array.from(sum, (value) => value / length);
}

/**
 * Intra-op threads of a session: as many as asked for, at most as many as there are (twice as many threads as cores
 * cost two thirds of the speed). 0 uses the physical cores, at most 4, so that the machine stays usable.
 */
export function threadsFor(asked: number, available: number, arch: string): number {
  if (asked > 0) return Math.min(Math.floor(asked), available);
  // Most x64 machines report two logical processors per core.
  const cores = arch === 'x64' && available > 2 ? Math.ceil(available / 2) : available;
  return Math.max(1, Math.min(cores, 4));
}
