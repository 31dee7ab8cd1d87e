/** Most wildcards between two slashes and in the whole pattern, and most `**` in it. */
const mostInName = 3;
const mostInAll = 4;
const mostDeep = 2;

/**
 * Whether matching a pattern is fast for any path. Patterns become regular expressions that backtrack: the time grows
 * with the length of a name to the power of its wildcards, and without bound for nested groups.
 */
export function isSafeGlob(glob: string): boolean {
  if (/[@?*+!]\(/.test(glob)) return false;
  const names = glob.split('/');
  const deep = names.filter((name) => name === '**').length;
  const stars = names.filter((name) => name !== '**').map((name) => (name.match(/\*+/g) ?? []).length);
  const all = stars.reduce((sum, count) => sum + count, 0);
  return deep <= mostDeep && all <= mostInAll && stars.every((count) => count <= mostInName);
}
