import type { ErrorCode } from '../errors.js';

/** Raised when a message changes in a way that an older peer would misread. */
export const PROTOCOL_VERSION = 1;

// ---------------------------------------------------------------- client → daemon

/** Each request by its method name: what goes in and what comes back. */
export interface Requests {
  /** Finds code by words and by meaning in one folder, or in all that the session has open. */
  'lantern/search': { params: SearchParams; result: SearchResult };
  /** Finds code like the code at a place, outside its own file unless asked. */
  'lantern/findRelated': { params: FindRelatedParams; result: SearchResult };
  /** Brings a folder's index up to date and answers when it is; progress comes as `lantern/progress`. */
  'lantern/index': { params: IndexParams; result: IndexReport };
  /** Says what is indexed, loading, failing or paused. */
  'lantern/status': { params: Record<string, never>; result: StatusResult };
  /** The ledger: who holds how much memory. */
  'lantern/memory': { params: Record<string, never>; result: MemoryResult };
  /** Which models are known, and where their files are. */
  'lantern/models': { params: Record<string, never>; result: ModelsResult };
  /** Loads the model without embedding anything. */
  'lantern/preload': { params: Record<string, never>; result: Record<string, never> };
  /** Holds indexing of one folder, or of all, until `resume`. */
  'lantern/pause': { params: FolderParams; result: Record<string, never> };
  'lantern/resume': { params: FolderParams; result: Record<string, never> };
  /** Forgets a folder's index; files on disk stay as they are. */
  'lantern/remove': { params: { readonly path: string }; result: RemoveResult };
  /** Waits for the leases and frees every loaded model. */
  'lantern/clearCache': { params: Record<string, never>; result: ClearCacheResult };
  /** Tries every part and says how to mend what fails. */
  'lantern/doctor': { params: Record<string, never>; result: DoctorResult };
}

export type SearchMode = 'hybrid' | 'semantic' | 'lexical';

export interface SearchParams {
  readonly query: string;
  /** Absolute path of a folder; left out it means the session's only open one. */
  readonly path?: string;
  /** 1 to 100; 10 by default. */
  readonly limit?: number;
  readonly mode?: SearchMode;
  /** A language or an alias of one, such as `ts`. */
  readonly language?: string;
  /** Glob over relative paths, such as `src/**`. */
  readonly glob?: string;
  /** Wait for the model and for pending vectors instead of answering with what is there. */
  readonly wait?: boolean;
  /** Say with each hit what its score is made of. */
  readonly explain?: boolean;
}

export interface FindRelatedParams {
  readonly path: string;
  /** Absolute, or relative to `path`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly limit?: number;
  readonly includeOwnFile?: boolean;
}

export interface IndexParams {
  readonly path: string;
  /** Names the job in `lantern/progress`; chosen by the client. */
  readonly token?: string;
}

export interface FolderParams {
  /** Absolute path; left out it means every folder. */
  readonly path?: string;
}

// ---------------------------------------------------------------- daemon → client

/** Notifications by method name. */
export interface Notifications {
  /** How far an `lantern/index` request is. */
  'lantern/progress': { readonly token: string; readonly progress: IndexProgress };
  /** Something that `lantern/status` tells has changed. */
  'lantern/statusChanged': StatusResult;
  /** Something that `lantern/memory` tells has changed. */
  'lantern/memoryChanged': MemoryResult;
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
  /** Higher is better; comparable within one answer only. */
  readonly score: number;
  /** As it stands on disk now. */
  readonly text: string;
  /** What the score is made of, when it was asked for: terms of the sum, and factors of what is seldom meant. */
  readonly terms?: Readonly<Record<string, number>>;
}

export interface Coverage {
  readonly filesTotal: number;
  /** Files whose words and vectors are all searchable. */
  readonly filesIndexed: number;
  /** Files whose words or vectors are still to come. */
  readonly filesPending: number;
  /** Files that are found by meaning as a whole, while their chunks may still be waiting. */
  readonly filesByMeaning?: number;
  /** Whether vectors took part in this answer. */
  readonly semantic: boolean;
  /** Why vectors took no part although they were asked for. */
  readonly reason?: string;
}

export interface SearchResult {
  readonly hits: readonly SearchHit[];
  readonly coverage: Coverage;
  readonly elapsedMs: number;
}

export type IndexProgress =
  | { readonly kind: 'scanning'; readonly files: number }
  | {
      readonly kind: 'embedding';
      /** How many files get a vector as a whole in this stage; 0 in the stage of chunks. */
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
  /** Files that were left out, by reason. */
  readonly filesSkipped: Readonly<Record<string, number>>;
  readonly chunksTotal: number;
  /** Texts that went through the model; the rest was known by content. */
  readonly chunksEmbedded: number;
  readonly chunksReused: number;
  readonly chunksRemoved: number;
  /** True when the Chroma collection was made again from the catalog. */
  readonly collectionRebuilt: boolean;
  readonly elapsedMs: number;
}

export type IndexStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading' }
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

export interface StatusResult {
  readonly version: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly startedAt: number;
  readonly model: { readonly name: string; readonly dtype: string; readonly status: ModelStatus };
  readonly vectors: { readonly kind: string; readonly detail?: string };
  readonly folders: readonly FolderStatus[];
  readonly clients: readonly ClientInfo[];
  /** The agents' last searches, newest first. */
  readonly agentSearches: readonly AgentSearch[];
}

/** A search that an agent made. Kept in memory only. */
export interface AgentSearch {
  /** What the client calls itself. */
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

export interface MemoryResult {
  readonly daemon: { readonly pid: number; readonly rssBytes: number };
  readonly chroma: { readonly pid: number; readonly rssBytes: number } | null;
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
    /** Its share of catalog and Chroma on disk, by its share of all chunks. */
    readonly diskBytes: number;
  }[];
  readonly clients: readonly ClientInfo[];
  readonly totals: { readonly loads: number; readonly hits: number; readonly releases: number };
  readonly disk: { readonly catalogBytes: number; readonly chromaBytes: number };
}

export interface ModelsResult {
  readonly models: readonly {
    readonly name: string;
    /** Null where only loading it would tell. */
    readonly dimensions: number | null;
    readonly maxTokens: number | null;
    readonly sizeBytes: number | null;
    /** Where its files are. */
    readonly state: 'bundled' | 'cached' | 'local' | 'downloadable';
    readonly note: string;
    readonly selected: boolean;
  }[];
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
    /** What to do, when it is not ok. */
    readonly fix?: string;
  }[];
}

/** What a JSON-RPC error of ours carries in `data`. */
export interface ErrorData {
  readonly code: ErrorCode;
}
