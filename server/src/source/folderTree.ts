import type { Dirent } from 'node:fs';
import { basename, sep } from 'node:path';
import { LanternError, errorMessage, systemCode } from '../../../shared/src/errors.js';
import { type Disk, nodeDisk } from './disk.js';
import {
  type SkipReason,
  fileExclusion,
  holdsToolOutput,
  isSecretFile,
  isSecretFolder,
  isToolFolder,
  isVersionControl,
} from './excludes.js';
import type { Environment } from './gitSettings.js';
import { Rules, type Verdict } from './ignoreRules.js';

export interface WalkOptions {
  /** Larger files are skipped. */
  readonly maxFileBytes: number;
  /** The user's own patterns, in .gitignore syntax. They have priority over every rule file. */
  readonly exclude: readonly string[];
  readonly signal?: AbortSignal;
  /** Where the user's git settings are looked up; the process's own environment by default. */
  readonly environment?: Environment;
  /** Another file system, for tests of faults. */
  readonly disk?: Disk;
}

/** A file that may be indexed, by its name, place and size alone. */
export interface FoundFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** When content or attributes changed last. No program sets it, as those do that copy and unpack with the other. */
  readonly ctimeMs: number;
}

export type PathCheck =
  | { readonly kind: 'file'; readonly file: FoundFile }
  | { readonly kind: 'folder' }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  /** There is no such entry, or the path is not in the folder. */
  | { readonly kind: 'gone' };

/** A directory that the walk has entered. */
export interface Directory {
  /** Absolute path that ends in a separator. */
  readonly absolute: string;
  /** Relative to the root: `''`, or ending in `/`. */
  readonly path: string;
  readonly name: string;
  readonly rules: Rules;
  /** Sorted by name. */
  readonly entries: readonly Dirent[];
}

/** A directory that may be entered, unless its contents exclude it. */
export interface Child {
  readonly kind: 'folder';
  readonly parent: Directory;
  readonly name: string;
  readonly verdict: Verdict;
}

export type Examined = Child | Exclude<PathCheck, { kind: 'folder' }>;

export const gone: PathCheck & Examined = { kind: 'gone' };
export const skipped = (reason: SkipReason): PathCheck & Examined => ({ kind: 'skipped', reason });

/** Decides which entries of one folder are indexed, for the walk and for single paths alike. */
export class FolderTree {
  /** The root directory. */
  readonly top: Directory;
  readonly #root: string;
  readonly #disk: Disk;
  readonly #maxFileBytes: number;

  constructor(root: string, options: WalkOptions) {
    this.#disk = options.disk ?? nodeDisk;
    this.#maxFileBytes = options.maxFileBytes;
    try {
      this.#root = this.#disk.realPath(root);
      const rules = Rules.around(this.#root, options.exclude, options.environment ?? process.env);
      const absolute = withSeparator(this.#root);
      const entries = sorted(this.#disk.list(this.#root));
      const name = basename(this.#root);
      this.top = this.#directory(absolute, '', name, rules, 'unmatched', entries);
    } catch (error) {
      throw folderError(root, error);
    }
  }

  /** Decides about an entry by name, rules and size. Does not look into directories. */
  examine(directory: Directory, entry: Dirent): Examined {
    const name = entry.name;
    const path = directory.path + name;
    if (isVersionControl(name)) return skipped('excluded');
    try {
      if (entry.isSymbolicLink()) return skipped(this.#linkReason(directory.absolute + name));
      // Lossy decoding gives this character. Otherwise it is part of a real name, which then exists.
      if (name.includes('\uFFFD') && !this.#disk.stat(directory.absolute + name)) return skipped('bad-name');
      if (entry.isDirectory()) return this.#examineFolder(directory, name, path);
      if (!entry.isFile()) return skipped('special');
      return this.#examineFile(directory, name, path);
    } catch {
      return skipped('unreadable');
    }
  }

  /** Reads a directory; `gone` when it no longer exists. */
  open(child: Child): Directory | PathCheck {
    const absolute = child.parent.absolute + child.name + sep;
    let entries: Dirent[];
    try {
      entries = sorted(this.#disk.list(absolute));
    } catch (error) {
      const code = systemCode(error);
      return code === 'ENOENT' || code === 'ENOTDIR' ? gone : skipped('unreadable');
    }
    if (child.verdict !== 'wanted' && holdsToolOutput(child.name, names(entries))) return skipped('excluded');
    const rules = child.parent.rules;
    return this.#directory(absolute, `${pathOf(child)}/`, child.name, rules, child.verdict, entries);
  }

  #directory(
    absolute: string,
    path: string,
    name: string,
    rules: Rules,
    verdict: Verdict,
    entries: readonly Dirent[],
  ): Directory {
    const files = { gitignore: false, lanternignore: false, git: false };
    for (const entry of entries) {
      if (entry.name === '.gitignore') files.gitignore = entry.isFile();
      else if (entry.name === '.lanternignore') files.lanternignore = entry.isFile();
      else if (entry.name === '.git') files.git = true;
    }
    return { absolute, path, name, entries, rules: rules.enter(path, absolute, verdict, files) };
  }

  #examineFolder(directory: Directory, name: string, path: string): Examined {
    if (isSecretFolder(name)) return skipped('secret');
    const verdict = directory.rules.decide(path, name, true);
    if (verdict === 'ignored') return skipped('ignored');
    if (verdict !== 'wanted' && isToolFolder(name, names(directory.entries), directory.rules.hasGitignore)) {
      return skipped('excluded');
    }
    return { kind: 'folder', parent: directory, name, verdict };
  }

  #examineFile(directory: Directory, name: string, path: string): Examined {
    if (isSecretFile(name, directory.name)) return skipped('secret');
    const verdict = directory.rules.decide(path, name, false);
    if (verdict === 'ignored') return skipped('ignored');
    const excluded = verdict === 'wanted' ? undefined : fileExclusion(name);
    if (excluded) return skipped(excluded);
    const stats = this.#disk.stat(directory.absolute + name);
    if (!stats) return gone;
    // It may have been replaced since its parent was listed.
    if (!stats.isFile()) return skipped(stats.isSymbolicLink() ? 'symlink' : 'special');
    if (stats.size === 0) return skipped('empty');
    if (stats.size > this.#maxFileBytes) return skipped('too-large');
    const { size, mtimeMs, ctimeMs } = stats;
    return { kind: 'file', file: { path, size, mtimeMs, ctimeMs } };
  }

  #linkReason(link: string): SkipReason {
    try {
      return isInside(this.#disk.realPath(link), this.#root) ? 'symlink' : 'symlink-outside';
    } catch {
      // A broken link, or a circle of links.
      return 'symlink';
    }
  }
}

/** Whether `path` is `root` or below it. Both are absolute and without links. */
export function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(withSeparator(root));
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

/** Relative to the root, without a slash at the end. */
export function pathOf(child: Child): string {
  return child.parent.path + child.name;
}

function* names(entries: readonly Dirent[]): Generator<string> {
  for (const entry of entries) yield entry.name;
}

function sorted(entries: Dirent[]): Dirent[] {
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** An error that tells the user why a folder cannot be indexed. */
export function folderError(path: string, error: unknown): LanternError {
  if (error instanceof LanternError) return error;
  const options = { cause: error };
  switch (systemCode(error) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return new LanternError('not-found', `There is no folder ${path}. Check the path.`, options);
    case 'EACCES':
    case 'EPERM':
      return new LanternError(
        'not-readable',
        `The folder ${path} may not be read by this user. Change its permissions or name another folder.`,
        options,
      );
    case 'ELOOP':
      return new LanternError(
        'bad-request',
        `${path} is a symbolic link that leads in a circle. Fix the link.`,
        options,
      );
    case 'ENAMETOOLONG':
      return new LanternError(
        'bad-request',
        `The path ${path.slice(0, 200)}… is too long. Name a folder.`,
        options,
      );
    default:
      return new LanternError(
        'not-readable',
        `The folder ${path} cannot be read: ${errorMessage(error)}. Check the disk it is on.`,
        options,
      );
  }
}
