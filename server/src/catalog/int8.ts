/** A unit vector with a byte per component. Of what `fromInt8` gives the bytes are the same again. */
export function toInt8(vector: Float32Array): Uint8Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const components = Int8Array.from(vector, (value) =>
    largest === 0 ? 0 : Math.round((value / largest) * 127),
  );
  return new Uint8Array(components.buffer);
}

/** The unit vector of such bytes; zeros for zeros. */
export function fromInt8(bytes: Uint8Array): Float32Array {
  const components = componentsOf(bytes);
  const factor = unitFactor(components);
  const vector = new Float32Array(components.length);
  for (let i = 0; i < vector.length; i++) vector[i] = (components[i] ?? 0) * factor;
  return vector;
}

export const componentsOf = (bytes: Uint8Array): Int8Array =>
  new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What the components are multiplied by to have unit length; 0 for zeros. */
export function unitFactor(components: Int8Array): number {
  let squares = 0;
  for (const component of components) squares += component * component;
  return squares === 0 ? 0 : 1 / Math.sqrt(squares);
}

/** Cosine of a unit vector with the vector in `components` from `start` on; 0 for zeros. In one pass, for scans. */
export function cosineWith(unit: Float32Array, components: Int8Array, start = 0): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < unit.length; i++) {
    const component = components[start + i] ?? 0;
    sum += component * (unit[i] ?? 0);
    squares += component * component;
  }
  return squares === 0 ? 0 : sum / Math.sqrt(squares);
}
