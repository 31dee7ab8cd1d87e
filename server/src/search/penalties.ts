import type { Query } from './query.js';

/** Tests and what only tests use: by a folder (`tests/`, `Thing.Tests/`, `t/` of Perl), or by the file's name. */
const testFolder =
  /(?:^|\/)(?:[^/]*[._-])?(?:[Tt]ests?|[Ss]pecs?|[Ff]ixtures?|[Mm]ocks?|[Uu]nit[Tt]ests?|testdata|testthat|testsuite|e2e|snaps|snapshots)_*\/|[a-z0-9]Tests\//;
const testFile =
  /[._-](?:test|spec)s?\.[^/]+$|(?:^|\/)(?:test_[^/]+|conftest\.py)$|Tests?\.[^/]+$|\.(?:test|snap)$/;
const perlTest = /(?:^|\/)x?t\/.*\.(?:t|pm|pl)$/;
/** Whether a path is that of a test or of what only tests use. */
export const isTestPath = (path: string): boolean =>
  testFolder.test(path) || testFile.test(path) || perlTest.test(path);

const benchmark = /(?:^|\/)(?:[^/]*[._-])?bench(?:mark)?s?(?:\/|\.[^/]+$)/i;
/** A library once more, in one file. */
const amalgamation = /(?:^|\/)(?:single[_-]?(?:include|header)s?|amalgam(?:ation|ated)?)\//i;
/** Folders such as `.github`, whose files are about the project, not part of it. */
const hiddenFolder = /(?:^|\/)\.[^/]+\//;
/** Files about the project: licences, lists of changes, how it is built. */
const projectFile =
  /(?:^|\/)(?:(?:LICEN[CS]E|COPYING|NOTICE|CHANGELOG|ChangeLog|CHANGES|Changes|NEWS)(?:[.-](?:\d[\d.]*|[A-Z-]+|md|txt|rst))*|MANIFEST|AUTHORS|CONTRIBUTORS|TODO|(?:GNU)?[Mm]akefile(?:\.[a-z]+)?|configure(?:\.ac|\.in)?|CMakeLists\.txt|ltmain\.sh|install-sh|Rakefile|Gemfile(?:\.lock)?|package-lock\.json|[^/]+\.(?:cmake|m4|targets|props|csproj|vcxproj|sln|gemspec|in))$/;
const document =
  /(?:^|\/)(?:docs?|documentation|examples?|samples?|demos?|vignettes?|tutorials?|guides?|man)\/|\.(?:mdx?|rst|adoc|txt|pod|rd|rmd|rnw|qmd|tex|texi|[1-9])$/i;
const tool = /(?:^|\/)(?:tools?|scripts?|build-aux|cmake|ci|contrib|extras?|hack)\//i;
const shim = /(?:^|\/)(?:compat|compatibility|shims?|polyfills?|legacy|deprecated)(?:\/|\.[^/]+$)/i;
const vendored = /(?:^|\/)(?:vendor|vendored|third[_-]?party|external)\//i;
const header = /\.(?:h|hpp)$/;
const declarations = /\.(?:d\.[cm]?ts|pyi)$|(?:^|\/)package-info\.java$/;
const dataFile = /\.(?:ya?ml|jsonc?|toml|ini|cfg|xml)$/i;

/** Names of operating systems in paths, by Node's name of the platform. */
const systems: Readonly<Record<string, string>> = {
  win32: 'win windows win32 win64 winapi winsock cygwin',
  darwin: 'darwin macos osx',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos solaris',
  aix: 'aix os390 ibmi',
  haiku: 'haiku',
};
const systemOf = new Map(
  Object.entries(systems).flatMap(([platform, names]) => names.split(' ').map((name) => [name, platform])),
);
const systemAsked = /\b(?:windows|win32|mac|macos|os ?x|darwin|\w*bsd|solaris|aix|cross-platform)\b/i;

/** Whether a path is for another operating system than the user's. Of two variants the user means their own. */
export function isForOtherSystem(path: string, platform: string): boolean {
  return path
    .toLowerCase()
    .split(/[/._-]/)
    .some((part) => (systemOf.get(part) ?? platform) !== platform);
}

const versionFolder = /^v\d+$/;

/** Recognises paths below `v3/` when there is a `v4/` beside it, among all `paths` of a folder. */
export function supersededPaths(paths: Iterable<string>): (path: string) => boolean {
  const folders = new Set<string>();
  const versions = (path: string): { above: string; version: number }[] => {
    if (!/(?:^|\/)v\d+\//.test(path)) return [];
    const parts = path.split('/').slice(0, -1);
    return parts.flatMap((part, i) =>
      versionFolder.test(part)
        ? [{ above: parts.slice(0, i).join('/'), version: Number.parseInt(part.slice(1)) }]
        : [],
    );
  };
  for (const path of paths)
    for (const { above, version } of versions(path)) folders.add(`${above}/v${version}`);
  return (path) => versions(path).some(({ above, version }) => folders.has(`${above}/v${version + 1}`));
}

/** Whether the code in C or C++ among these files is in its headers: for each implementation there are more than four. */
export function isHeaderOnly(files: readonly { readonly path: string }[]): boolean {
  let headers = 0;
  let implementations = 0;
  for (const { path } of files) {
    const kind = /\.(?:(h|hh|hpp|hxx)|c|cc|cpp|cxx|m|mm)$/.exec(path);
    if (kind === null || isBesideCode(path) || tool.test(path) || vendored.test(path)) continue;
    if (kind[1] === undefined) implementations++;
    else headers++;
  }
  return implementations * 4 < headers;
}

export interface PenaltyContext {
  readonly platform: string;
  readonly superseded: (path: string) => boolean;
  /** Whether headers have the code, not only declarations. */
  readonly isHeaderOnly: () => boolean;
}

interface Rule<Context = PenaltyContext> {
  readonly reason: string;
  readonly factor: number;
  readonly applies: (path: string, context: Context) => boolean;
  /** Whether the query asks for such files. */
  readonly isAsked?: (query: Query) => boolean;
}

const asks =
  (words: RegExp) =>
  ({ text }: Query): boolean =>
    words.test(text);

/** Not "make", "build", "install" or "release" alone, which code does too. */
const aboutTheProject =
  /\b(?:makefiles?|cmake|licen[cs]\w*|change ?logs?|release notes|manifest|authors?|(?:build|compil\w+|configure|install\w*) (?:files?|scripts?|systems?|targets?|flags?|options?|steps?|rules?)|how (?:is|are|it|this|the) (?:\w+ ){0,3}(?:built|compiled|installed|released))\b/i;

/** Of files beside the code. */
const besideRules: readonly Rule<unknown>[] = [
  { reason: 'benchmark', factor: 0.6, applies: (path) => benchmark.test(path), isAsked: asks(/\bbench/i) },
  { reason: 'copy in one file', factor: 0.6, applies: (path) => amalgamation.test(path) },
  { reason: 'hidden folder', factor: 0.5, applies: (path) => hiddenFolder.test(path) },
  {
    reason: 'project file',
    factor: 0.5,
    applies: (path) => projectFile.test(path),
    isAsked: asks(aboutTheProject),
  },
  {
    reason: 'documentation',
    factor: 0.5,
    applies: (path) => document.test(path),
    isAsked: ({ asksForDocs }) => asksForDocs,
  },
];

/** The first that applies to a path decides. */
const rules: readonly Rule[] = [
  ...besideRules,
  {
    reason: 'tool',
    factor: 0.8,
    applies: (path) => tool.test(path),
    isAsked: ({ text }) => /\b(?:tools?|scripts?)\b/i.test(text) || aboutTheProject.test(text),
  },
  { reason: 'third party', factor: 0.8, applies: (path) => vendored.test(path) },
  { reason: 'compatibility', factor: 0.8, applies: (path) => shim.test(path) },
  {
    reason: 'other system',
    factor: 0.65,
    applies: (path, { platform }) => isForOtherSystem(path, platform),
    isAsked: asks(systemAsked),
  },
  {
    reason: 'older version',
    factor: 0.7,
    applies: (path, { superseded }) => superseded(path),
    isAsked: asks(/\bv\d/i),
  },
  {
    reason: 'declarations',
    factor: 0.7,
    applies: (path, context) => declarations.test(path) || (header.test(path) && !context.isHeaderOnly()),
  },
  {
    reason: 'data',
    factor: 0.9,
    applies: (path) => dataFile.test(path),
    isAsked: ({ asksForData }) => asksForData,
  },
];

/** A question may speak of tests and mean the code that runs them. */
const factorOfTests = { yes: 1, maybe: 0.7, no: 0.5 } as const;
const none = { factor: 1, reason: undefined } as const;
/** Where tests are asked for. */
const notATest = { factor: 0.6, reason: 'not a test' } as const;

/**
 * Factors for the scores of files that are seldom meant, with the reason. A factor does not apply when the query asks
 * for such files.
 */
export function penalty(
  path: string,
  query: Query,
  context: PenaltyContext,
): { readonly factor: number; readonly reason: string | undefined } {
  if (isTestPath(path)) {
    const factor = factorOfTests[query.asksForTests];
    return factor === 1 ? none : { factor, reason: 'test' };
  }
  const rule = rules.find(({ applies }) => applies(path, context));
  const found = rule === undefined || rule.isAsked?.(query) === true ? none : rule;
  return query.asksForTests === 'yes' && found.factor > notATest.factor ? notATest : found;
}

/** Whether a file is beside the code: a test, a benchmark, documentation and the like. `query`: unless it asks for such files. */
export function isBesideCode(path: string, query?: Query): boolean {
  if (isTestPath(path)) return query === undefined || query.asksForTests === 'no';
  const rule = besideRules.find(({ applies }) => applies(path, undefined));
  return rule !== undefined && (query === undefined || rule.isAsked?.(query) !== true);
}
