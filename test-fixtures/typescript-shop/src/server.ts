import { SessionManager, type SessionStore } from './auth/session.js';
import { TokenBucketLimiter, tooManyRequests } from './http/rateLimiter.js';
import { verifySignature } from './payments/webhook.js';

export interface ShopRequest {
  readonly method: string;
  readonly path: string;
  readonly remoteAddress: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ShopResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Handler = (request: ShopRequest) => Promise<ShopResponse>;

/** Wires the routes together; each request passes the limiter first. */
export function createApp(store: SessionStore, webhookSecret: string): Handler {
  const sessions = new SessionManager(store);
  const limiter = new TokenBucketLimiter({ burst: 40, refillPerSecond: 5 });

  const routes: Readonly<Record<string, Handler>> = {
    'GET /health': async () => ({ status: 200, body: 'ok' }),
    'POST /hooks/payments': async (request) => {
      verifySignature(request.body, request.headers['x-signature'] ?? '', webhookSecret, Date.now() / 1000);
      return { status: 200 };
    },
    'POST /logout': async (request) => {
      await sessions.destroy(request.headers['cookie'] ?? '');
      return { status: 204 };
    },
  };

  return async (request) => {
    const verdict = limiter.take(request.remoteAddress);
    if (!verdict.allowed) return tooManyRequests(verdict);
    const handler = routes[`${request.method} ${request.path}`];
    return handler ? handler(request) : { status: 404, body: 'There is nothing here.' };
  };
}
