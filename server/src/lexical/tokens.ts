/**
 * The token stream of the lexical index: words and identifiers, whole and in parts. Documents and queries use the
 * same function, so both sides always agree.
 */

/** Runs of letters, digits and underscores, in any script. */
const wordPattern = /[\p{L}\p{N}\p{M}_]+/gu;

/** Where an identifier splits: at camelCase, after an acronym, between letters and digits, and at underscores. */
const partPattern = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lo}\p{Lm}\p{Lt}]+|\p{N}+|\p{Lu}/gu;

/** Scripts that are written without spaces. Their runs are indexed as overlapping pairs. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Lm}]+$/u;
const hasUnspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** Longer words are hashes, keys or encoded data, unless they are whole sentences of such a script. */
const maxWordLength = 80;

/**
 * Endings that make a noun of a verb, what replaces them, and how many letters must be left. With them "serializer"
 * matches "serialization", and "validation" matches "validate". Shorter stems ("parser", "user") are too often words
 * of their own.
 */
const derivations: readonly (readonly [ending: RegExp, common: string, least: number])[] = [
  [/(?:ization|isation|izer|iser)$/, 'iz', 3],
  [/(?:ation|ator)$/, 'at', 3],
  [/(?<=[st])ion$/, '', 4],
  [/[eo]r$/, '', 5],
  [/e?ment$/, '', 4],
  [/[ai]bl$/, '', 4],
];

/**
 * Removes English endings from a lower-case word: plural, -ing, -ed, and those that make nouns of verbs. The stem
 * need not be a word; it must be the same for all forms.
 */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  return underived(uninflected(word));
}

function uninflected(word: string): string {
  let base = word;
  if (base.length > 4 && /ie[sd]$/.test(base)) base = base.slice(0, -2);
  else if (base.length > 4 && /(?:s|x|z|ch|sh)es$/.test(base)) base = base.slice(0, -2);
  else if (base.length > 3 && base.endsWith('s') && !/(?:ss|us|is)$/.test(base)) base = base.slice(0, -1);
  if (base.length > 5 && base.endsWith('ing')) base = undouble(base.slice(0, -3));
  else if (base.length > 4 && /[^e]ed$/.test(base)) base = undouble(base.slice(0, -2));
  // "cache", "caching" and "cached" become "cach".
  if (base.length > 4 && base.endsWith('e')) base = base.slice(0, -1);
  // "cancelled" becomes "cancel", and "called" becomes "call", only if every double l becomes one.
  if (base.length > 3 && base.endsWith('ll')) base = base.slice(0, -1);
  // "retry" and "retried" become "retri".
  return base.replace(/(?<=[^aeiou])y$/, 'i');
}

function underived(word: string): string {
  let base = word;
  for (const [ending, common, least] of derivations) {
    const at = base.search(ending);
    if (at < least) continue;
    base = base.slice(0, at) + common;
    break;
  }
  // "configuration" matches "configure", and "validate" matches "validation".
  if (base.length > 6 && base.endsWith('at')) base = base.slice(0, -2);
  return undouble(base);
}

function undouble(base: string): string {
  return base.length > 3 && /([bdglmnprt])\1$/.test(base) ? base.slice(0, -1) : base;
}

function bigrams(run: string): string[] {
  const letters = Array.from(run);
  return letters.length === 1 ? letters : letters.slice(1).map((letter, i) => `${letters[i] ?? ''}${letter}`);
}

/** The parts of an identifier with their case, such as `HTTPServer2` → `HTTP Server 2`. */
export function identifierParts(word: string): string[] {
  return word.match(partPattern) ?? [];
}

/** Words whose tokens are cached: code repeats the same few thousand. About 200 bytes each. */
const keptWords = 20_000;
const cache = new Map<string, readonly string[]>();

/** The tokens of one word: its stemmed parts, and the whole identifier when it has several parts. */
function tokensOfWord(word: string): readonly string[] {
  const cached = cache.get(word);
  if (cached !== undefined) return cached;
  const long = word.length > maxWordLength;
  if (long && !hasUnspaced.test(word)) return [];
  const found: string[] = [];
  const parts = identifierParts(word);
  for (const part of parts) {
    const lower = part.toLowerCase();
    if (unspaced.test(lower)) found.push(...bigrams(lower));
    else found.push(stem(lower));
  }
  if (long) return found;
  if (parts.length > 1) found.push(stem(word.replaceAll('_', '').toLowerCase()));
  // Clear the whole cache: the common words are back within a file.
  if (cache.size >= keptWords) cache.clear();
  cache.set(word, found);
  return found;
}

/** The tokens of a text, in its order. */
export function tokens(text: string): string[] {
  const found: string[] = [];
  // File systems and keyboards write accents in different ways.
  for (const word of text.normalize('NFC').match(wordPattern) ?? [])
    for (const token of tokensOfWord(word)) found.push(token);
  return found;
}

/** A part of a text in UTF-16 units, the end excluded. */
export type TextRange = readonly [start: number, end: number];

/** Where a text has one of `wanted` tokens: the part of an identifier that is one, or all of it. In order, not overlapping. */
export function tokenRanges(text: string, wanted: ReadonlySet<string>): TextRange[] {
  const found: TextRange[] = [];
  const add = (start: number, end: number): void => {
    const [from, to] = found.at(-1) ?? [0, 0];
    if (found.length > 0 && start <= to) found[found.length - 1] = [from, Math.max(to, end)];
    else found.push([start, end]);
  };
  for (const { 0: word, index } of text.matchAll(wordPattern)) {
    const whole = tokensOfWord(word.normalize('NFC')).at(-1);
    if (whole !== undefined && wanted.has(whole)) {
      add(index, index + word.length);
      continue;
    }
    for (const { 0: part, index: at } of word.matchAll(partPattern)) {
      const start = index + at;
      const lower = part.normalize('NFC').toLowerCase();
      if (!unspaced.test(lower)) {
        if (wanted.has(stem(lower))) add(start, start + part.length);
        continue;
      }
      let from = start;
      for (const pair of bigrams(lower)) {
        if (wanted.has(pair)) add(from, Math.min(start + part.length, from + pair.length));
        from += String.fromCodePoint(pair.codePointAt(0) ?? 0).length;
      }
    }
  }
  return found;
}
