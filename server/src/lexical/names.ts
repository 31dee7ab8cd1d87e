/** What names in source text say, the same for those who index and those who search. */

const identifier = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** Headings and the keys of data are no names that code could use. */
export const dataLanguages: ReadonlySet<string> = new Set([
  'markdown',
  'json',
  'yaml',
  'toml',
  'css',
  'html',
]);

/** Identifiers of a text, as often as they stand there. */
export function identifiersIn(text: string): string[] {
  return text.match(identifier) ?? [];
}

/** Whether a name is telling enough to be followed: `get` is everywhere, `getUser` is not. */
export function isDistinctive(name: string): boolean {
  if (name.length < 4) return false;
  return name.length >= 6 || name !== name.toLowerCase() || /[_\d]/.test(name);
}
