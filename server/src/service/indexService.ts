import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  ExportParams,
  ExportResult,
  ImportParams,
  ImportReport,
  IndexParams,
  IndexProgress,
  IndexReport,
  RemoveResult,
} from '../../../shared/src/protocol/protocol.js';
import { unlessAborted } from '../../../shared/src/sharedTask.js';
import type { Folders } from '../indexing/folders.js';
import { type FolderAccess, notIndexed } from './folderAccess.js';

export interface IndexServiceDependencies {
  readonly access: FolderAccess;
  readonly folders: Folders;
  readonly log: Log;
}

/** Answers the requests that change an index: `lantern/index`, `pause`, `resume`, `remove`, and changes on disk. */
export class IndexService {
  readonly #deps: IndexServiceDependencies;

  constructor(deps: IndexServiceDependencies) {
    this.#deps = deps;
  }

  /** Brings a folder's terms, vectors and collection up to date, and answers when they are. */
  async index(
    { path, goOn, existing, force, unlessRefused = false }: IndexParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<IndexReport> {
    const { access, folders } = this.#deps;
    for (;;) {
      const view =
        existing === true
          ? await folders.find(path)
          : await access.open(path, { ...(force !== undefined && { force }), unlessRefused });
      if (view === undefined) throw notIndexed(path);
      if (existing !== true && !unlessRefused) await access.liftRefusal(path);
      const { folder } = view;
      const listening = folder.progress.on(onProgress);
      try {
        return await (goOn === true && signal !== undefined
          ? unlessAborted(folders.refresh(folder), signal, 'Indexing')
          : folders.refresh(folder, signal));
      } catch (error) {
        // A folder around this one may have been opened meanwhile. It has absorbed this folder and continues its job.
        const successor = folder.indexer.disposed && !signal?.aborted ? await folders.find(path) : undefined;
        if (successor === undefined || successor.folder === folder) throw error;
      } finally {
        listening.dispose();
      }
    }
  }

  /** As `index`, with the vectors of a file, so that the model has less to do or nothing. */
  async import(
    { path, file }: ImportParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<ImportReport> {
    const { access, folders } = this.#deps;
    const { folder } = await access.open(path, { unlessRefused: false });
    await access.liftRefusal(path);
    const listening = folder.progress.on(onProgress);
    try {
      return await folders.import(folder, file, signal);
    } finally {
      listening.dispose();
    }
  }

  async export(
    { path, file }: ExportParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<ExportResult> {
    const view = await this.#deps.folders.find(path);
    if (view === undefined) throw notIndexed(path);
    const { folder } = view;
    return { folder: folder.path, file, ...(await folder.indexer.export(file, onProgress, signal)) };
  }

  /** Starts an index for a folder that has none. It is filled in the background. */
  async begin(path: string): Promise<void> {
    const { access, folders, log } = this.#deps;
    const { folder } = await access.open(path);
    folders
      .refresh(folder)
      .catch((error: unknown) =>
        log.write('warn', 'index.failed', { folder: folder.path, cause: errorMessage(error) }),
      );
  }

  /** Takes files that an editor saw change. Each folder among them is brought up to date in one job. */
  changed(paths: readonly string[]): void {
    const { folders, log } = this.#deps;
    folders
      .changedOnDisk(paths)
      .catch((error: unknown) => log.write('warn', 'changes.failed', { cause: errorMessage(error) }));
  }

  async pause(path: string | undefined): Promise<void> {
    for (const folder of await this.#deps.access.named(path)) this.#deps.folders.pause(folder);
  }

  async resume(path: string | undefined): Promise<void> {
    for (const folder of await this.#deps.access.named(path)) this.#deps.folders.resume(folder);
  }

  /** Remembers that the user does not want a folder indexed. An index that there is stays. */
  refuse(path: string): Promise<void> {
    return this.#deps.access.refuse(path);
  }

  remove(path: string): Promise<RemoveResult> {
    return this.#deps.folders.remove(path);
  }
}
