import { type Disposable, Emitter, disposeOnce } from '../../../shared/src/disposable.js';
import type {
  AgentSearch,
  ClearCacheResult,
  ClientInfo,
  FolderStatus,
  MemoryParams,
  MemoryResult,
  SharedVectorsStatus,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Folders } from '../indexing/folders.js';
import { LoopDelayMeter } from './loopDelay.js';
import type { SelectedModel } from './selectedModel.js';

/** What the service asks of the vector store's server. */
export interface VectorServer {
  status(): { readonly kind: string; readonly detail?: string };
  /** Undefined while no server of ours runs. Resident memory is null when it is not known. */
  info(): Promise<{ readonly pid: number; readonly rssBytes: number | null } | undefined>;
  /** Address of the server when it is not ours. */
  readonly remote: string | undefined;
  /** Bytes on disk. */
  sizeBytes(): Promise<number>;
  /** Stops the server to free its memory, unless a job needs it. The next use starts it again. */
  stop(): Promise<void>;
}

export interface StatusServiceDependencies {
  readonly dataDir: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly folders: Folders;
  readonly model: SelectedModel;
  readonly vectorServer: VectorServer;
  /** Undefined where no vectors are shared. */
  readonly sharedVectors?: () => SharedVectorsStatus | undefined;
}

/** Number of agents' searches that are kept, and the characters kept of each query. */
const keptAgentSearches = 50;
const agentQueryChars = 200;

/** Answers what Lantern is doing and what it holds in memory: `lantern/status`, `memory` and `clearCache`. */
export class StatusService {
  readonly #deps: StatusServiceDependencies;
  readonly #startedAt = Date.now();
  readonly #agentSearches: AgentSearch[] = [];
  readonly #loopDelay = new LoopDelayMeter(process.env);
  readonly #agentSearched = new Emitter<undefined>();

  constructor(deps: StatusServiceDependencies) {
    this.#deps = deps;
  }

  /** Calls back when something that `status` or `memory` reports has changed. It fires often: collect the calls. */
  onDidChange(listener: () => void): Disposable {
    const { folders, model } = this.#deps;
    const all = [folders.changed.on(listener), model.changed.on(listener), this.#agentSearched.on(listener)];
    return disposeOnce(() => all.forEach((subscription) => subscription.dispose()));
  }

  /** The indexed folder that holds `path`, if there is one. */
  async indexed(path: string): Promise<FolderStatus | undefined> {
    const { folders } = this.#deps;
    const view = await folders.find(path);
    return view && folders.status(view.folder);
  }

  indexedFolders(): readonly FolderStatus[] {
    return this.#deps.folders.statuses();
  }

  /** Keeps what an agent asked, so that the user can see it. */
  recordAgentSearch(search: Omit<AgentSearch, 'at'>): void {
    const query = search.query.slice(0, agentQueryChars);
    this.#agentSearches.unshift({ ...search, query, at: Date.now() });
    this.#agentSearches.splice(keptAgentSearches);
    this.#agentSearched.emit(undefined);
  }

  status(clients: readonly ClientInfo[]): StatusResult {
    const { model, vectorServer, version, dataDir } = this.#deps;
    const sharedVectors = this.#deps.sharedVectors?.();
    return {
      version,
      pid: process.pid,
      dataDir,
      startedAt: this.#startedAt,
      model: { name: model.name, dtype: model.dtype, status: model.status() },
      vectors: vectorServer.status(),
      ...(sharedVectors !== undefined && { sharedVectors }),
      folders: this.indexedFolders(),
      clients,
      agentSearches: [...this.#agentSearches],
    };
  }

  async memory(clients: readonly ClientInfo[], params: MemoryParams): Promise<MemoryResult> {
    const { catalog, model, vectorServer } = this.#deps;
    const { models, totals } = model.cacheUsage();
    const disk = { catalogBytes: catalog.sizeBytes(), chromaBytes: await vectorServer.sizeBytes() };
    if (params.restartLoopDelay === true) this.#loopDelay.restart();
    const loopDelay = this.#loopDelay.read();
    const statuses = this.indexedFolders();
    const chunksTotal = statuses.reduce((sum, { chunks }) => sum + chunks, 0);
    return {
      daemon: {
        pid: process.pid,
        rssBytes: process.memoryUsage.rss(),
        ...(loopDelay !== undefined && { loopDelay }),
      },
      chroma: (await vectorServer.info()) ?? null,
      ...(vectorServer.remote !== undefined && { remoteChroma: vectorServer.remote }),
      models,
      folders: statuses.map(({ path, collection, files, chunks }) => {
        // Both stores keep all folders in the same files, so each folder is counted by its share of the chunks.
        const share = chunksTotal === 0 ? 0 : chunks / chunksTotal;
        const diskBytes = Math.round(share * (disk.catalogBytes + disk.chromaBytes));
        return { path, collection, files, chunks, diskBytes };
      }),
      clients,
      totals,
      disk,
    };
  }

  /** Releases every loaded model and ends Chroma. The garbage that they leave is collected when the daemon is at rest. */
  async clearCache(): Promise<ClearCacheResult> {
    const cleared = await this.#deps.model.clear();
    await this.#deps.vectorServer.stop();
    return cleared;
  }
}
