import type { Disposable } from '../../../../shared/src/disposable.js';
import type { LanternError } from '../../../../shared/src/errors.js';

/**
 * Where a server answers, and its process when it is our own. Each start has an object of its own, which tells it from
 * the one before: the address may be the same.
 */
export interface ChromaEndpoint {
  /** `http://127.0.0.1:8123`: no path, no trailing slash. */
  readonly url: string;
  readonly pid?: number;
}

export type ChromaServerStatus =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly url: string; readonly pid?: number }
  | { readonly kind: 'failed'; readonly error: LanternError };

/** A fault of the server that a call revealed. */
export type ServerProblem =
  /** No answer, or the connection broke. */
  | { readonly kind: 'unreachable'; readonly endpoint: ChromaEndpoint }
  /** A call took too long. */
  | { readonly kind: 'hung'; readonly endpoint: ChromaEndpoint }
  /** Its database cannot be read, so it must start with an empty one. */
  | { readonly kind: 'damaged'; readonly endpoint: ChromaEndpoint; readonly reason: string };

/** A Chroma server: a child of ours (`ChromaProcess`) or one that runs elsewhere (`RemoteChroma`). */
export interface ChromaServer {
  /** Whether the data belongs only to us, so that damaged data may be set aside. */
  readonly own: boolean;
  status(): ChromaServerStatus;
  /** Resolves when the server answers. Starts our own server; callers share one start. */
  ready(): Promise<ChromaEndpoint>;
  /** Checks the server and repairs what it can. The caller then calls `ready` again. */
  report(trouble: ServerProblem): Promise<void>;
  /** Restarts our own server. This is the only way to make it release the indexes that it has loaded. */
  restart(reason: string): Promise<ChromaEndpoint>;
  /** Restarts the server when its data was deleted; returns whether it did. */
  checkData(): Promise<boolean>;
  onDidChangeStatus(listener: (status: ChromaServerStatus) => void): Disposable;
  /** Called when a server is ready again after an earlier one ended. */
  onDidRestart(listener: (endpoint: ChromaEndpoint) => void): Disposable;
  dispose(): Promise<void>;
}
