import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { LanternError, cancelled } from '../../../shared/src/errors.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import { pathWithoutLinks } from '../../../shared/src/pathWithoutLinks.js';
import { type SkipReason, isSecretFolder } from './excludes.js';
import {
  type Child,
  type Directory,
  type FoundFile,
  type WalkOptions,
  FolderTree,
  folderError,
  pathOf,
  skipped,
} from './folderTree.js';

export type { SkipReason } from './excludes.js';
export type { FoundFile, WalkOptions } from './folderTree.js';

/**
 * Called with each excluded path, relative to the root. That of a directory ends in `/` and includes everything in
 * it.
 */
export type OnSkip = (path: string, reason: SkipReason) => void;

/** Longest time in milliseconds that the walk blocks the event loop. */
const sliceMs = 8;
const batchFiles = 256;

/**
 * The absolute path of the folder without symbolic links. Throws a `LanternError` that says why it cannot be indexed.
 */
export async function checkFolder(path: string): Promise<string> {
  if (path === '' || path.includes('\0')) {
    throw new LanternError('bad-request', 'The path of the folder is empty or broken. Name a folder.');
  }
  const absolute = resolve(path);
  try {
    const real = pathWithoutLinks(absolute);
    const stats = await stat(real);
    if (stats.isFile()) {
      const next = `Name the folder that holds it: ${dirname(real)}`;
      throw new LanternError('bad-request', `${absolute} is a file, not a folder. ${next}`);
    }
    if (!stats.isDirectory()) {
      throw new LanternError('bad-request', `${absolute} is not a folder. Name a folder.`);
    }
    const keys = real.split(sep).find(isSecretFolder);
    if (keys !== undefined) {
      const cause = `${keys} holds keys and credentials, which are never indexed`;
      throw new LanternError('bad-request', `${absolute} cannot be indexed: ${cause}. Name another folder.`);
    }
    await access(real, constants.R_OK | constants.X_OK);
    return real;
  } catch (error) {
    throw folderError(absolute, error);
  }
}

/**
 * Finds the files of a folder that may be indexed, in batches, in the same order in every run. Throws when the root
 * itself cannot be listed, so that a missing disk never looks like an empty folder.
 */
export async function* walk(
  root: string,
  options: WalkOptions,
  onSkip: OnSkip = ignoreSkip,
): AsyncGenerator<FoundFile[]> {
  const slice = new Slice(options.signal);
  slice.check();
  const tree = new FolderTree(root, options);
  const pending: (Directory | Child)[] = [tree.top];
  let batch: FoundFile[] = [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (slice.isOver) await slice.next();
    const directory = 'kind' in next ? tree.open(next) : next;
    if ('kind' in directory) {
      if (directory.kind === 'skipped') onSkip(`${pathOf(next as Child)}/`, directory.reason);
      continue;
    }
    const children: Child[] = [];
    let previous: string | undefined;
    for (const entry of directory.entries) {
      if (slice.isOver) await slice.next();
      // Two names with the same text: both contain bytes that are not valid UTF-8.
      const examined = entry.name === previous ? skipped('bad-name') : tree.examine(directory, entry);
      previous = entry.name;
      if (examined.kind === 'folder') {
        children.push(examined);
      } else if (examined.kind === 'skipped') {
        onSkip(`${directory.path}${entry.name}${entry.isDirectory() ? '/' : ''}`, examined.reason);
      } else if (examined.kind === 'file' && batch.push(examined.file) >= batchFiles) {
        yield batch;
        batch = [];
        slice.check();
      }
    }
    // Pushed in reverse, so that the first is popped first.
    for (const child of children.reverse()) pending.push(child);
  }
  if (batch.length > 0) yield batch;
}

function ignoreSkip(): void {
  // Default for callers that do not need it.
}

/** A time slice of the event loop. */
class Slice {
  readonly #signal: AbortSignal | undefined;
  #end = performance.now() + sliceMs;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return performance.now() > this.#end;
  }

  /** Lets everything else run, then begins the next slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.check();
    this.#end = performance.now() + sliceMs;
  }

  check(): void {
    if (this.#signal?.aborted) throw cancelled('Listing files');
  }
}
