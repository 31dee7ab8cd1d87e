/**
 * Puts an entry at the end of a map, and deletes the first ones until `most` are left. A map keeps its order of
 * insertion, so whoever puts each entry that it uses keeps those that were used last.
 */
export function keepLast<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= most) return;
    map.delete(first);
  }
}
