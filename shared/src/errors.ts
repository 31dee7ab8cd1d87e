/** Kinds of failures that a person or program can act on. */
export type ErrorCode =
  | 'bad-request'
  | 'not-found'
  | 'not-readable'
  | 'unknown-model'
  | 'model-damaged'
  | 'offline'
  | 'store-failed'
  | 'catalog-damaged'
  | 'disk-full'
  | 'cancelled'
  /** The daemon ended before the request was done. The next one goes on with it. */
  | 'ended'
  | 'incompatible'
  | 'unavailable'
  | 'internal';

/** An error for users: its message names the thing, the cause and the next step. */
export class LanternError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LanternError';
    this.code = code;
  }
}

export function cancelled(what: string): LanternError {
  return new LanternError('cancelled', `${what} was cancelled.`);
}

/** Throws a `cancelled` error when `signal` has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelled(what);
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error of Node, such as `ENOENT`, if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
