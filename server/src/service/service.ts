import { resolve } from 'node:path';
import { type Disposable, Emitter, disposeOnce } from '../../../shared/src/disposable.js';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  AgentSearch,
  ClearCacheResult,
  ClientInfo,
  Coverage,
  FindRelatedParams,
  FolderStatus,
  IndexProgress,
  IndexReport,
  MemoryResult,
  ModelsResult,
  RemoveResult,
  SearchHit,
  SearchParams,
  SearchResult,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import { collectGarbage } from './garbage.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { type Folder, type FolderView, type Folders, longestWaitMs } from '../indexing/folders.js';
import { resolveLanguage } from '../syntax/languages.js';
import type { SearchPriority } from '../indexing/searchPriority.js';
import type { Searcher } from '../search/searcher.js';
import type { Catalog } from '../catalog/catalog.js';
import type { SelectedModel } from './selectedModel.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import type { SearchTarget, SearchRequest, Nearest } from '../search/request.js';

/** What the service asks of the vector store's server; undefined while none of ours runs. */
export interface VectorServer {
  status(): { readonly kind: string; readonly detail?: string };
  info(): Promise<{ readonly pid: number; readonly rssBytes: number } | undefined>;
  sizeBytes(): Promise<number>;
  /** Gives its memory back, unless a job needs it; the next use starts it again. */
  stop(): Promise<void>;
}

export interface ServiceDependencies {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly folders: Folders;
  readonly searchPriority: SearchPriority;
  readonly searcher: Searcher;
  readonly model: SelectedModel;
  readonly vectorServer: VectorServer;
  readonly log: Log;
}

/** Who asks: one connected client, or a program that holds the service itself. */
export interface Caller {
  /** Folders that a request means when it names none. */
  folders(): readonly string[];
}

/** In a folder that is read for the first time, enough for an answer is there long before all of it. */
const firstWaitMs = 10;
const againMs = 10;
/** A folder compared this recently is not compared again. */
const rescanEveryMs = 1000;
const defaultLimit = 10;
/** Searches of agents that are remembered, and how much of each query. */
const agentSearchesKept = 50;
const agentQueryChars = 200;

/** Every use of Lantern, behind one door: the language server's requests and the agents' tools call the same methods. */
export class Service {
  readonly #deps: ServiceDependencies;
  readonly #startedAt = Date.now();
  readonly #agentSearches: AgentSearch[] = [];
  readonly #agentSearched = new Emitter<undefined>();

  constructor(deps: ServiceDependencies) {
    this.#deps = deps;
  }

  async search(params: SearchParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    const began = performance.now();
    const request = this.#request(params);
    const wait = params.wait === true;
    const views = await this.#views(params.path, caller, wait);
    // Who waits, waits for vectors too: an index job has to get on until then.
    if (wait) for (const { folder } of views) await this.#freshen(folder, wait, request.mode, signal);
    const running = this.#deps.searchPriority.begin();
    try {
      const embedding = this.#queryVector(request, wait, signal);
      embedding.catch(() => undefined);
      if (!wait) for (const { folder } of views) await this.#freshen(folder, wait, request.mode, signal);
      const vector = await embedding;
      const searchAll = (): Promise<SearchHit[][]> =>
        Promise.all(views.map((view) => this.#searchFolder(view, request, vector.value, signal)));
      let found = await searchAll();
      while (found.flat().length < request.limit && views.some(isFirstRead)) {
        if (performance.now() - began > longestWaitMs) break;
        await timeout(againMs);
        found = await searchAll();
      }
      const hits = found
        .flat()
        .sort((a, b) => b.score - a.score)
        .slice(0, request.limit);
      return {
        hits: found.length === 1 ? (found[0] ?? []) : hits,
        coverage: this.#coverage(views, vector),
        elapsedMs: Math.round((performance.now() - began) * 10) / 10,
      };
    } finally {
      running.dispose();
    }
  }

  async findRelated(params: FindRelatedParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    const running = this.#deps.searchPriority.begin();
    try {
      return await this.#related(params, caller, signal);
    } finally {
      running.dispose();
    }
  }

  /** Brings a folder up to date, words, vectors and collection; answers when it is. */
  async index(
    path: string,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<IndexReport> {
    const { folders } = this.#deps;
    for (;;) {
      const { folder } = await folders.open(path);
      const listening = folder.progress.on(onProgress);
      try {
        return await folders.refresh(folder, signal);
      } catch (error) {
        // A folder around it may have been opened meanwhile, and goes on with this one's job.
        const heir = folder.indexer.disposed && !signal?.aborted ? await folders.find(path) : undefined;
        if (heir === undefined || heir.folder === folder) throw error;
      } finally {
        listening.dispose();
      }
    }
  }

  /** Files that an editor saw change: their folders are brought up to date in one job, however many they are. */
  changed(paths: readonly string[]): void {
    const { folders, log } = this.#deps;
    folders
      .changedOnDisk(paths)
      .catch((error: unknown) => log.write('warn', 'changes.failed', { cause: errorMessage(error) }));
  }

  /** Calls back when something that `status` or `memory` tells has changed; often, so collect. */
  onDidChange(listener: () => void): Disposable {
    const { folders, model } = this.#deps;
    const all = [folders.changed.on(listener), model.changed.on(listener), this.#agentSearched.on(listener)];
    return disposeOnce(() => all.forEach((one) => one.dispose()));
  }

  /** The indexed folder that holds `path`, if there is one. */
  async indexed(path: string): Promise<FolderStatus | undefined> {
    const { folders } = this.#deps;
    const view = await folders.find(path);
    return view && folders.status(view.folder);
  }

  indexedFolders(): readonly FolderStatus[] {
    const { folders } = this.#deps;
    return folders.all().map((folder) => folders.status(folder));
  }

  /** Remembers what an agent asked, so that the user can see it. */
  recordAgentSearch(search: Omit<AgentSearch, 'at'>): void {
    const query = search.query.slice(0, agentQueryChars);
    this.#agentSearches.unshift({ ...search, query, at: Date.now() });
    this.#agentSearches.splice(agentSearchesKept);
    this.#agentSearched.emit(undefined);
  }

  status(clients: readonly ClientInfo[]): StatusResult {
    const { model, vectorServer, version, dataDir } = this.#deps;
    return {
      version,
      pid: process.pid,
      dataDir,
      startedAt: this.#startedAt,
      model: { name: model.name, dtype: model.dtype, status: model.status() },
      vectors: vectorServer.status(),
      folders: this.indexedFolders(),
      clients,
      agentSearches: [...this.#agentSearches],
    };
  }

  async memory(clients: readonly ClientInfo[]): Promise<MemoryResult> {
    const { catalog, folders, model, vectorServer } = this.#deps;
    const { models, totals } = model.cacheUsage();
    const disk = { catalogBytes: catalog.sizeBytes(), chromaBytes: await vectorServer.sizeBytes() };
    const statuses = folders.all().map((folder) => folders.status(folder));
    const chunksTotal = statuses.reduce((sum, { chunks }) => sum + chunks, 0);
    return {
      daemon: { pid: process.pid, rssBytes: process.memoryUsage.rss() },
      chroma: (await vectorServer.info()) ?? null,
      models,
      folders: statuses.map(({ path, collection, files, chunks }) => {
        // Both stores hold all folders in the same files: each is counted by its share of the chunks.
        const share = chunksTotal === 0 ? 0 : chunks / chunksTotal;
        const diskBytes = Math.round(share * (disk.catalogBytes + disk.chromaBytes));
        return { path, collection, files, chunks, diskBytes };
      }),
      clients,
      totals,
      disk,
    };
  }

  models(): Promise<ModelsResult> {
    return this.#deps.model.known();
  }

  async preload(): Promise<void> {
    await this.#deps.model.preload();
  }

  async pause(path: string | undefined): Promise<void> {
    for (const folder of await this.#named(path)) this.#deps.folders.pause(folder);
  }

  async resume(path: string | undefined): Promise<void> {
    for (const folder of await this.#named(path)) this.#deps.folders.resume(folder);
  }

  remove(path: string): Promise<RemoveResult> {
    return this.#deps.folders.remove(path);
  }

  /** Frees every loaded model, and what this process and Chroma held. */
  async clearCache(): Promise<ClearCacheResult> {
    const cleared = await this.#deps.model.clear();
    await this.#deps.vectorServer.stop();
    await collectGarbage();
    return cleared;
  }

  // ------------------------------------------------------------- search, step by step

  #request({ query, limit, mode, language, glob, explain }: SearchParams): SearchRequest {
    const languages = language === undefined ? undefined : resolveLanguage(language);
    if (languages?.length === 0) {
      throw new LanternError(
        'bad-request',
        `Unknown language "${language ?? ''}". Try a name such as typescript, or an ending such as ts.`,
      );
    }
    return {
      query,
      limit: limit ?? defaultLimit,
      mode: mode ?? 'hybrid',
      ...(languages && { languages }),
      ...(glob !== undefined && { glob }),
      ...(explain === true && { explain }),
    };
  }

  /** The folder that was named, or all of the caller's; one that is not indexed is opened only when the caller waits. */
  async #views(path: string | undefined, caller: Caller, open: boolean): Promise<FolderView[]> {
    const paths = path === undefined ? caller.folders() : [path];
    if (paths.length === 0)
      throw new LanternError('bad-request', 'No folder was named and none is open. Name one with "path".');
    const views: FolderView[] = [];
    for (const one of paths) {
      const view = open ? await this.#deps.folders.open(one) : await this.#deps.folders.find(one);
      if (view === undefined && path !== undefined) throw notIndexed(path);
      // A folder inside another that was named as well is seen already.
      if (view !== undefined && !views.some((other) => covers(other, view))) {
        views.splice(0, views.length, ...views.filter((other) => !covers(view, other)), view);
      }
    }
    // One that was taken over by a later one is gone.
    return views.filter(({ folder }) => !folder.indexer.disposed);
  }

  /** Compares the folder with the disk, so that hits are true; waits for vectors too when the caller does. */
  async #freshen(
    folder: Folder,
    wait: boolean,
    mode: SearchParams['mode'],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { folders, log } = this.#deps;
    const fresh = performance.now() - folder.scannedAt < rescanEveryMs;
    if (wait && mode !== 'lexical') {
      if (!fresh || folders.status(folder).chunksPending > 0) await folders.refresh(folder, signal);
      return;
    }
    if (fresh) return;
    if (wait) {
      await folders.scan(folder, signal);
      return;
    }
    const scanned = new Promise<'in time'>((settle) => {
      const done = (): void => settle('in time');
      folders
        .refresh(folder, undefined, done)
        .catch((error: unknown) =>
          log.write('warn', 'rescan.failed', { folder: folder.path, cause: errorMessage(error) }),
        )
        .finally(done);
    });
    // Hits are compared with the disk in any case: a long scan would be waited for in vain.
    if (folder.slow) return;
    const waitMs = isFirstRead({ folder }) ? firstWaitMs : longestWaitMs;
    if ((await Promise.race([scanned, timeout(waitMs)])) !== 'in time') folder.slow = true;
  }

  /** The query's vector when the model is there, or why it is not. A search that need not wait never loads the model. */
  async #queryVector(
    request: SearchRequest,
    wait: boolean,
    signal: AbortSignal | undefined,
  ): Promise<QueryVector> {
    if (request.mode === 'lexical') return { value: undefined };
    const { model, log } = this.#deps;
    if (!wait && request.mode === 'hybrid' && model.status().kind !== 'ready') {
      void model.preload().catch(() => undefined);
      return { value: undefined, reason: 'the model is being loaded' };
    }
    try {
      return { value: await model.embedQuery(request.query, signal) };
    } catch (error) {
      if (request.mode === 'semantic' || signal?.aborted === true) throw error;
      log.write('warn', 'query.words-only', { cause: errorMessage(error) });
      return { value: undefined, reason: errorMessage(error) };
    }
  }

  async #related(params: FindRelatedParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    const began = performance.now();
    const [view] = await this.#views(params.path, caller, false);
    if (view === undefined) throw notIndexed(params.path);
    await this.#freshen(view.folder, false, 'hybrid', signal);
    const { catalog, folders, searcher } = this.#deps;
    const { folder } = view;
    // By its real path: the editor may have opened the folder through a link.
    const place = await folders.find(resolve(params.path, params.file));
    const path = place?.folder === folder ? place.prefix.slice(0, -1) : '';
    const file = catalog.file(folder.indexer.folder.id, path);
    if (file === undefined) {
      throw new LanternError(
        'not-found',
        `${params.file} is not indexed in ${folder.path}: it may be excluded or new.`,
      );
    }
    const chunk = catalog
      .chunksOfFile(file.id)
      .find(({ startLine, endLine }) => startLine <= params.line && params.line <= endLine);
    const vector = chunk && catalog.vectors.get(folder.indexer.folder, chunk.vectorDigest);
    const limit = params.limit ?? defaultLimit;
    const hits =
      chunk === undefined
        ? []
        : await searcher.related(
            this.#target(view, vector),
            chunk,
            limit,
            params.includeOwnFile === true,
            signal,
          );
    const state =
      vector === undefined ? { value: undefined, reason: 'this place has no vector yet' } : { value: vector };
    return {
      hits,
      coverage: this.#coverage([view], state),
      elapsedMs: Math.round(performance.now() - began),
    };
  }

  async #searchFolder(
    view: FolderView,
    request: SearchRequest,
    vector: Float32Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SearchHit[]> {
    return this.#deps.searcher.search(this.#target(view, vector), request, signal);
  }

  #target({ folder, prefix }: FolderView, vector: Float32Array | undefined): SearchTarget {
    const texts = new SourceTexts(folder.path, this.#deps.settings.index);
    const nearest: Nearest = (...args) =>
      folder.indexer.projector.withCollection((collection) => collection.query(...args));
    const vectors = vector && { nearest, query: vector };
    return { folder: folder.indexer.folder, prefix, texts, vectors };
  }

  #coverage(views: readonly FolderView[], vector: QueryVector): Coverage {
    let filesTotal = 0;
    let filesPending = 0;
    let filesByMeaning = 0;
    for (const folder of new Set(views.map((view) => view.folder))) {
      filesByMeaning += this.#deps.catalog.fileVectors.count(folder.indexer.folder);
      const counts = this.#deps.catalog.counts(folder.indexer.folder.id);
      const total = Math.max(folder.filesTotal, counts.files);
      filesTotal += total;
      filesPending += counts.filesPending + total - counts.files;
    }
    return {
      filesTotal,
      filesIndexed: filesTotal - filesPending,
      filesPending,
      filesByMeaning,
      semantic: vector.value !== undefined,
      ...(vector.reason !== undefined && { reason: vector.reason }),
    };
  }

  async #named(path: string | undefined): Promise<readonly Folder[]> {
    if (path === undefined) return this.#deps.folders.all();
    const view = await this.#deps.folders.find(path);
    if (view === undefined) throw notIndexed(path);
    return [view.folder];
  }
}

interface QueryVector {
  readonly value: Float32Array | undefined;
  readonly reason?: string;
}

function notIndexed(path: string): LanternError {
  return new LanternError('not-found', `${path} is not indexed. Index it first: lantern index "${path}".`);
}

/** Whether a folder is being read for the first time, so that its words come file by file. */
function isFirstRead({ folder }: Pick<FolderView, 'folder'>): boolean {
  return folder.scannedAt === -Infinity && folder.indexer.folder.indexedAt === null;
}

function covers(outer: FolderView, inner: FolderView): boolean {
  return outer.folder === inner.folder && inner.prefix.startsWith(outer.prefix);
}

function timeout(ms: number): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, ms).unref();
  });
}
