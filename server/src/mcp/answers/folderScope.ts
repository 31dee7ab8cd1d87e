import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanternError, errorMessage } from '../../../../shared/src/errors.js';
import type { FolderStatus, GroupsResult } from '../../../../shared/src/protocol/protocol.js';
import { safeLine } from '../../../../shared/src/safeText.js';
import { holdsHome } from '../../service/mayIndex.js';

/** What is known of the folder in which an agent works, most trusted first. */
export interface FolderContext {
  /** Folders that the client says are open; empty when it does not say. */
  readonly roots: readonly string[];
  /** The folder in which the bridge was started. */
  readonly workingDirectory: string | undefined;
}

/** What the service is asked about folders. */
export interface FolderLookup {
  indexed(path: string): Promise<FolderStatus | undefined>;
  indexedFolders(): readonly FolderStatus[];
}

/** Where a call searches: indexed folders, or folders inside them. */
export interface FolderScope {
  readonly folders: readonly string[];
  /** Open folders without an index, which the call is to index. One of `folders` is each of them or inside it. */
  readonly unindexed: readonly string[];
  /** Why open folders are not searched: sentences. */
  readonly missing: readonly string[];
  /** Whether the agent knows the folder: it named it, or has no other open. */
  readonly isKnown: boolean;
}

/** The real path of a folder that an agent may index; throws for any other. */
export type MayIndex = (path: string) => Promise<string>;

/** Most folders that an error lists. */
const namedFolders = 10;

/**
 * The folders that a call means: the one it names, otherwise the client's roots, otherwise the bridge's working
 * directory, otherwise the only indexed one. When several are possible, the error lists them. Those that are open need
 * no index when `mayIndex` is given and accepts them.
 */
export async function folderScope(
  named: string | undefined,
  where: FolderContext,
  lookup: FolderLookup,
  mayIndex?: MayIndex,
): Promise<FolderScope> {
  const asked = named === undefined ? folderContext(where) : [absolute(named, where)];
  if (asked.length > 0) {
    const folders: string[] = [];
    const unindexed = new Set<string>();
    const missing: string[] = [];
    for (const path of asked) {
      const open = folderContext(where).find((outer) => isWithin(outer, path));
      if ((await lookup.indexed(path)) !== undefined) folders.push(path);
      else if (mayIndex === undefined || open === undefined) missing.push(noIndex(path));
      else {
        try {
          const outer = await indexable(open, path, mayIndex);
          unindexed.add(outer);
          folders.push(path === open ? outer : path);
        } catch (error) {
          missing.push(errorMessage(error));
        }
      }
    }
    if (folders.length === 0) throw notIndexed(missing, lookup);
    return { folders, unindexed: [...unindexed], missing, isKnown: asked.length === 1 };
  }
  const all = lookup.indexedFolders();
  const [only] = all;
  if (only === undefined) throw nothingIndexed();
  if (all.length > 1) {
    throw new LanternError(
      'bad-request',
      `Several folders are indexed and the client did not say which one is open. Name one with "folder": ${listed(all)}.`,
    );
  }
  return { folders: [only.path], unindexed: [], missing: [], isKnown: false };
}

/** All indexed folders, in place of a group's name. */
export const everyFolder = '*';

/** The indexed folders of a group. The error lists the groups when there is none of that name. */
export async function groupScope(
  name: string,
  lookup: FolderLookup & { groups(): Promise<GroupsResult> },
): Promise<FolderScope> {
  const { groups, unindexed } = await lookup.groups();
  const all = name === everyFolder ? lookup.indexedFolders().map(({ path }) => path) : undefined;
  const wanted = all ?? groups.find((group) => group.name === name)?.folders;
  if (wanted === undefined) {
    const names = groups.map((group) => `"${safeLine(group.name, 100)}"`).join(', ');
    throw new LanternError(
      'not-found',
      `There is no group "${safeLine(name, 100)}".${names === '' ? ' The user makes one with: lantern group add NAME FOLDER.' : ` There are: ${names}.`}`,
    );
  }
  if (wanted.length === 0) throw nothingIndexed();
  const folders = wanted.filter((path) => !unindexed.includes(path));
  const missing = wanted.filter((path) => unindexed.includes(path)).map(noIndex);
  if (folders.length === 0) throw notIndexed(missing, lookup);
  return { folders, unindexed: [], missing, isKnown: false };
}

/** The folders that the client or the bridge names, whether indexed or not. */
export function folderContext({ roots, workingDirectory }: FolderContext): readonly string[] {
  if (roots.length > 0) return [...new Set(roots)];
  // Desktop programs start servers in the root of the file system or in the home folder, which mean nothing.
  if (workingDirectory === undefined || holdsHome(workingDirectory)) return [];
  return [workingDirectory];
}

/** Paths of the client's roots that are `file:` URIs. */
export function rootPaths(roots: readonly { readonly uri: string }[]): string[] {
  const paths: string[] = [];
  for (const { uri } of roots.slice(0, 64)) {
    if (!uri.startsWith('file:')) continue;
    try {
      paths.push(resolve(fileURLToPath(uri)));
    } catch {
      // A root on another machine is not ours.
    }
  }
  return paths;
}

/** Whether `inner` is `outer` or inside it. */
export function isWithin(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}

/** Whether the meaning of an omitted folder, or of a relative path, depends on what the client has open. */
export const dependsOnOpen = (path: string | undefined): boolean => path === undefined || !isAbsolute(path);

/**
 * The absolute path of a path that an agent wrote. A relative one is relative to the only folder that is known to be
 * open.
 */
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

/** The real path of the open folder that is to be indexed so that `path`, which is it or inside it, can be searched. */
async function indexable(open: string, path: string, mayIndex: MayIndex): Promise<string> {
  const [real, inner] = [await mayIndex(open), await mayIndex(path)];
  // A link may lead out of the open folder.
  if (!isWithin(real, inner)) throw new LanternError('not-found', noIndex(path));
  return real;
}

const nothingIndexed = (): LanternError =>
  new LanternError(
    'not-found',
    'Nothing is indexed yet. Call index_directory with the absolute path of the folder to search.',
  );

const noIndex = (path: string): string =>
  `${safeLine(path, 300)} is not indexed yet. Call index_directory with path "${safeLine(path, 300)}", then call this tool again.`;

function notIndexed(missing: readonly string[], lookup: FolderLookup): LanternError {
  const others = lookup.indexedFolders();
  const choice = others.length === 0 ? '' : ` Indexed are: ${listed(others)}.`;
  return new LanternError('not-found', `${missing.slice(0, namedFolders).join('\n')}${choice}`);
}

function listed(folders: readonly FolderStatus[]): string {
  const names = folders.slice(0, namedFolders).map(({ path }) => `"${safeLine(path, 300)}"`);
  const more = folders.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more (list_folders names them)` : ''}`;
}
