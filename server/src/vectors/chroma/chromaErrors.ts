import type { ChildExit } from './chromaChild.js';
import { errorMessage, LanternError } from '../../../../shared/src/errors.js';

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

/** What a failed call reveals about the server. */
export interface Failure {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly error: unknown;
}

/** Classifies an error of the client, by its name, and otherwise by the server's message. */
export function classify(error: unknown): Failure {
  const message = errorMessage(error);
  const kind =
    kindOfName(error instanceof Error ? error.name : '') ??
    (/hnsw (segment|index)|pickle|error finding id/i.test(message)
      ? 'index-damaged'
      : kindOfDatabaseError(message));
  return { kind, reason: kind === 'unreachable' ? 'the connection failed' : message.slice(0, 300), error };
}

function kindOfName(name: string): FailureKind | undefined {
  switch (name) {
    case 'ChromaConnectionError':
      return 'unreachable';
    case 'CallTimeoutError':
      return 'hung';
    case 'ChromaNotFoundError':
      return 'not-found';
    case 'ChromaAuthError':
    case 'ChromaForbiddenError':
      return 'no-access';
    default:
      return undefined;
  }
}

/** SQLite's primary result codes that mean more than a rejected request. */
const kindOfSqliteCode: ReadonlyMap<number | undefined, FailureKind> = new Map([
  [8, 'read-only'],
  [11, 'database-damaged'],
  [13, 'disk-full'],
  [26, 'database-damaged'],
]);

function kindOfDatabaseError(message: string): FailureKind {
  const code = /database|sqlite|query error/i.test(message) ? sqliteCode(message) : undefined;
  return kindOfSqliteCode.get(code) ?? 'other';
}

/** The group of settings that names a server. */
export type ServerSettings = 'chroma' | 'sharedVectors';

/** The error for a server that could not be used at all. */
export function accessError(error: unknown, url: string, settings: ServerSettings): LanternError {
  const { kind, reason } = classify(error);
  const because = { cause: error };
  if (kind === 'unreachable') {
    return new LanternError(
      'store-failed',
      `No Chroma server answers at ${url}. Start it, correct lantern.${settings}.url, or clear it${settings === 'chroma' ? ' to use the built-in one' : ''}.`,
      because,
    );
  }
  if (kind === 'no-access') {
    return new LanternError(
      'store-failed',
      `The Chroma server at ${url} refused access (${reason}). ` +
        `Check lantern.${settings}.apiKey, lantern.${settings}.tenant and lantern.${settings}.database.`,
      because,
    );
  }
  if (kind === 'not-found') {
    return new LanternError(
      'incompatible',
      `The server at ${url} has no Chroma v2 API. Use Chroma 1.0 or newer, or correct lantern.${settings}.url.`,
      because,
    );
  }
  return new LanternError('store-failed', `The Chroma server at ${url} cannot be used: ${reason}`, because);
}

/** Why a server ended before it answered. */
export interface ExitReason {
  readonly kind: 'port-taken' | 'damaged' | 'disk-full' | 'other';
  readonly message: string;
}

/** SQLite's primary result codes for an unusable file. */
const damageCodes = new Set([1, 11, 26]);
const fullCode = 13;

/** SQLite's primary result code in one of Chroma's messages. */
export function sqliteCode(message: string): number | undefined {
  const code = /\bcode: "?(\d+)/.exec(message)?.[1];
  return code === undefined ? undefined : Number(code) & 0xff;
}

/** Finds the reason why a server did not start in what it printed. */
export function explainExit(output: string, exit: ChildExit, data: string): ExitReason {
  if (/AddrInUse|address already in use|Address .* is not available|os error (48|98|10048)/i.test(output)) {
    return { kind: 'port-taken', message: 'The port was taken between the choice and the start.' };
  }
  const line = output
    .split('\n')
    .find((text) => /error|failed|panicked at .*:$/i.test(text) && !text.startsWith('thread'));
  const said =
    line === undefined
      ? `it ended with ${exit.signal ?? `code ${exit.code ?? '?'}`}`
      : `it said "${line.trim()}"`;
  const sqlite = /sqlite|sqlx/i.test(output) ? sqliteCode(output) : undefined;
  if (sqlite === fullCode || /no space left|disk is full/i.test(output)) {
    return {
      kind: 'disk-full',
      message: `Chroma did not start: the disk that holds ${data} is full. Free some space.`,
    };
  }
  if ((sqlite !== undefined && damageCodes.has(sqlite)) || /migration/i.test(line ?? '')) {
    return { kind: 'damaged', message: `Chroma could not read its database: ${said}.` };
  }
  return {
    kind: 'other',
    message: `Chroma did not start: ${said}. Look at ${data}, or set lantern.chroma.url to a server.`,
  };
}
