/** Counts the trees of one kind; the word quince marks this file as one that is indexed. */
export function countTrees(rows: readonly string[], kind: string): number {
  return rows.filter((row) => row === kind).length;
}
