/**
 * Writes a vector with a byte per component at `offset` of `target`. Returns the factor that makes the components of the
 * bytes again: 0 for a vector of zeros.
 */
export function quantize(vector: Float32Array, target: Int8Array, offset: number): number {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < vector.length; i++)
    target[offset + i] = largest === 0 ? 0 : Math.round(((vector[i] ?? 0) / largest) * 127);
  return largest / 127;
}

/** The unit vector of bytes, whose factor does not matter for it. Undefined when all are 0. */
export function unitVector(bytes: Int8Array): Float32Array | undefined {
  const length = Math.sqrt(bytes.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? undefined : Float32Array.from(bytes, (value) => value / length);
}
