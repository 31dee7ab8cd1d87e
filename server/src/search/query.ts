import { identifierParts, tokens } from '../store/tokens.js';

/** A query, read once for every part of the ranking. */
export interface Query {
  readonly text: string;
  /** Distinct index tokens that carry meaning. */
  readonly tokens: readonly string[];
  /** Words that look like names in code: camelCase, snake_case, with digits, or called as `name()`. */
  readonly identifiers: readonly string[];
  /** The whole query is one name, perhaps qualified: its last part. */
  readonly symbol: string | undefined;
  readonly asksForTests: boolean;
  readonly asksForDocs: boolean;
}

/** Words longer than this many tokens add nothing and cost time; a query of 100 KB is cut here. */
const maxTokens = 64;
const maxChars = 4000;

const stopwords = new Set(
  `a an and any are as at be been being both but by can could did do does doing each for from had has have having how i if
   in into is it its itself just may me might must my no not of off on once only or other our out over own same she he
   should so some such than that the their them then there these they this those through to too under until up us very was
   we were what when where which while who whom whose why will with within without would you your code find show
   implementation implemented handle handled handling happen happens work works`
    .split(/\s+/)
    .flatMap((word) => tokens(word)),
);

const qualifiedName = /^[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|#|->|\/)[\p{L}_$][\p{L}\p{N}_$]*)*(?:\(\))?$/u;

function looksLikeCode(word: string): boolean {
  return /[_$]|\p{Ll}\p{Lu}|\p{L}\p{N}|\p{Lu}{2,}\p{Ll}|\(\)$|::|->|\w[.#]\w/u.test(word);
}

/** The last name in `a.b::c()`. */
const lastName = (word: string): string =>
  word
    .replace(/\(\)$/, '')
    .split(/\.|::|#|->|\//)
    .at(-1) ?? word;

export function parseQuery(text: string): Query {
  const cut = text.slice(0, maxChars).trim();
  const all = [...new Set(tokens(cut))];
  const meaningful = all.filter((token) => !stopwords.has(token));
  const words = cut.split(/\s+/).map((word) => word.replace(/^["'`([{<]+|["'`\]}>,;:!?.]+$/g, ''));
  const [only] = words;
  const single = words.length === 1 && only !== undefined && qualifiedName.test(only);
  return {
    text: cut,
    tokens: (meaningful.length > 0 ? meaningful : all).slice(0, maxTokens),
    identifiers: [...new Set(words.filter((word) => single || looksLikeCode(word)).map(lastName))].filter(
      Boolean,
    ),
    symbol: single && (looksLikeCode(only) || /^\p{Lu}/u.test(only)) ? lastName(only) : undefined,
    asksForTests: /\b(?:tests?|specs?|testing|unit ?tests?)\b/i.test(cut),
    asksForDocs: /\b(?:docs?|documentation|readme|guide|handbook|examples?|tutorial)\b/i.test(cut),
  };
}

/** Distinct tokens of a path's last part, its extension left out. */
export function fileNameTokens(path: string): string[] {
  const name = (path.split('/').at(-1) ?? path).replace(/\.[^.]+$/, '');
  return [...new Set(identifierParts(name).flatMap((part) => tokens(part)))];
}
