import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { readSmallFile } from './disk.js';

/** Environment variables that lead to the user's git settings. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A git working tree, and the ignore rules that git keeps outside of .gitignore files. */
export interface Repository {
  /** Top folder of the working tree, absolute. */
  readonly workTree: string;
  /** Text of `info/exclude`, if there is one. */
  readonly infoExclude: string | undefined;
  readonly config: CoreConfig;
}

/** The settings under `[core]` that change what is ignored. */
export interface CoreConfig {
  readonly ignoreCase: boolean | undefined;
  /** As written; see `globalExcludes`. */
  readonly excludesFile: string | undefined;
}

/** The repository whose working tree begins at `folder`; undefined when there is none. */
export function repositoryAt(folder: string): Repository | undefined {
  const common = commonGitFolder(join(folder, '.git'));
  if (common === undefined) return undefined;
  return {
    workTree: folder,
    infoExclude: readSmallFile(join(common, 'info', 'exclude')),
    config: parseCoreConfig(readSmallFile(join(common, 'config')) ?? ''),
  };
}

/** The repository that contains `folder`, searched upwards. */
export function repositoryAround(folder: string): Repository | undefined {
  for (let current = folder; ; current = dirname(current)) {
    const repository = repositoryAt(current);
    if (repository) return repository;
    if (dirname(current) === current) return undefined;
  }
}

/** Text of the excludes file for all repositories of the user: `core.excludesFile`, or git's default path. */
export function globalExcludes(
  repository: Repository | undefined,
  environment: Environment,
): string | undefined {
  const home = environment['HOME'] ?? homedir();
  // Empty means unset, for git too.
  const named = environment['XDG_CONFIG_HOME'] ?? '';
  const configHome = named === '' ? join(home, '.config') : named;
  const configFiles =
    environment['GIT_CONFIG_GLOBAL'] !== undefined
      ? [environment['GIT_CONFIG_GLOBAL']]
      : [join(home, '.gitconfig'), join(configHome, 'git', 'config')];
  if (!environment['GIT_CONFIG_NOSYSTEM']) configFiles.push('/etc/gitconfig');

  let file = repository?.config.excludesFile;
  if (file !== undefined && repository && isElsewhere(file, repository.workTree)) return undefined;
  for (const config of configFiles) {
    if (file !== undefined) break;
    file = parseCoreConfig(readSmallFile(config) ?? '').excludesFile;
  }
  if (file === undefined) return readSmallFile(join(configHome, 'git', 'ignore'));
  if (file.startsWith('~/')) return readSmallFile(join(home, file.slice(2)));
  // Git resolves other relative paths from its working directory. A background process has no meaningful one.
  return isAbsolute(file) ? readSmallFile(file) : undefined;
}

/** The directory that the worktrees of a repository share, found through `.git`: a folder, or a file that names one. */
function commonGitFolder(dotGit: string): string | undefined {
  const stats = safeStat(dotGit);
  if (!stats) return undefined;
  let folder = dotGit;
  if (stats.isFile()) {
    // A linked worktree or a submodule.
    const target = /^gitdir: *(.+?)[\r\n]*$/.exec(readSmallFile(dotGit) ?? '')?.[1];
    if (target === undefined) return undefined;
    folder = resolve(dirname(dotGit), target);
    if (isElsewhere(folder, dotGit)) return undefined;
  }
  // An empty `.git` is not a repository, for git either.
  if (!existsSync(join(folder, 'HEAD'))) return undefined;
  const common = readSmallFile(join(folder, 'commondir'))?.trim();
  if (!common) return folder;
  const shared = resolve(folder, common);
  return isElsewhere(shared, dotGit) ? undefined : shared;
}

/**
 * Whether a path that a repository names is on a network share while the repository is on none. Windows would sign in there
 * with the user's name.
 */
export function isElsewhere(path: string, repository: string, platform = process.platform): boolean {
  const isShare = (one: string): boolean => /^[\\/]{2}/.test(one);
  return platform === 'win32' && isShare(path) && !isShare(repository);
}

function safeStat(path: string): ReturnType<typeof statSync> | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Reads `[core]` of a git config file. The last value of a key counts. */
export function parseCoreConfig(text: string): CoreConfig {
  let inCore = false;
  let ignoreCase: boolean | undefined;
  let excludesFile: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]\s]+)\s*("[^\]]*")?\s*\]/.exec(line);
    if (section) {
      inCore = section[1]?.toLowerCase() === 'core' && section[2] === undefined;
      continue;
    }
    if (!inCore) continue;
    const entry = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=(.*))?$/.exec(line);
    const key = entry?.[1]?.toLowerCase();
    // A key without a value is true.
    const value = entry?.[2] === undefined ? 'true' : configValue(entry[2]);
    if (key === 'ignorecase') ignoreCase = /^(true|yes|on|1)$/i.test(value);
    if (key === 'excludesfile') excludesFile = value;
  }
  return { ignoreCase, excludesFile };
}

/** Removes quotes, escapes and comments from one value. */
function configValue(raw: string): string {
  let value = '';
  let quoted = false;
  let kept = 0;
  for (let i = 0; i < raw.length; i++) {
    const char = raw.charAt(i);
    if (char === '"') {
      quoted = !quoted;
      kept = value.length;
    } else if (char === '\\') {
      value += raw.charAt(++i);
      kept = value.length;
    } else if (!quoted && (char === '#' || char === ';')) {
      break;
    } else if (quoted || value !== '' || !/\s/.test(char)) {
      value += char;
      if (quoted || !/\s/.test(char)) kept = value.length;
    }
  }
  // Trailing white space counts only inside quotes.
  return value.slice(0, kept);
}
