import type { IncomingMessage, ServerResponse } from 'node:http';
import { LanternError } from '../../../../shared/src/errors.js';

/** Names of this machine. Any other name in a `Host` header comes from a page that rebinds DNS. */
const loopback = String.raw`(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?`;
const ownHost = new RegExp(`^${loopback}$`, 'i');
const ownOrigin = new RegExp(`^https?://${loopback}$`, 'i');

export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && ownHost.test(host);
}

/** Programs send no `Origin`. A page of another site always does. */
export function isOwnOrigin(origin: string | undefined): boolean {
  return origin === undefined || ownOrigin.test(origin);
}

/** A rate limit: a burst, and a number per second. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
    this.#left = burst;
    this.#at = now();
  }

  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** Rejects a request with an HTTP status. */
export class HttpRefusal extends Error {
  readonly status: number;
  /** JSON-RPC's error number. */
  readonly code: number;

  constructor(status: number, message: string, code = -32000) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The body as JSON. Rejects a body that is too long, as soon as that is known, or not JSON. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLong = (): HttpRefusal =>
    new HttpRefusal(413, `The body is longer than ${maxBytes} bytes. Ask for less at a time.`);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLong();
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw tooLong();
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (error) {
    throw new HttpRefusal(400, `The body is no JSON: ${String(error)}`, -32700);
  }
}

/** Answers with a JSON-RPC error and closes the connection. The rest of the request is not read. */
export function refuse(request: IncomingMessage, response: ServerResponse, refusal: HttpRefusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, code, message } = refusal;
  const body = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } });
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="lantern"' }),
    ...(status === 405 && { allow: 'GET, POST, DELETE' }),
    ...((status === 429 || status === 503) && { 'retry-after': '1' }),
    ...(!request.complete && { connection: 'close' }),
  });
  response.end(body);
  if (!request.complete) {
    // Reads on for a moment, so that the answer arrives: a reset would discard it.
    request.resume();
    const closing = setTimeout(() => request.destroy(), 200);
    closing.unref();
    request.once('close', () => clearTimeout(closing));
  }
}

/** The refusal for any error. */
export function refusalOf(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof LanternError) return new HttpRefusal(503, error.message);
  return new HttpRefusal(500, 'Lantern failed at this request. Its log says why.', -32603);
}
