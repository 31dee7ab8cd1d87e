/** What keeps a client, whatever it does, from costing the others more than its share. */
export interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly maxInFlight: number;
  readonly maxSessions: number;
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** For a request to arrive whole. */
  readonly requestTimeoutMs: number;
  /** Without a byte moving in either direction; streams send a comment every 15 s. */
  readonly socketTimeoutMs: number;
  /** Without a request, after which a session ends. */
  readonly sessionIdleMs: number;
  /** Without a request, after which a new client may take its place when all are taken: many never say goodbye. */
  readonly sessionReplaceableMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  maxConnections: 128,
  maxInFlight: 64,
  maxSessions: 64,
  requestsPerSecond: 100,
  burst: 200,
  requestTimeoutMs: 30_000,
  socketTimeoutMs: 60_000,
  sessionIdleMs: 30 * 60_000,
  sessionReplaceableMs: 10_000,
};
