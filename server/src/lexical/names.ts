/**
 * Names in source text, the same for indexing and for searching. This room is pure functions and types; all SQL is in
 * catalog/.
 */

const identifier = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** Languages whose definitions (headings, keys of data) are not names that code can use. */
export const dataLanguages: ReadonlySet<string> = new Set([
  'markdown',
  'json',
  'yaml',
  'toml',
  'css',
  'scss',
  'html',
]);

/** All identifiers of a text, with repetitions. */
export function identifiersIn(text: string): string[] {
  return text.match(identifier) ?? [];
}

/** Whether a name is distinctive enough to follow: `get` is everywhere, `getUser` is not. */
export function isDistinctive(name: string): boolean {
  if (name.length < 4) return false;
  return name.length >= 6 || name !== name.toLowerCase() || /[_\d]/.test(name);
}
