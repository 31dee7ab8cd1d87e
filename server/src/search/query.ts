import { identifierParts, tokens } from '../lexical/tokens.js';
import { resolveLanguage } from '../syntax/languages.js';

/** A query, parsed once for all parts of the ranking. */
export interface Query {
  readonly text: string;
  /** Distinct index tokens that carry meaning. */
  readonly tokens: readonly string[];
  /** Identifiers: camelCase, snake_case, with digits, or called as `name()`. */
  readonly identifiers: readonly string[];
  /** The last part of the name when the whole query is one name, perhaps qualified. */
  readonly symbol: string | undefined;
  /** Phrases of several words in double quotes or backticks, in lower case. Hits that contain them come first. */
  readonly phrases: readonly string[];
  /** Paths of files in the query, in lower case, with `/`, without a line number. */
  readonly paths: readonly string[];
  /** Languages that the query asks for, such as "in python". */
  readonly languages: readonly string[];
  /** `maybe`: it speaks of a test, but perhaps means the code that runs or helps tests. */
  readonly asksForTests: 'yes' | 'maybe' | 'no';
  readonly asksForDocs: boolean;
  /** Whether the query asks for configuration or the like. */
  readonly asksForData: boolean;
}

/** Most tokens of a query. More add nothing and cost time; a query of 100 KB is cut here. */
const maxTokens = 64;
const maxChars = 4000;

/** Stopwords of questions, as people write them. */
const stopwords: ReadonlySet<string> = new Set(
  `a an and any are as at be been being both but by can could did do does doing each for from had has have having how i if
   in into is it its itself just may me might must my no not of off on once only or other our out over own same she he
   should so some such than that the their them then there these they this those through to too under until up us very was
   we were what when where which while who whom whose why will with within without would you your code find show
   implementation implemented handle handled handling happen happens work works`.split(/\s+/),
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
  const telling = cut.replace(/(?<![\p{L}\p{N}_])\p{L}+(?![\p{L}\p{N}_])/gu, (word) =>
    stopwords.has(word.toLowerCase()) ? ' ' : word,
  );
  const meaningful = [...new Set(tokens(telling))];
  const words = cut.split(/\s+/).map((word) => word.replace(/^["'`([{<]+|["'`\]}>,;:!?.]+$/g, ''));
  const [only] = words;
  const single = words.length === 1 && only !== undefined && qualifiedName.test(only);
  const symbol = single && (looksLikeCode(only) || /^\p{Lu}/u.test(only)) ? lastName(only) : undefined;
  return {
    text: cut,
    tokens: (meaningful.length > 0 ? meaningful : all).slice(0, maxTokens),
    identifiers: [...new Set(words.filter((word) => single || looksLikeCode(word)).map(lastName))].filter(
      Boolean,
    ),
    symbol,
    asksForTests: testsIn(cut, symbol !== undefined),
    phrases: [...cut.matchAll(/"([^"\n]{3,200})"|`([^`\n]{3,200})`/g)]
      .map(([, quoted, ticked]) => (quoted ?? ticked ?? '').trim().toLowerCase())
      .filter((phrase) => /\s/.test(phrase)),
    paths: pathsIn(cut),
    languages: languagesIn(cut),
    asksForData:
      /\b(?:config\w*|settings?|json|ya?ml|toml|xml|html|css|styles?|schema|workflow|pipeline)\b/i.test(cut),
    asksForDocs: /\b(?:docs?|documentation|readme|guide|handbook|examples?|tutorial)\b/i.test(cut),
  };
}

const speaksOfTests = /\b(?:tests?|specs?|testing|tested)\b/i;
/** "tests of the parser", "parser test", "where is the parser tested", not "checked in a test". */
const meansTests = [
  /^(?:(?:show|find|list|which|the|all|where are)\s+)*(?:[\w-]+\s+)?(?:tests|specs)\b/i,
  /\b(?:tests?|specs?|test cases?|test suites?) (?:for|of)\b|\b(?:tests|specs|test cases?) (?:that|which|where|with|covering)\b/i,
  /\b(?:is|are|be|been|being|gets?) (?:\w+ ){0,3}tested\b/i,
  /(?<!\b(?:in|during|from|inside|within|an?|each|every|the|of|for|into) (?:\w+ )?)(?:tests?|specs?)$/i,
];

function testsIn(text: string, isName: boolean): Query['asksForTests'] {
  if (!speaksOfTests.test(text)) return 'no';
  return !isName && meansTests.some((pattern) => pattern.test(text)) ? 'yes' : 'maybe';
}

/**
 * Paths in a query or in a pasted message: file names with an extension, and the folders before them. `foo.bar` may
 * also be a member; it names a file only where there is one.
 */
function pathsIn(text: string): string[] {
  const found = text.matchAll(/(?<![\w/\\.-])(?:[\w@.-]*[/\\])*[\w@.-]+\.[a-z][a-z0-9]{0,9}(?![\w/\\])/gi);
  const paths = [...found].map(([path]) =>
    path
      .replaceAll('\\', '/')
      .replace(/^(?:\.{0,2}\/)+/, '')
      .toLowerCase(),
  );
  return [...new Set(paths)].slice(0, 20);
}

/** Names that people use for a language in a sentence. */
const spokenLanguages: ReadonlySet<string> = new Set(
  (
    'typescript ts javascript js python go golang rust java kotlin scala ruby php c c++ cpp c# f# swift dart elm gleam perl ' +
    'clojure nix terraform gdscript vue svelte solidity julia ocaml objective-c graphql protobuf powershell erlang lua ' +
    'elixir haskell zig bash shell sql css html markdown'
  ).split(' '),
);

/** Languages that a query asks for: "in python", "the rust code". */
function languagesIn(text: string): string[] {
  const asked = text.matchAll(
    /\b(?:in|using|written in)\s+([a-z]+(?:-c\b)?[+#]*)|\b([a-z]{2,}(?:-c\b)?[+#]*)\s+(?:code|source|files?)\b/gi,
  );
  const found = [...asked]
    .map(([, after, before]) => (after ?? before ?? '').toLowerCase())
    .filter((name) => spokenLanguages.has(name))
    .flatMap(resolveLanguage);
  return [...new Set(found)];
}

/** Distinct tokens of a path's file name without its extension. */
export function fileNameTokens(path: string): string[] {
  const name = (path.split('/').at(-1) ?? path).replace(/\.[^.]+$/, '');
  return [...new Set(identifierParts(name).flatMap((part) => tokens(part)))];
}
