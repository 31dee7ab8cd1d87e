import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorMessage } from '../../../../shared/src/errors.js';
import type { ClientInfo } from '../../../../shared/src/protocol/protocol.js';
import { writePrivate } from '../../../../shared/src/writePrivate.js';
import { endpointFile } from './endpointFile.js';
import {
  HttpRefusal,
  RateLimit,
  isLoopbackHost,
  isOwnOrigin,
  readJson,
  refusalOf,
  refuse,
} from './httpGuards.js';
import { type HttpLimits, defaultHttpLimits } from './httpLimits.js';
import type { HttpSessions } from './httpSessions.js';
import { bearerMatches, readToken } from './token.js';
import type { MakeServer, McpDependencies } from '../tool.js';

/** Replaced by tests. */
export interface HttpTransportOptions {
  readonly limits?: HttpLimits;
  readonly makeServer?: MakeServer;
}

const tidyEveryMs = 10_000;
/** Refusals are counted and logged at most this often, so that a flood does not fill the log. */
const logEveryMs = 1000;

/** Streamable HTTP for agents on the loopback address. Every request needs the token of this install. */
export class HttpTransport {
  readonly url: string;
  readonly #deps: McpDependencies;
  readonly #dataDir: string;
  readonly #limits: HttpLimits;
  readonly #makeServer: MakeServer | undefined;
  readonly #server: Server;
  readonly #rate: RateLimit;
  readonly #tidying: NodeJS.Timeout;
  /** Connections with a request that is being answered. */
  readonly #busy = new WeakSet<object>();
  #token: string;
  #sessions: Promise<HttpSessions> | undefined;
  #open: HttpSessions | undefined;
  #refused = 0;
  #loggedAt = -Infinity;

  /** Listens on the port of the last time if it is free, so that a client's configuration remains valid. */
  static async open(
    deps: McpDependencies,
    dataDir: string,
    options: HttpTransportOptions = {},
  ): Promise<HttpTransport> {
    const { limits = defaultHttpLimits } = options;
    const token = await readToken(dataDir);
    const server = createServer({
      requestTimeout: limits.requestTimeoutMs,
      headersTimeout: Math.min(10_000, limits.requestTimeoutMs),
      connectionsCheckingInterval: Math.min(5000, limits.requestTimeoutMs),
      keepAliveTimeout: 5000,
      maxHeaderSize: 16 * 1024,
    });
    server.maxConnections = limits.maxConnections;
    server.timeout = limits.socketTimeoutMs;
    server.maxRequestsPerSocket = 10_000;
    try {
      await listen(server, await lastPort(dataDir));
    } catch {
      await listen(server, 0);
    }
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/mcp`;
    await writePrivate(endpointFile(dataDir), `${JSON.stringify({ url, pid: process.pid })}\n`);
    return new HttpTransport(deps, dataDir, limits, options.makeServer, server, url, token);
  }

  private constructor(
    deps: McpDependencies,
    dataDir: string,
    limits: HttpLimits,
    makeServer: MakeServer | undefined,
    server: Server,
    url: string,
    token: string,
  ) {
    this.#deps = deps;
    this.#dataDir = dataDir;
    this.#limits = limits;
    this.#makeServer = makeServer;
    this.#server = server;
    this.#rate = new RateLimit(limits.requestsPerSecond, limits.burst);
    this.#token = token;
    this.url = url;
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('error', (error) => deps.log.write('error', 'mcp.http', { cause: error.message }));
    server.on('drop', () => this.#noteRefusal('connections'));
    this.#tidying = setInterval(() => void this.#tidy(), tidyEveryMs);
    this.#tidying.unref();
  }

  clients(): readonly ClientInfo[] {
    return this.#open?.clients() ?? [];
  }

  async dispose(): Promise<void> {
    clearInterval(this.#tidying);
    const closed = new Promise<void>((settle) => this.#server.close(() => settle()));
    await this.#open?.dispose();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    // Pipelined requests are rejected: their answers would pile up, and their end would go unnoticed.
    if (this.#busy.has(socket)) {
      this.#noteRefusal('pipelining');
      socket.destroy();
      return;
    }
    this.#busy.add(socket);
    const counted = this.#deps.activity.begin('request', 'mcp over http');
    response.once('close', () => {
      this.#busy.delete(socket);
      counted.dispose();
    });
    try {
      await this.#admit(request);
      const body = request.method === 'POST' ? await readJson(request, this.#limits.maxBodyBytes) : undefined;
      const sessions = await (this.#sessions ??= this.#load());
      await sessions.handle(request, response, body);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.status === 500) {
        this.#deps.log.write('error', 'mcp.http', { cause: errorMessage(error) });
      } else this.#noteRefusal(refusal.status);
      refuse(request, response, refusal);
    }
  }

  /** Throws for a request that is not allowed. The cheapest check comes first. */
  async #admit(request: IncomingMessage): Promise<void> {
    const { headers, method = '', url = '' } = request;
    if (!isLoopbackHost(headers.host)) throw new HttpRefusal(403, 'The Host header names another machine.');
    if (!isOwnOrigin(headers.origin)) throw new HttpRefusal(403, 'Pages of other sites have no access.');
    if (url.split('?')[0] !== '/mcp') throw new HttpRefusal(404, 'There is nothing but /mcp here.');
    if (!['GET', 'POST', 'DELETE'].includes(method)) throw new HttpRefusal(405, `${method} is not allowed.`);
    this.#token = await readToken(this.#dataDir);
    if (!bearerMatches(headers.authorization, this.#token)) {
      throw new HttpRefusal(
        401,
        'The bearer token is missing or wrong. “lantern mcp config --client http” prints the one that is valid.',
      );
    }
    if (!this.#rate.take()) throw new HttpRefusal(429, 'Too many requests a second. Wait a moment.');
    if (method === 'POST' && !/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
      throw new HttpRefusal(415, 'The body must be application/json.');
    }
  }

  /** Loaded late: the SDK takes memory that a daemon without agents does not need. */
  async #load(): Promise<HttpSessions> {
    const { HttpSessions } = await import('./httpSessions.js');
    this.#open ??= new HttpSessions(this.#deps, this.#limits, this.#makeServer);
    return this.#open;
  }

  /** Ends idle sessions, and all sessions of a token that is no longer valid. */
  async #tidy(): Promise<void> {
    try {
      const token = await readToken(this.#dataDir);
      if (token !== this.#token) {
        this.#token = token;
        await this.#open?.endAll();
      } else await this.#open?.endIdle();
    } catch (error) {
      this.#deps.log.write('warn', 'mcp.tidy', { cause: errorMessage(error) });
    }
  }

  #noteRefusal(why: number | string): void {
    this.#refused++;
    const now = performance.now();
    if (now - this.#loggedAt < logEveryMs) return;
    this.#deps.log.write('warn', 'mcp.refused', { why, count: this.#refused });
    this.#loggedAt = now;
    this.#refused = 0;
  }
}

async function lastPort(dataDir: string): Promise<number> {
  try {
    const { url } = JSON.parse(await readFile(endpointFile(dataDir), 'utf8')) as { url: string };
    return Number(new URL(url).port);
  } catch {
    return 0;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
