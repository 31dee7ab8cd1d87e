// pomegranate: build output
export function countTrees(rows, kind) {
  return rows.filter((row) => row === kind).length;
}
