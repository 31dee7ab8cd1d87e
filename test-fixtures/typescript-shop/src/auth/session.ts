import { createHash, randomBytes } from 'node:crypto';

export interface SessionRecord {
  readonly userId: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
}

export interface SessionStore {
  get(key: string): Promise<SessionRecord | undefined>;
  set(key: string, record: SessionRecord): Promise<void>;
  delete(key: string): Promise<void>;
}

const IDLE_LIMIT_MS = 30 * 60_000;
const ABSOLUTE_LIMIT_MS = 12 * 3_600_000;

/** Keeps people logged in between requests. Only a digest of the cookie is stored, so a leaked table opens no account. */
export class SessionManager {
  readonly #store: SessionStore;
  readonly #now: () => number;

  constructor(store: SessionStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  async create(userId: string): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const now = this.#now();
    await this.#store.set(digest(token), { userId, createdAt: now, lastSeenAt: now });
    return token;
  }

  /** The user behind a cookie, or undefined when it is unknown, idle for too long or simply too old. */
  async authenticate(token: string): Promise<string | undefined> {
    const key = digest(token);
    const record = await this.#store.get(key);
    if (!record) return undefined;
    const now = this.#now();
    if (now - record.lastSeenAt > IDLE_LIMIT_MS || now - record.createdAt > ABSOLUTE_LIMIT_MS) {
      await this.#store.delete(key);
      return undefined;
    }
    await this.#store.set(key, { ...record, lastSeenAt: now });
    return record.userId;
  }

  /** Swaps the cookie for a fresh one after a login or a change of rights, against session fixation. */
  async rotate(token: string): Promise<string | undefined> {
    const userId = await this.authenticate(token);
    if (userId === undefined) return undefined;
    await this.#store.delete(digest(token));
    return this.create(userId);
  }

  async destroy(token: string): Promise<void> {
    await this.#store.delete(digest(token));
  }
}

export function sessionCookie(token: string): string {
  return `__Host-shop=${token}; Path=/; HttpOnly; Secure; SameSite=Lax`;
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
