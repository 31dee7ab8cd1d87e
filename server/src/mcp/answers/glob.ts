/** Wildcards between two slashes and in one pattern, and folders of any depth in it. */
const mostInName = 3;
const mostInAll = 4;
const mostDeep = 2;

/**
 * Whether a pattern is decided quickly on any path. Patterns become regular expressions that backtrack: the time for a
 * name grows with its length to the power of the wildcards in it, and without a bound for nested groups.
 */
export function isSafeGlob(glob: string): boolean {
  if (/[@?*+!]\(/.test(glob)) return false;
  const names = glob.split('/');
  const deep = names.filter((name) => name === '**').length;
  const stars = names.filter((name) => name !== '**').map((name) => (name.match(/\*+/g) ?? []).length);
  const all = stars.reduce((sum, count) => sum + count, 0);
  return deep <= mostDeep && all <= mostInAll && stars.every((count) => count <= mostInName);
}
