import type { ErrorCode } from '../errors.js';

/** Raised when a message changes so that an older peer would misread it. */
export const PROTOCOL_VERSION = 1;

// ---------------------------------------------------------------- client → daemon

/** Each request by its method name, with its parameters and result. */
export interface Requests {
  /** Finds code by terms and by meaning, in one folder or in all that the session has open. */
  'lantern/search': { params: SearchParams; result: SearchResult };
  /** Finds code related to a place: similar to it, calling it or called by it, testing it, or defining its types. */
  'lantern/findRelated': { params: FindRelatedParams; result: SearchResult };
  /** Brings a folder's index up to date, and answers when it is. Progress is sent as `lantern/progress`. */
  'lantern/index': { params: IndexParams; result: IndexReport };
  /** Writes the vectors of a folder to a file, for another machine or data folder. */
  'lantern/export': { params: ExportParams; result: ExportResult };
  /** As `lantern/index`, but takes the vectors that such a file has before the model is asked. */
  'lantern/import': { params: ImportParams; result: ImportReport };
  /** Reports what is indexed, loading, failed or paused. */
  'lantern/status': { params: Record<string, never>; result: StatusResult };
  /** Reports the memory in use, by part and by client. */
  'lantern/memory': { params: MemoryParams; result: MemoryResult };
  /** Lists the known models, and where their files are. */
  'lantern/models': { params: Record<string, never>; result: ModelsResult };
  /** Loads the model without embedding anything. */
  'lantern/preload': { params: Record<string, never>; result: Record<string, never> };
  /** Pauses indexing of one folder, or of all, until `resume`. */
  'lantern/pause': { params: FolderParams; result: Record<string, never> };
  'lantern/resume': { params: FolderParams; result: Record<string, never> };
  /** Remembers that the user does not want a folder indexed, until the user has it indexed. An index of it stays. */
  'lantern/refuse': { params: { readonly path: string }; result: Record<string, never> };
  /** Lists the named groups of folders. */
  'lantern/groups': { params: Record<string, never>; result: GroupsResult };
  /** Adds folders to a group, which it makes, or takes folders out of it. */
  'lantern/changeGroup': { params: ChangeGroupParams; result: GroupsResult };
  /** Removes a folder's index. Files on disk stay as they are. */
  'lantern/remove': { params: { readonly path: string }; result: RemoveResult };
  /** Waits for all leases and releases every loaded model. */
  'lantern/clearCache': { params: Record<string, never>; result: ClearCacheResult };
  /** Checks every part, and says how to repair those that fail. */
  'lantern/doctor': { params: Record<string, never>; result: DoctorResult };
}

export type SearchMode = 'hybrid' | 'semantic' | 'lexical';

export interface SearchParams {
  readonly query: string;
  /** Absolute path of a folder. By default the session's open folders. */
  readonly path?: string;
  /** In place of `path`: the indexed folders of the group with this name. */
  readonly group?: string;
  /** In place of `path`: all indexed folders. */
  readonly all?: boolean;
  /** 1 to 100; 10 by default. */
  readonly limit?: number;
  readonly mode?: SearchMode;
  /** A language or an alias of one, such as `ts`. */
  readonly language?: string;
  /** Glob over relative paths, such as `src/**`. */
  readonly glob?: string;
  /** Wait for the model and for pending vectors, instead of answering from what is indexed now. */
  readonly wait?: boolean;
  /**
   * Start an index for a folder that has none, and wait for it and for the model, but no longer than so many
   * milliseconds. The answer is from what is indexed by then; the daemon goes on by itself.
   */
  readonly patienceMs?: number;
  /** Leave out hits that match less well; `weak` by default, which leaves out none. */
  readonly minMatch?: MatchStrength;
  /** Add the terms of the score to each hit. */
  readonly explain?: boolean;
}

/**
 * How a hit is related to a place. `calls`: the place calls the hit. `calledBy`: the hit calls the place. `tests`: the hit
 * is a test of the place. `definesTypeOf`: the hit defines a type that the place names in its signature or annotations.
 * `similar`: their vectors are near.
 */
export type Relation = 'calls' | 'calledBy' | 'tests' | 'definesTypeOf' | 'similar';

export interface FindRelatedParams {
  readonly path: string;
  /** Absolute, or relative to `path`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly limit?: number;
  /** Whether hits may be in the file of the place. By default they may when `relation` or `steps` is given. */
  readonly includeOwnFile?: boolean;
  /** Only hits with this relation. */
  readonly relation?: Relation;
  /** 2: also code that calls what calls the place, and code that is called by what the place calls. 1 by default. */
  readonly steps?: 1 | 2;
}

export interface IndexParams {
  readonly path: string;
  /** Identifies the job in `lantern/progress`. The client chooses it. */
  readonly token?: string;
  /** Whether the job goes on when the request is cancelled. */
  readonly goOn?: boolean;
  /** Begin no index: a folder that is in none is a `not-found` error. */
  readonly existing?: boolean;
  /** Index also what is no project, such as the home folder. Folders of keys are refused in any case. */
  readonly force?: boolean;
  /** A folder that its user has refused is a `bad-request` error. Otherwise this is the user's word that it no longer is. */
  readonly unlessRefused?: boolean;
}

export interface FolderParams {
  /** Absolute path; every folder by default. */
  readonly path?: string;
}

/** Files that are open in an editor, the most wanted at the end: they get their vectors first. A notification, without an answer. */
export interface OpenedParams {
  /** Absolute paths. */
  readonly paths: readonly string[];
}

// ---------------------------------------------------------------- daemon → client

/** Notifications by method name. */
export interface Notifications {
  /** Progress of a `lantern/index` request. */
  'lantern/progress': { readonly token: string; readonly progress: IndexProgress };
  /** The result of `lantern/status` has changed. */
  'lantern/statusChanged': StatusResult;
  /** The result of `lantern/memory` has changed. */
  'lantern/memoryChanged': MemoryResult;
}

/** How well a hit matches its question, the best first. */
export const matchStrengths = ['strong', 'likely', 'weak'] as const;
export type MatchStrength = (typeof matchStrengths)[number];

export interface HitLine {
  /** Number in the file, from 1. */
  readonly number: number;
  /** Without indentation. A long line is cut, with `…` where something is left out. */
  readonly text: string;
  /** Parts of `text` that the question has, too: starts and ends in UTF-16 units, in order. */
  readonly marks: readonly (readonly [start: number, end: number])[];
}

export interface SearchHit {
  /** Absolute path of the folder that was searched. */
  readonly folder: string;
  /** Relative to `folder`, with `/`. */
  readonly path: string;
  /** From 1, both ends included. */
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string | null;
  readonly language: string;
  /** Higher is better. Comparable within one answer only. */
  readonly score: number;
  /** How well it matches. Comparable between questions and folders. Absent in related code. */
  readonly match?: MatchStrength;
  /** The text on disk now. */
  readonly text: string;
  /** The line of `text` that answers best. */
  readonly line: HitLine;
  /** The terms of the score, when asked for: summands, and factors for files that are seldom meant. */
  readonly terms?: Readonly<Record<string, number>>;
  /** Of related code only: how it is related to the place. Empty when all that relates them is names that both have. */
  readonly relations?: readonly Relation[];
  /** Of related code that was reached in two steps: the symbol between. */
  readonly via?: string;
}

export interface Coverage {
  readonly filesTotal: number;
  /** Files whose terms and vectors are all searchable. */
  readonly filesIndexed: number;
  /** Files whose terms or vectors are pending. */
  readonly filesPending: number;
  /** Those of them that have not been read: no search can find them yet. */
  readonly filesUnread: number;
  /** While a first scan still counts files: `filesTotal` is what it has found so far. */
  readonly isCounting?: true;
  /** Files that have a vector of their own, while their chunks may still be pending. */
  readonly filesByMeaning?: number;
  /** Whether vectors took part in this answer. */
  readonly semantic: boolean;
  /** Why the answer is less than it could be: vectors took no part, or the last job of a folder failed. */
  readonly reason?: string;
  /** Why there are no files, and how to have some: a sentence. Only when there are none. */
  readonly emptyBecause?: string;
}

export interface SearchResult {
  readonly hits: readonly SearchHit[];
  readonly coverage: Coverage;
  readonly elapsedMs: number;
}

/** Files are being compared with the index and read. */
export interface ScanProgress {
  readonly kind: 'scanning';
  /** Files compared with the index so far. */
  readonly files: number;
  /** Files in the folder; -1 while they are still being counted. */
  readonly total: number;
  /** Files per second over the last seconds; 0 when not known yet. */
  readonly rate: number;
  /** Seconds left at that rate; -1 when not known yet. */
  readonly secondsLeft: number;
}

/** Vectors are being taken from a file, looked for among the shared ones, or written to a file. */
export interface VectorsProgress {
  readonly kind: 'vectors';
  readonly done: number;
  readonly total: number;
  /** Vectors per second over the last seconds; 0 when not known yet. */
  readonly rate: number;
  /** Seconds left at that rate; -1 when not known yet. */
  readonly secondsLeft: number;
}

export type IndexProgress =
  | ScanProgress
  | VectorsProgress
  | {
      readonly kind: 'embedding';
      /** Number of files that get a vector in this stage; 0 in the stage of chunks. */
      readonly files: number;
      readonly done: number;
      readonly total: number;
      /** Chunks per second over the last seconds; 0 when not known yet. */
      readonly rate: number;
      /** Seconds left at that rate; -1 when not known yet. */
      readonly secondsLeft: number;
    };

export interface IndexReport {
  readonly folder: string;
  readonly filesTotal: number;
  readonly filesAdded: number;
  readonly filesChanged: number;
  readonly filesRemoved: number;
  readonly filesUnchanged: number;
  /** Files that were skipped, by reason. */
  readonly filesSkipped: Readonly<Record<string, number>>;
  /** Why there are no files, and how to have some: a sentence. Only when there are none. */
  readonly emptyBecause?: string;
  readonly chunksTotal: number;
  /** Texts that were embedded. The vectors of all others were known by content. */
  readonly chunksEmbedded: number;
  readonly chunksReused: number;
  /** Vectors that were taken from the shared ones, of chunks and files. */
  readonly vectorsShared: number;
  /** Why the shared vectors could not be used: a sentence. */
  readonly sharedProblem?: string;
  readonly chunksRemoved: number;
  /** Whether the Chroma collection was rebuilt from the catalog. */
  readonly collectionRebuilt: boolean;
  readonly elapsedMs: number;
}

export interface ExportParams {
  readonly path: string;
  /** Absolute path of the file. One that is there is replaced. */
  readonly file: string;
  /** Progress is sent with it, as for `lantern/index`. */
  readonly token?: string;
}

export interface ExportResult {
  readonly folder: string;
  readonly file: string;
  readonly vectors: number;
  /** Texts of the folder that have no vector yet, so that the file has none of them. */
  readonly missing: number;
  readonly bytes: number;
}

export interface ImportParams {
  readonly path: string;
  /** Absolute path of a file that `lantern/export` has written. */
  readonly file: string;
  /** Progress of the index is sent with it, as for `lantern/index`. */
  readonly token?: string;
}

export interface ImportReport extends IndexReport {
  /** Vectors in the file, those that the folder had need of, and those that were computed again and compared. */
  readonly vectorsInFile: number;
  readonly vectorsTaken: number;
  readonly vectorsChecked: number;
}

/** `partial`: something is pending and nobody works on it. Indexing or searching the folder goes on with it. */
export type IndexStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'partial' }
  | ScanProgress
  | { readonly kind: 'indexing'; readonly done: number; readonly total: number }
  | { readonly kind: 'paused' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface FolderStatus {
  readonly path: string;
  readonly collection: string;
  readonly files: number;
  readonly filesPending: number;
  readonly chunks: number;
  readonly chunksPending: number;
  /** Milliseconds since the epoch of the last complete pass; null when there was none. */
  readonly indexedAt: number | null;
  readonly status: IndexStatus;
}

export type ModelStatus =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly provider: string; readonly note?: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** `away`: they do not answer, and are tried again by a later job. `refused`: they are wrong, and are used no more. */
export type SharedVectorsStatus =
  | { readonly kind: 'used'; readonly url: string; readonly taken: number; readonly given: number }
  | { readonly kind: 'away'; readonly url: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly url: string; readonly reason: string };

export interface StatusResult {
  readonly version: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly startedAt: number;
  readonly model: { readonly name: string; readonly dtype: string; readonly status: ModelStatus };
  readonly vectors: { readonly kind: string; readonly detail?: string };
  /** Only where `lantern.sharedVectors.url` is set. */
  readonly sharedVectors?: SharedVectorsStatus;
  readonly folders: readonly FolderStatus[];
  readonly clients: readonly ClientInfo[];
  /** The agents' last searches, newest first. */
  readonly agentSearches: readonly AgentSearch[];
}

/** A search that an agent made. Kept in memory only. */
export interface AgentSearch {
  /** Name of the client. */
  readonly client: string;
  readonly tool: string;
  readonly query: string;
  readonly folders: readonly string[];
  readonly hits: number;
  readonly elapsedMs: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ClientInfo {
  readonly name: string;
  readonly pid: number;
  readonly since: number;
  readonly folders: readonly string[];
}

/** How late the timers of the daemon's main thread were: the time for which a request may have waited there. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /**
   * Most CPU time that the thread used in one turn of its event loop: lateness less what other threads and processes
   * took. Only where Node tells it (`process.threadCpuUsage`, from 23.9 on).
   */
  readonly busiestTurnMs?: number;
}

export interface MemoryParams {
  /** For benchmarks: `loopDelay` is of the time from this request on. */
  readonly restartLoopDelay?: boolean;
}

export interface MemoryResult {
  readonly daemon: {
    readonly pid: number;
    readonly rssBytes: number;
    /** Since the first such request, or a later restart, in a daemon that was started with LANTERN_MEASURE_LOOP=1. */
    readonly loopDelay?: LoopDelay;
  };
  /** Null while no Chroma server of the daemon runs. `rssBytes` is null when the server does not say it. */
  readonly chroma: { readonly pid: number; readonly rssBytes: number | null } | null;
  /** Address of the Chroma that the settings name. The daemon then runs none, and knows nothing of its memory. */
  readonly remoteChroma?: string;
  readonly models: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly provider: string;
    readonly bytes: number;
    readonly state: 'loading' | 'loaded' | 'releasing';
    readonly leases: number;
    readonly holders: readonly string[];
    readonly loads: number;
    readonly hits: number;
    readonly idleMs: number;
  }[];
  readonly folders: readonly {
    readonly path: string;
    readonly collection: string;
    readonly files: number;
    readonly chunks: number;
    /** Share of catalog and Chroma on disk, in proportion to its chunks. */
    readonly diskBytes: number;
  }[];
  readonly clients: readonly ClientInfo[];
  readonly totals: { readonly loads: number; readonly hits: number; readonly releases: number };
  readonly disk: { readonly catalogBytes: number; readonly chromaBytes: number };
}

export interface ModelsResult {
  readonly models: readonly {
    readonly name: string;
    /** Null when only loading the model would tell. */
    readonly dimensions: number | null;
    readonly maxTokens: number | null;
    readonly sizeBytes: number | null;
    /** Where its files are. */
    readonly state: 'bundled' | 'cached' | 'local' | 'downloadable';
    readonly note: string;
    readonly selected: boolean;
  }[];
}

/** Folders that are searched together. */
export interface FolderGroup {
  readonly name: string;
  /** Absolute real paths. */
  readonly folders: readonly string[];
}

export interface GroupsResult {
  readonly groups: readonly FolderGroup[];
  /** Those of their folders that have no index. */
  readonly unindexed: readonly string[];
}

export interface ChangeGroupParams {
  readonly name: string;
  /** Absolute paths. */
  readonly add?: readonly string[];
  /** Absolute paths; `all` dissolves the group. */
  readonly remove?: readonly string[] | 'all';
}

export interface RemoveResult {
  readonly folder: string;
  readonly files: number;
  readonly chunks: number;
}

export interface ClearCacheResult {
  readonly models: number;
  readonly bytes: number;
}

export interface DoctorResult {
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    /** What to do when it is not ok. */
    readonly fix?: string;
  }[];
}

/** The `data` of our JSON-RPC errors. */
export interface ErrorData {
  readonly code: ErrorCode;
}
