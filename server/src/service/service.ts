import type { Disposable } from '../../../shared/src/disposable.js';
import type { Log } from '../../../shared/src/log.js';
import type {
  AgentSearch,
  ClearCacheResult,
  ClientInfo,
  ChangeGroupParams,
  ExportParams,
  ExportResult,
  FindRelatedParams,
  FolderGroup,
  GroupsResult,
  FolderStatus,
  ImportParams,
  ImportReport,
  IndexParams,
  IndexProgress,
  IndexReport,
  MemoryParams,
  MemoryResult,
  ModelsResult,
  RemoveResult,
  SearchParams,
  SearchResult,
  SharedVectorsStatus,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import type { Settings } from '../../../shared/src/settings/settings.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Folders } from '../indexing/folders.js';
import type { Searcher } from '../search/searcher.js';
import { type Caller, FolderAccess } from './folderAccess.js';
import { IndexService } from './indexService.js';
import { RelatedService } from './relatedService.js';
import { SearchService } from './searchService.js';
import type { Groups } from './groups.js';
import type { Refusals } from './refusals.js';
import type { SelectedModel } from './selectedModel.js';
import { StatusService, type VectorServer } from './statusService.js';

export interface ServiceDependencies {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly version: string;
  readonly catalog: Catalog;
  readonly folders: Folders;
  readonly searcher: Searcher;
  readonly model: SelectedModel;
  readonly vectorServer: VectorServer;
  /** Undefined where no vectors are shared. */
  readonly sharedVectors?: () => SharedVectorsStatus | undefined;
  /** Called with each search. */
  readonly onSearch: () => void;
  readonly refusals: Refusals;
  readonly groups: Groups;
  readonly log: Log;
}

/**
 * Everything that a caller can ask of Lantern. The language server's session and the agents' tools call the same
 * methods. This room knows the requests and their order; it neither parses files nor ranks.
 */
export class Service {
  readonly #deps: ServiceDependencies;
  readonly #access: FolderAccess;
  readonly #model: SelectedModel;
  readonly #search: SearchService;
  readonly #related: RelatedService;
  readonly #index: IndexService;
  readonly #status: StatusService;

  constructor(deps: ServiceDependencies) {
    const access = new FolderAccess(deps);
    this.#deps = deps;
    this.#access = access;
    this.#model = deps.model;
    this.#search = new SearchService({ ...deps, access });
    this.#related = new RelatedService({ ...deps, access });
    this.#index = new IndexService({ ...deps, access });
    this.#status = new StatusService(deps);
  }

  search(params: SearchParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    this.#deps.onSearch();
    return this.#search.search(params, caller, signal);
  }

  findRelated(params: FindRelatedParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    this.#deps.onSearch();
    return this.#related.findRelated(params, caller, signal);
  }

  index(
    params: IndexParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<IndexReport> {
    return this.#index.index(params, onProgress, signal);
  }

  import(
    params: ImportParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<ImportReport> {
    return this.#index.import(params, onProgress, signal);
  }

  export(
    params: ExportParams,
    onProgress: (progress: IndexProgress) => void,
    signal?: AbortSignal,
  ): Promise<ExportResult> {
    return this.#index.export(params, onProgress, signal);
  }

  /** The real path of a folder that an agent may have indexed; throws for any other. */
  mayIndex(path: string): Promise<string> {
    return this.#access.mayIndexForAgent(path);
  }

  begin(path: string): Promise<void> {
    return this.#index.begin(path);
  }

  changed(paths: readonly string[]): void {
    this.#index.changed(paths);
  }

  /** These files are open in an editor: they get their vectors before others. */
  opened(paths: readonly string[]): void {
    this.#deps.folders.opened(paths);
  }

  pause(path: string | undefined): Promise<void> {
    return this.#index.pause(path);
  }

  resume(path: string | undefined): Promise<void> {
    return this.#index.resume(path);
  }

  refuse(path: string): Promise<void> {
    return this.#index.refuse(path);
  }

  groups(): Promise<GroupsResult> {
    return this.#withIndexes(this.#deps.groups.list());
  }

  async changeGroup(params: ChangeGroupParams): Promise<GroupsResult> {
    return this.#withIndexes(await this.#deps.groups.change(params));
  }

  async #withIndexes(groups: readonly FolderGroup[]): Promise<GroupsResult> {
    const unindexed: string[] = [];
    for (const path of new Set(groups.flatMap(({ folders }) => folders)))
      if ((await this.#deps.folders.find(path)) === undefined) unindexed.push(path);
    return { groups, unindexed };
  }

  remove(path: string): Promise<RemoveResult> {
    return this.#index.remove(path);
  }

  onDidChange(listener: () => void): Disposable {
    return this.#status.onDidChange(listener);
  }

  indexed(path: string): Promise<FolderStatus | undefined> {
    return this.#status.indexed(path);
  }

  indexedFolders(): readonly FolderStatus[] {
    return this.#status.indexedFolders();
  }

  recordAgentSearch(search: Omit<AgentSearch, 'at'>): void {
    this.#status.recordAgentSearch(search);
  }

  status(clients: readonly ClientInfo[]): StatusResult {
    return this.#status.status(clients);
  }

  memory(clients: readonly ClientInfo[], params: MemoryParams = {}): Promise<MemoryResult> {
    return this.#status.memory(clients, params);
  }

  clearCache(): Promise<ClearCacheResult> {
    return this.#status.clearCache();
  }

  models(): Promise<ModelsResult> {
    return this.#model.known();
  }

  preload(): Promise<void> {
    return this.#model.preload();
  }
}
