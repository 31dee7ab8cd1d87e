import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { contains } from '../../../shared/src/contains.js';
import { safeLine } from '../../../shared/src/safeText.js';
import type { Log } from '../../../shared/src/log.js';
import type { Coverage, SearchHit, SearchMode } from '../../../shared/src/protocol/protocol.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import type { Catalog } from '../catalog/catalog.js';
import { type Folder, type FolderView, type Folders, longestWaitMs } from '../indexing/folders.js';
import type { Nearest, SearchTarget } from '../search/request.js';
import { realPath } from '../indexing/folderPaths.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { checkMayIndex, thisMachine } from './mayIndex.js';
import type { Groups } from './groups.js';
import type { Refusals } from './refusals.js';

/** Who asks: a connected client, or a program that uses the service directly. */
export interface Caller {
  /** Folders that a request means when it names none. */
  folders(): readonly string[];
}

/** A query's vector, or the reason why there is none. Neither is set when no vector was asked for. */
export interface QueryVector {
  readonly value: Float32Array | undefined;
  readonly reason?: string;
}

export interface FolderAccessDependencies {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly refusals: Refusals;
  readonly groups: Groups;
  readonly catalog: Catalog;
  readonly folders: Folders;
  readonly log: Log;
}

/** A folder that is read for the first time can fill a page of hits long before its scan ends. */
const firstScanWaitMs = 10;
/** When so many files of a folder are indexed, a search does not wait for more to fill its page. */
const firstFiles = 64;
/** A folder is not compared with the disk again within this time. */
const rescanEveryMs = 1000;

/** Most folders that a sentence names. */
const mostNamed = 3;

/** How long a search waits for a collection, which answers within a few milliseconds, and one that waits for all. */
export const collectionMs = 300;
export const longestCollectionMs = 30_000;

/** What to say of an answer for which a collection was late. */
export const collectionLate =
  'Chroma has not answered in time, so that the vectors of files stand in for those of chunks';

/** How a search waits for a folder to be brought up to date. */
interface Rescan {
  readonly wait: boolean;
  readonly mode: SearchMode | undefined;
  readonly signal: AbortSignal | undefined;
  readonly patienceMs: number;
}

/** Finds the folders that a request means, brings them up to date, and says how much of them an answer covers. */
export class FolderAccess {
  readonly #deps: FolderAccessDependencies;

  constructor(deps: FolderAccessDependencies) {
    this.#deps = deps;
  }

  /**
   * The indexed folder that holds `path`. One without an index gets one, unless it is none to index or its user has refused
   * it: that is a `bad-request` error that says what to do. With `force` only keys and Lantern's own data are refused.
   */
  async open(path: string, { force = false, unlessRefused = true } = {}): Promise<FolderView> {
    const { dataDir, folders } = this.#deps;
    if ((await folders.find(path)) === undefined) {
      const real = await checkMayIndex(path, { isAgent: false, force }, thisMachine(dataDir));
      const refused = this.refusedFor(real);
      if (unlessRefused && refused !== undefined)
        throw new LanternError(
          'bad-request',
          `${real} is not indexed: in the editor you have said of ${refused} not to. Index it all the same: lantern index "${real}".`,
        );
    }
    return folders.open(path);
  }

  /** The real path of a folder that an agent may have indexed; a `bad-request` error for any other. */
  async mayIndexForAgent(path: string): Promise<string> {
    const { dataDir, folders } = this.#deps;
    const real = await checkMayIndex(path, { isAgent: true }, thisMachine(dataDir));
    const refused = (await folders.find(real)) === undefined ? this.refusedFor(real) : undefined;
    if (refused === undefined) return real;
    const name = safeLine(real, 400);
    throw new LanternError(
      'bad-request',
      `${name} is not indexed: its user has said in the editor not to index ${safeLine(refused, 400)}. ` +
        `Only the user can change that, with: lantern index "${name}". Look without Lantern.`,
    );
  }

  /** The folder that the user refused, on whose account `real` is not indexed, if there is one. */
  refusedFor(real: string): string | undefined {
    return this.#deps.refusals.concerning(real);
  }

  /** Remembers that the user does not want a folder indexed. */
  refuse(path: string): Promise<void> {
    return this.#deps.refusals.add(realPath(path));
  }

  /** The user wants a folder indexed. */
  liftRefusal(path: string): Promise<void> {
    return this.#deps.refusals.lift(realPath(path));
  }

  /**
   * The named folder, or all folders of the caller. `open` starts an index for a folder that has none; otherwise a named
   * folder without an index is a `not-found` error. A folder inside another one of the list is left out.
   */
  async views(path: string | undefined, caller: Caller, open: boolean): Promise<FolderView[]> {
    const paths = path === undefined ? caller.folders() : [path];
    if (paths.length === 0)
      throw new LanternError('bad-request', 'No folder was named and none is open. Name one with "path".');
    const { folders } = this.#deps;
    const views: FolderView[] = [];
    for (const wanted of paths) {
      const isOffered = open && (path !== undefined || this.refusedFor(realPath(wanted)) === undefined);
      const view = isOffered ? await this.open(wanted) : await folders.find(wanted);
      if (view === undefined && path !== undefined) throw notIndexed(path);
      if (view !== undefined && !views.some((other) => covers(other, view))) {
        views.splice(0, views.length, ...views.filter((other) => !covers(view, other)), view);
      }
    }
    // A folder opened later may have absorbed one opened before it.
    return views.filter(({ folder }) => !folder.indexer.disposed);
  }

  /** The indexed folders of a group, or all, and what to say of those without an index. */
  async viewsOf(group: string | undefined): Promise<{ views: FolderView[]; reason?: string }> {
    const { folders, groups } = this.#deps;
    const paths = group === undefined ? folders.all().map(({ path }) => path) : groups.folders(group);
    if (paths.length === 0)
      throw new LanternError('not-found', 'Nothing is indexed yet: lantern index PATH.');
    const views = await this.views(undefined, { folders: () => paths }, false);
    const missing = paths.filter((path) => !views.some(({ folder }) => contains(folder.path, path)));
    if (missing.length === 0) return { views };
    const named = missing
      .slice(0, mostNamed)
      .map((path) => `"${safeLine(path, 200)}"`)
      .join(', ');
    const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : '';
    return { views, reason: `${named}${more} of the group have no index; lantern index PATH makes one` };
  }

  /** The folder that holds `path`, or every folder when no path is given. */
  async named(path: string | undefined): Promise<readonly Folder[]> {
    if (path === undefined) return this.#deps.folders.all();
    const view = await this.#deps.folders.find(path);
    if (view === undefined) throw notIndexed(path);
    return [view.folder];
  }

  /**
   * Compares the folder with the disk, so that hits are true. With `wait` it returns when the index is complete: terms
   * for lexical searches, terms and vectors for the others. Without `wait` it returns after a short time at most, for
   * the first index of a folder after `patienceMs`, and the rest goes on in the background.
   */
  async rescan(folder: Folder, { wait, mode, signal, patienceMs }: Rescan): Promise<void> {
    const { folders, log } = this.#deps;
    const isFresh = performance.now() - folder.scannedAt < rescanEveryMs;
    if (wait && mode !== 'lexical') {
      if (!isFresh || folders.status(folder).chunksPending > 0) await folders.refresh(folder, signal);
      return;
    }
    if (isFresh) return;
    if (wait) {
      await folders.scan(folder, signal);
      return;
    }
    const isFirst = isFirstScan({ folder });
    let settle = (_: 'in time'): void => undefined;
    const scanned = new Promise<'in time'>((resolve) => (settle = resolve));
    const done = (): void => settle('in time');
    const refreshed = folders
      .refresh(folder, undefined, done)
      .catch((error: unknown) =>
        log.write('warn', 'rescan.failed', { folder: folder.path, cause: errorMessage(error) }),
      )
      .finally(done);
    if (isFirst && patienceMs > 0) {
      await Promise.race([mode === 'lexical' ? scanned : refreshed, timeout(patienceMs)]);
      return;
    }
    // Hits are compared with the disk in any case, so a scan that takes long is not worth waiting for.
    if (folder.slow) return;
    const waitMs = isFirst ? firstScanWaitMs : longestWaitMs;
    if ((await Promise.race([scanned, timeout(waitMs)])) !== 'in time') folder.slow = true;
  }

  /** Whether the folder's first files are being read, so that a little later there are many more hits. */
  isBeginning(view: FolderView): boolean {
    if (!isFirstScan(view)) return false;
    return this.#deps.catalog.counts(view.folder.indexer.folder.id).files < firstFiles;
  }

  /**
   * The view as the searcher takes it; without a query's vector only terms take part. A collection that has not answered
   * within `deadlineMs` is left aside, and the vectors of files stand in: then `late` is called.
   */
  target(
    { folder, prefix }: FolderView,
    query: Float32Array | Promise<Float32Array | undefined> | undefined,
    deadlineMs: number,
    late: () => void,
  ): SearchTarget {
    const texts = new SourceTexts(folder.path, this.#deps.settings.index);
    const nearest: Nearest = async (...args) => {
      const asked = folder.indexer.projector.withCollection((collection) => collection.query(...args));
      asked.catch(() => undefined);
      const found = await Promise.race([asked, timeout(deadlineMs)]);
      // Of a folder that has no vectors yet nothing is missed.
      if (found === undefined && this.#deps.catalog.countVectors(folder.indexer.folder) > 0) late();
      return found ?? [];
    };
    const vectors = query && { nearest, query };
    return { folder: folder.indexer.folder, prefix, texts, vectors };
  }

  /** Has the files of these hits embedded before the rest of the folder. */
  want({ folder: { path: root, indexer }, prefix }: FolderView, hits: readonly SearchHit[]): void {
    const { catalog, folders } = this.#deps;
    const { id } = indexer.folder;
    if (folders.counts(indexer.folder).chunksPending === 0) return;
    const own = hits.filter((hit) => contains(root, hit.folder));
    const paths = new Set(own.map(({ path }) => prefix + path));
    const files = [...paths].map((path) => catalog.files.get(id, path)?.id);
    indexer.want(files.filter((file) => file !== undefined));
  }

  /** `reason`: why the answer is less than it could be, if it is. */
  coverage(views: readonly FolderView[], vector: QueryVector, reason = vector.reason): Coverage {
    const { catalog, folders } = this.#deps;
    let filesTotal = 0;
    let filesPending = 0;
    let filesUnread = 0;
    let filesByMeaning = 0;
    let isCounting = false;
    let why = reason;
    for (const folder of new Set(views.map((view) => view.folder))) {
      // A job that failed has left out what it had not read.
      if (folder.status.kind === 'failed') why ??= folder.status.reason;
      filesByMeaning += catalog.fileVectors.count(folder.indexer.folder);
      const counts = folders.counts(folder.indexer.folder);
      // What a first scan has counted ahead is there, though not read yet.
      const ahead = folder.status.kind === 'scanning' ? folder.status.total : 0;
      if (ahead < 0 && isFirstScan({ folder })) isCounting = true;
      const total = Math.max(folder.filesTotal, counts.files, ahead);
      const unread = total - counts.files;
      filesTotal += total;
      filesUnread += unread;
      filesPending += counts.filesPending + unread;
    }
    return {
      filesTotal,
      filesIndexed: filesTotal - filesPending,
      filesPending,
      filesUnread,
      ...(isCounting && { isCounting }),
      filesByMeaning,
      semantic: vector.value !== undefined,
      ...(why !== undefined && { reason: why }),
      ...(filesTotal === 0 && whyEmptyAll(views)),
    };
  }
}

/** Why none of the folders has files, as their last scans found it; nothing while one has not been scanned. */
function whyEmptyAll(views: readonly FolderView[]): Pick<Coverage, 'emptyBecause'> {
  const folders = [...new Set(views.map(({ folder }) => folder))];
  const reasons = folders.flatMap(({ emptyBecause }) => emptyBecause ?? []);
  if (folders.length === 0 || reasons.length < folders.length) return {};
  const [only] = reasons;
  const emptyBecause =
    reasons.length === 1 ? only : folders.map(({ path }, i) => `${path}: ${reasons[i] ?? ''}`).join(' ');
  return emptyBecause === undefined ? {} : { emptyBecause };
}

export function notIndexed(path: string): LanternError {
  return new LanternError('not-found', `${path} is not indexed. Index it first: lantern index "${path}".`);
}

/** Whether the folder is being read for the first time, so that its files become searchable one by one. */
function isFirstScan({ folder }: Pick<FolderView, 'folder'>): boolean {
  return folder.scannedAt === -Infinity && folder.indexer.folder.indexedAt === null;
}

/** Resolves after `ms` without keeping the process alive. */
export function timeout(ms: number): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, ms).unref();
  });
}

function covers(outer: FolderView, inner: FolderView): boolean {
  return outer.folder === inner.folder && inner.prefix.startsWith(outer.prefix);
}
