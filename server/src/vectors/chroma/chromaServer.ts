import type { Disposable } from '../../../../shared/src/disposable.js';
import type { LanternError } from '../../../../shared/src/errors.js';

/** Where a server answers, and its process when it is our own. */
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

/** What a call to the server said about it. */
export type ServerProblem =
  /** No answer, or the connection broke. */
  | { readonly kind: 'unreachable'; readonly url: string }
  /** A call took too long. */
  | { readonly kind: 'hung'; readonly url: string }
  /** Its database cannot be read: start with an empty one. */
  | { readonly kind: 'damaged'; readonly url: string; readonly reason: string };

/** A Chroma server to talk to: a child of ours (`ChromaProcess`) or one that runs elsewhere (`RemoteChroma`). */
export interface ChromaServer {
  /** Whether the data belongs to us alone, so that what is damaged may be set aside. */
  readonly own: boolean;
  status(): ChromaServerStatus;
  /** Starts it where that is ours to do. Callers share one start. */
  ready(): Promise<ChromaEndpoint>;
  /** Checks and mends what it can; the caller then asks `ready` again. */
  report(trouble: ServerProblem): Promise<void>;
  /** Ends it and starts it anew where it is ours: the one way to make it give back the indexes that it has loaded. */
  restart(reason: string): Promise<ChromaEndpoint>;
  /** Restarts when its data was taken away from under it; says whether it was. */
  checkData(): Promise<boolean>;
  onDidChangeStatus(listener: (status: ChromaServerStatus) => void): Disposable;
  /** Called when a server is ready again after an earlier one ended. */
  onDidRestart(listener: (endpoint: ChromaEndpoint) => void): Disposable;
  dispose(): Promise<void>;
}
