import type { Query } from './query.js';

const testPath =
  /(?:^|\/)(?:tests?|__tests__|specs?|testdata|fixtures?|mocks?)\/|(?:[._-](?:test|spec)s?\.[^/]+|(?:^|\/)test_[^/]+|_test\.[^/]+|Tests?\.[^/]+)$/;
/** Whether a path is that of a test or of what only tests use. */
export const isTestPath = (path: string): boolean => testPath.test(path);
/** Folders such as `.github`, whose files are about the project, not part of it. */
const hiddenFolder = /(?:^|\/)\.[^/]+\//;
const docPath = /(?:^|\/)(?:docs?|documentation|examples?|samples?|demos?)\/|\.(?:md|mdx|rst|adoc|txt)$/i;
const shimPath = /(?:^|\/)(?:compat|compatibility|shims?|polyfills?|legacy|deprecated)(?:\/|\.[^/]+$)/i;
const vendored = /(?:^|\/)(?:vendor|vendored|third[_-]?party|external)\//i;
const declarations = /\.(?:h|hpp|d\.[cm]?ts|pyi)$|(?:^|\/)package-info\.java$/;
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

export interface PenaltyContext {
  readonly platform: string;
  readonly superseded: (path: string) => boolean;
}

/**
 * Factors for the scores of files that are seldom meant, with the reason. A factor does not apply when the query asks
 * for such files.
 */
export function penalty(
  path: string,
  query: Query,
  { platform, superseded }: PenaltyContext,
): { readonly factor: number; readonly reason: string | undefined } {
  const because = (factor: number, reason: string): { factor: number; reason: string } => ({
    factor,
    reason,
  });
  if (isTestPath(path)) return query.asksForTests ? none : because(0.6, 'test');
  if (hiddenFolder.test(path)) return because(0.5, 'hidden folder');
  if (docPath.test(path)) return query.asksForDocs ? none : because(0.5, 'documentation');
  if (vendored.test(path)) return because(0.8, 'third party');
  if (shimPath.test(path)) return because(0.8, 'compatibility');
  if (isForOtherSystem(path, platform) && !systemAsked.test(query.text)) return because(0.65, 'other system');
  if (superseded(path) && !/\bv\d/i.test(query.text)) return because(0.7, 'older version');
  if (declarations.test(path)) return because(0.7, 'declarations');
  return dataFile.test(path) && !query.asksForData ? because(0.9, 'data') : none;
}

const none = { factor: 1, reason: undefined } as const;
