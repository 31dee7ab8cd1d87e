import { constants, type Dirent } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { LanternError, cancelled } from '../../../shared/src/errors.js';
import { type SkipReason, isSecretFolder } from './excludes.js';
import {
  type Child,
  type Directory,
  type Examined,
  type FoundFile,
  type PathCheck,
  type WalkOptions,
  FolderTree,
  folderError,
  gone,
  pathOf,
  skipped,
} from './folderTree.js';

export type { SkipReason } from './excludes.js';
export type { FoundFile, PathCheck, WalkOptions } from './folderTree.js';

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
    const real = await realpath(absolute);
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

/**
 * Decides about single paths as the walk would. It caches the directories and rules that it has read, so use one for
 * each burst of changes.
 */
export class PathInspector {
  readonly #tree: FolderTree;
  readonly #known = new Map<string, KnownDirectory | PathCheck>();

  constructor(root: string, options: WalkOptions) {
    this.#tree = new FolderTree(root, options);
    this.#known.set('', remember(this.#tree.top));
  }

  /**
   * `path` is relative to the root, with `/`. The result has the path as spelled on disk, which may differ on file
   * systems that fold case or normalize Unicode.
   */
  inspect(path: string): PathCheck {
    const segments = path.split('/');
    const name = segments.pop() ?? '';
    const parent = this.#enter(segments);
    if ('kind' in parent) return parent;
    const examined = this.#examine(parent, name);
    if (examined.kind !== 'folder') return examined;
    const entered = this.#enter([...segments, name]);
    return 'kind' in entered ? entered : { kind: 'folder' };
  }

  #enter(segments: readonly string[]): KnownDirectory | PathCheck {
    let current: KnownDirectory | PathCheck = this.#known.get('') ?? gone;
    let key = '';
    for (const segment of segments) {
      if ('kind' in current) return current;
      key += `${segment}/`;
      let next = this.#known.get(key);
      if (!next) {
        const examined = this.#examine(current, segment);
        // A file on the way has nothing below it.
        next =
          examined.kind === 'folder'
            ? remember(this.#tree.open(examined))
            : examined.kind === 'file'
              ? gone
              : examined;
        this.#known.set(key, next);
      }
      current = next;
    }
    return current;
  }

  #examine(known: KnownDirectory, name: string): Examined {
    const entry = known.byName.get(name) ?? sameName(known.directory.entries, name);
    return entry ? this.#tree.examine(known.directory, entry) : gone;
  }
}

/**
 * Whether the walk would yield this path. For several paths use one `PathInspector`, which reads the rules only once.
 */
export function isIndexable(root: string, path: string, options: WalkOptions): boolean {
  return new PathInspector(root, options).inspect(path).kind === 'file';
}

interface KnownDirectory {
  readonly directory: Directory;
  readonly byName: ReadonlyMap<string, Dirent>;
}

function remember(directory: Directory | PathCheck): KnownDirectory | PathCheck {
  if ('kind' in directory) return directory;
  const byName = new Map<string, Dirent>();
  // Of two names with the same text, the walk also takes the first.
  for (const entry of directory.entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return { directory, byName };
}

/** The entry that an editor calls `name`, where the file system spells it differently. */
function sameName(entries: readonly Dirent[], name: string): Dirent | undefined {
  if (process.platform === 'linux') return undefined;
  const folded = name.normalize('NFC').toLowerCase();
  return entries.find((entry) => entry.name.normalize('NFC').toLowerCase() === folded);
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
    await new Promise((done) => setImmediate(done));
    this.check();
    this.#end = performance.now() + sliceMs;
  }

  check(): void {
    if (this.#signal?.aborted) throw cancelled('Listing files');
  }
}
