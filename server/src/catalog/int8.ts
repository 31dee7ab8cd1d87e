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

/** A unit vector with a byte per component. Of what `fromInt8` gives the bytes are the same again. */
export function toInt8(vector: Float32Array): Uint8Array {
  const bytes = new Int8Array(vector.length);
  quantize(vector, bytes, 0);
  return new Uint8Array(bytes.buffer);
}

/** The unit vector of such bytes; zeros for zeros. */
export function fromInt8(bytes: Uint8Array): Float32Array {
  const components = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vector = new Float32Array(components.length);
  let squares = 0;
  for (const value of components) squares += value * value;
  const length = squares === 0 ? 1 : Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (components[i] ?? 0) / length;
  return vector;
}
