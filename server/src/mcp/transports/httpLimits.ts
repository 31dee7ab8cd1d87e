/** Limits that keep one client from using more than its share. */
export interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly maxInFlight: number;
  readonly maxSessions: number;
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** For a request to arrive completely. */
  readonly requestTimeoutMs: number;
  /** Without traffic in either direction. Streams send a comment every 15 s. */
  readonly socketTimeoutMs: number;
  /** Without a request, until a session ends. */
  readonly sessionIdleMs: number;
  /** Without a request, until a new client may replace a session when all are taken. Many clients never end theirs. */
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
