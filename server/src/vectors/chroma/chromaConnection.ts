import { AdminClient, ChromaClient, ChromaNotFoundError, ChromaUniqueError } from 'chromadb';
import type { Collection } from 'chromadb';
import { LanternError } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { CollectionLostError } from '../vectorStore.js';
import { limitAnswers } from './answerLimit.js';
import { accessError, classify } from './chromaErrors.js';
import type { Failure, ServerSettings } from './chromaErrors.js';
import type { ChromaEndpoint, ChromaServer } from './chromaServer.js';

export type { ChromaClient, Collection } from 'chromadb';

export interface ChromaConnectionOptions {
  readonly tenant: string;
  readonly database: string;
  /** Sent as `x-chroma-token`; empty sends none. */
  readonly apiKey: string;
  readonly log: Log;
  /** The settings that name the server; for errors. */
  readonly settings?: ServerSettings;
  /** Milliseconds after which a call is given up. A server of ours is then restarted. */
  readonly callTimeoutMs?: number;
}

/** Records per request. Packing more in one go would hold up the daemon, even where the server takes more. */
const batchSize = 250;
const dataCheckMs = 1000;
/** A call that is given up is told of first, and aborted after this. */
const abortAfterMs = 1000;
/** For calls that somebody waits for: the exact scan can answer instead. */
export const queryTimeoutMs = 15_000;

interface Session {
  readonly client: ChromaClient;
  readonly batchSize: number;
}

/**
 * Calls to a Chroma server, which may be restarted between them. This is the only file that imports `chromadb`. It
 * repairs the fault that a failed call reveals, and knows nothing of a collection's content.
 */
export class ChromaConnection {
  readonly #server: ChromaServer;
  readonly #options: Required<ChromaConnectionOptions>;
  readonly #onNewServer: () => void;
  /** Collections whose fault opening them again may not reveal. */
  readonly #suspects = new Set<string>();
  #session: { readonly endpoint: ChromaEndpoint; readonly ready: Promise<Session> } | undefined;
  #dataCheckedAt = 0;

  /** `onNewServer` is called when the first call goes to another server than before. */
  constructor(server: ChromaServer, options: ChromaConnectionOptions, onNewServer: () => void) {
    this.#server = server;
    this.#options = { callTimeoutMs: 60_000, settings: 'chroma', ...options };
    this.#onNewServer = onNewServer;
  }

  /** Whether the collection may be what brings the server down. */
  isSuspect(collection: string): boolean {
    return this.#suspects.has(collection);
  }

  /** The collection was made again. */
  clearSuspect(collection: string): void {
    this.#suspects.delete(collection);
  }

  /**
   * Runs `work` against the server, and once more when the server was gone and has come back. So `work` must be safe to
   * repeat.
   */
  async call<T>(
    collection: string,
    work: (client: ChromaClient, batchSize: number) => Promise<T>,
    timeoutMs = this.#options.callTimeoutMs,
  ): Promise<T> {
    let failure: Failure | undefined;
    let url = '';
    for (let attempt = 0; attempt < 2; attempt++) {
      const endpoint = await this.#endpoint();
      url = endpoint.url;
      try {
        const { client, batchSize } = await this.#connect(endpoint);
        return await this.#withinTime(work(client, batchSize), timeoutMs);
      } catch (error) {
        if (error instanceof LanternError) throw error;
        failure = classify(error);
        this.#options.log.write('warn', 'chroma.call-failed', {
          collection,
          kind: failure.kind,
          reason: failure.reason,
        });
        await this.#repair(failure, endpoint, collection);
      }
    }
    const cause = failure?.error;
    if (!this.#server.own) throw accessError(cause, url, this.#options.settings);
    // It failed twice in a row: this collection may be what brings the server down.
    if (failure?.kind !== 'hung') this.#suspects.add(collection);
    if (failure?.kind === 'index-damaged')
      throw new CollectionLostError(collection, failure.reason, { cause });
    const message = `Chroma does not answer (${failure?.reason ?? ''}). It is started again at the next use; its log says more.`;
    throw new LanternError('store-failed', message, { cause });
  }

  /** Repairs what makes another attempt worthwhile, or throws the error for the caller. */
  async #repair(failure: Failure, endpoint: ChromaEndpoint, collection: string): Promise<void> {
    const { kind, reason, error } = failure;
    const { url } = endpoint;
    switch (kind) {
      case 'unreachable':
      case 'hung':
        await this.#server.report({ kind, endpoint });
        return;
      case 'index-damaged':
        return;
      case 'not-found':
        throw new CollectionLostError(collection, 'the server does not have it', { cause: error });
      case 'database-damaged':
        if (!this.#server.own) break;
        await this.#server.report({ kind: 'damaged', endpoint, reason });
        throw new CollectionLostError(collection, 'the database was damaged', { cause: error });
      case 'read-only':
      case 'other':
        // The error that Chroma reports for a deleted database depends on where it notices.
        if (await this.#server.checkData()) {
          throw new CollectionLostError(collection, 'its files were deleted', { cause: error });
        }
        break;
      case 'disk-full':
        // Not an error of the job: the catalog keeps what Chroma has not got.
        throw new LanternError('store-failed', 'Chroma could not write: the disk is full. Free some space.', {
          cause: error,
        });
      case 'no-access':
        throw accessError(error, url, this.#options.settings);
    }
    const who = this.#server.own ? 'Chroma' : `The Chroma server at ${url}`;
    throw new LanternError('store-failed', `${who} refused the request for ${collection}: ${reason}`, {
      cause: error,
    });
  }

  async #endpoint(): Promise<ChromaEndpoint> {
    const endpoint = await this.#server.ready();
    const now = Date.now();
    if (now - this.#dataCheckedAt < dataCheckMs) return endpoint;
    this.#dataCheckedAt = now;
    return (await this.#server.checkData()) ? this.#server.ready() : endpoint;
  }

  #connect(endpoint: ChromaEndpoint): Promise<Session> {
    if (this.#session?.endpoint !== endpoint) {
      this.#onNewServer();
      const limitMs = Math.min(queryTimeoutMs, this.#options.callTimeoutMs);
      const ready = this.#withinTime(this.#prepare(endpoint.url), limitMs).catch((error: unknown) => {
        // Forget a failed start, so that the next call tries again.
        if (this.#session?.ready === ready) this.#session = undefined;
        throw error;
      });
      this.#session = { endpoint, ready };
    }
    return this.#session.ready;
  }

  async #prepare(url: string): Promise<Session> {
    const { tenant, database, apiKey } = this.#options;
    const { protocol, hostname, port } = new URL(url);
    const ssl = protocol === 'https:';
    const address = {
      host: hostname,
      port: port === '' ? (ssl ? 443 : 80) : Number(port),
      ssl,
      headers: apiKey === '' ? {} : { 'x-chroma-token': apiKey },
    };
    const client = new ChromaClient({ ...address, tenant, database });
    const admin = new AdminClient(address);
    for (const one of [client, admin]) limitAnswers(one, this.#options.callTimeoutMs + abortAfterMs);
    const checks = await client.getPreflightChecks().catch((error: unknown) => {
      throw error instanceof ChromaNotFoundError ? accessError(error, url, this.#options.settings) : error;
    });
    await ensureDatabase(admin, tenant, database);
    const most = checks.max_batch_size;
    return { client, batchSize: most > 0 ? Math.min(batchSize, most) : batchSize };
  }

  async #withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new CallTimeoutError(`no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

class CallTimeoutError extends Error {
  override readonly name = 'CallTimeoutError';
}

/** The collection of this name; undefined when there is none. */
export async function getCollection(client: ChromaClient, name: string): Promise<Collection | undefined> {
  try {
    return await client.getCollection({ name });
  } catch (error) {
    if (error instanceof ChromaNotFoundError) return undefined;
    throw error;
  }
}

/** Deletes the collection if it exists. */
export async function deleteCollection(client: ChromaClient, name: string): Promise<void> {
  try {
    await client.deleteCollection({ name });
  } catch (error) {
    if (!(error instanceof ChromaNotFoundError)) throw error;
  }
}

/** Creates tenant and database where they are missing and the server allows it. */
async function ensureDatabase(admin: AdminClient, tenant: string, database: string): Promise<void> {
  await createIfMissing(
    () => admin.getTenant({ name: tenant }),
    () => admin.createTenant({ name: tenant }),
  );
  await createIfMissing(
    () => admin.getDatabase({ tenant, name: database }),
    () => admin.createDatabase({ tenant, name: database }),
  );
}

async function createIfMissing(find: () => Promise<unknown>, create: () => Promise<void>): Promise<void> {
  try {
    await find();
  } catch (error) {
    if (!(error instanceof ChromaNotFoundError)) throw error;
    await create().catch((failure: unknown) => {
      if (!(failure instanceof ChromaUniqueError)) throw failure;
    });
  }
}
