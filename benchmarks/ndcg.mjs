// NDCG of a ranking, and means of it.

const depth = 10;
const endsWith = (a, b) => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);

/** Whether a hit is one of a question's answers: the same path, and common lines where both have lines. */
export function answers(hit, target) {
  if (!endsWith(hit.path, target.path)) return false;
  if (target.start === undefined || target.end === undefined) return true;
  return hit.end >= target.start && hit.start <= target.end;
}

const discount = (rank) => 1 / Math.log2(rank + 2);

/** NDCG@10 of hits `{path, start, end}`, best first: each rank that is the first to hit some target gains once. */
export function ndcg(hits, { relevant, secondary = [] }) {
  const targets = [...relevant, ...secondary];
  const ranks = new Set(
    targets
      .map((target) => hits.slice(0, depth).findIndex((hit) => answers(hit, target)))
      .filter((rank) => rank >= 0),
  );
  const best = Array.from({ length: Math.min(depth, targets.length) }, (_, rank) => discount(rank));
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  return best.length === 0 ? 0 : sum([...ranks].map(discount)) / sum(best);
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);

/** Mean of `value` for each `key` of the rows, by name. */
export function means(rows, key, value) {
  const groups = new Map();
  for (const row of rows) groups.set(row[key], [...(groups.get(row[key]) ?? []), row[value]]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, values]) => [name, mean(values)]);
}
