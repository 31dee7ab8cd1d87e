import { homedir } from 'node:os';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanternError } from '../../../../shared/src/errors.js';
import type { FolderStatus } from '../../../../shared/src/protocol/protocol.js';
import { safeLine } from './safeText.js';

/** What is known of where an agent works, most trusted first. */
export interface FolderContext {
  /** Folders that the client says are open; empty when it did not say. */
  readonly roots: readonly string[];
  /** The folder in which the bridge was started. */
  readonly workingDirectory: string | undefined;
}

/** The questions about folders that are asked of the service. */
export interface FolderLookup {
  indexed(path: string): Promise<FolderStatus | undefined>;
  indexedFolders(): readonly FolderStatus[];
}

/** Where a call looks: indexed folders, or folders inside them. */
export interface FolderScope {
  readonly folders: readonly string[];
  /** Open folders that were asked for and are not indexed. */
  readonly missing: readonly string[];
}

/** How many folders an error names. */
const namedFolders = 10;

/**
 * The folders that a call means: the one it names, else the client's roots, else the bridge's working directory, else
 * the only one indexed. Where that leaves a choice, the error offers it.
 */
export async function folderScope(
  named: string | undefined,
  where: FolderContext,
  lookup: FolderLookup,
): Promise<FolderScope> {
  const asked = named === undefined ? folderContext(where) : [absolute(named, where)];
  if (asked.length > 0) {
    const found = await Promise.all(asked.map((path) => lookup.indexed(path)));
    const folders = asked.filter((_, index) => found[index] !== undefined);
    const missing = asked.filter((_, index) => found[index] === undefined);
    if (folders.length === 0) throw notIndexed(missing, lookup);
    return { folders, missing };
  }
  const all = lookup.indexedFolders();
  const [only] = all;
  if (only === undefined) {
    throw new LanternError(
      'not-found',
      'Nothing is indexed yet. Call index_directory with the absolute path of the folder to search.',
    );
  }
  if (all.length > 1) {
    throw new LanternError(
      'bad-request',
      `Several folders are indexed and the client did not say which one is open. Name one with "folder": ${listed(all)}.`,
    );
  }
  return { folders: [only.path], missing: [] };
}

/** The folders that the client or the bridge names, whether indexed or not. */
export function folderContext({ roots, workingDirectory }: FolderContext): readonly string[] {
  if (roots.length > 0) return [...new Set(roots)];
  // Desktop programs start their servers in the file system's root or the home folder, which say nothing.
  if (workingDirectory === undefined || holdsHome(workingDirectory)) return [];
  return [workingDirectory];
}

/** Paths of the `file:` URIs among a client's roots. */
export function rootPaths(roots: readonly { readonly uri: string }[]): string[] {
  const paths: string[] = [];
  for (const { uri } of roots.slice(0, 64)) {
    if (!uri.startsWith('file:')) continue;
    try {
      paths.push(resolve(fileURLToPath(uri)));
    } catch {
      // A root on another machine is none of ours.
    }
  }
  return paths;
}

/** Whether a folder is the home folder or one above it. */
export function holdsHome(path: string, home: string = homedir()): boolean {
  for (let folder = resolve(home); ; folder = dirname(folder)) {
    if (folder === resolve(path)) return true;
    if (dirname(folder) === folder) return false;
  }
}

/** Whether a folder that is left out, or a relative path, depends on what the client has open. */
export const dependsOnOpen = (path: string | undefined): boolean => path === undefined || !isAbsolute(path);

/** A path as an agent writes it; a relative one counts from the only folder that is known to be open. */
export function absolute(path: string, where: FolderContext): string {
  if (isAbsolute(path)) return resolve(path);
  const [base, ...others] = folderContext(where);
  if (base === undefined || others.length > 0) {
    throw new LanternError(
      'bad-request',
      `"${safeLine(path, 200)}" is not an absolute path. Name the folder with its absolute path.`,
    );
  }
  return resolve(base, path);
}

function notIndexed(missing: readonly string[], lookup: FolderLookup): LanternError {
  const [first = ''] = missing;
  const others = lookup.indexedFolders();
  const choice = others.length === 0 ? '' : ` Indexed are: ${listed(others)}.`;
  return new LanternError(
    'not-found',
    `${missing
      .slice(0, namedFolders)
      .map((path) => safeLine(path, 300))
      .join(', ')} ${missing.length === 1 ? 'is' : 'are'} not indexed yet. ` +
      `Call index_directory with path "${safeLine(first, 300)}", then call this tool again.${choice}`,
  );
}

function listed(folders: readonly FolderStatus[]): string {
  const names = folders.slice(0, namedFolders).map(({ path }) => `"${safeLine(path, 300)}"`);
  const more = folders.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more (list_folders names them)` : ''}`;
}
