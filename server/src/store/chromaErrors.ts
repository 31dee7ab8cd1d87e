import { errorMessage, LanternError } from '../../../shared/src/errors.js';
import { sqliteCode } from './chromaExit.js';

export type FailureKind =
  | 'unreachable'
  | 'hung'
  | 'not-found'
  | 'no-access'
  /** The vector index of one collection. */
  | 'index-damaged'
  /** The database under all of them. */
  | 'database-damaged'
  | 'read-only'
  | 'disk-full'
  | 'other';

/** What a failed call says about the server. */
export interface Failure {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly error: unknown;
}

/** Sorts an error of the client, which tells them apart by name, and otherwise only by the server's words. */
export function classify(error: unknown): Failure {
  const message = errorMessage(error);
  const of = (kind: FailureKind, reason = message.slice(0, 300)): Failure => ({ kind, reason, error });
  switch (error instanceof Error ? error.name : '') {
    case 'ChromaConnectionError':
      return of('unreachable', 'the connection failed');
    case 'CallTimeoutError':
      return of('hung');
    case 'ChromaNotFoundError':
      return of('not-found');
    case 'ChromaAuthError':
    case 'ChromaForbiddenError':
      return of('no-access');
  }
  if (/hnsw (segment|index)|pickle|error finding id/i.test(message)) return of('index-damaged');
  switch (/database|sqlite|query error/i.test(message) ? sqliteCode(message) : undefined) {
    case 8:
      return of('read-only');
    case 11:
    case 26:
      return of('database-damaged');
    case 13:
      return of('disk-full');
  }
  return of('other');
}

/** Words for a server that could not be used at all. */
export function accessError(error: unknown, url: string): LanternError {
  const { kind, reason } = classify(error);
  const because = { cause: error };
  switch (kind) {
    case 'unreachable':
      return new LanternError(
        'store-failed',
        `No Chroma server answers at ${url}. Start it, correct lantern.chroma.url, or clear it to use the built-in one.`,
        because,
      );
    case 'no-access':
      return new LanternError(
        'store-failed',
        `The Chroma server at ${url} refused access (${reason}). ` +
          'Check lantern.chroma.apiKey, lantern.chroma.tenant and lantern.chroma.database.',
        because,
      );
    case 'not-found':
      return new LanternError(
        'incompatible',
        `The server at ${url} has no Chroma v2 API. Use Chroma 1.0 or newer, or correct lantern.chroma.url.`,
        because,
      );
    default:
      return new LanternError(
        'store-failed',
        `The Chroma server at ${url} cannot be used: ${reason}`,
        because,
      );
  }
}
