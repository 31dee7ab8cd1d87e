import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  type McpHttpHandler,
  type McpServer,
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
} from '@modelcontextprotocol/server';
import { errorMessage } from '../../../../shared/src/errors.js';
import type { ClientInfo } from '../../../../shared/src/protocol/protocol.js';
import type { HttpLimits } from './httpLimits.js';
import { HttpRefusal } from './httpGuards.js';
import { clientNameOf, createMcpServer } from '../mcpServer.js';
import type { MakeServer, McpDependencies } from '../tool.js';

interface HttpSession {
  readonly transport: NodeStreamableHTTPServerTransport;
  readonly server: McpServer;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds of the monotonic clock. */
  usedAt: number;
  /** Requests that are being answered, streams included. */
  inFlight: number;
}

/** Serves accepted requests: the current protocol request by request, earlier versions in sessions. */
export class HttpSessions {
  readonly #deps: McpDependencies;
  readonly #limits: HttpLimits;
  readonly #makeServer: MakeServer;
  readonly #sessions = new Map<string, HttpSession>();
  readonly #current: McpHttpHandler;
  readonly #serveCurrent: ReturnType<typeof toNodeHandler>;
  #inFlight = 0;

  constructor(deps: McpDependencies, limits: HttpLimits, makeServer: MakeServer = createMcpServer) {
    this.#makeServer = makeServer;
    this.#deps = deps;
    this.#limits = limits;
    const onerror = (error: Error): void => deps.log.write('debug', 'mcp.protocol', { cause: error.message });
    this.#current = createMcpHandler(() => makeServer(deps), {
      legacy: 'reject',
      maxSubscriptions: limits.maxSessions,
      onerror,
    });
    this.#serveCurrent = toNodeHandler(this.#current, { onerror });
  }

  clients(): readonly ClientInfo[] {
    return [...this.#sessions.values()].map(({ server, since }) => {
      return { name: `${clientNameOf(server)} over HTTP`, pid: 0, since, folders: [] };
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    if (this.#inFlight >= this.#limits.maxInFlight) {
      throw new HttpRefusal(503, 'Too many requests are being answered. Try again in a moment.');
    }
    this.#inFlight++;
    response.once('close', () => this.#inFlight--);
    // A request on the server side always has both.
    const whole = request as IncomingMessage & { readonly method: string; readonly url: string };
    if (await isLegacyRequest(await toWebRequest(whole, body), body)) {
      await this.#inSession(request, response, body);
    } else await this.#serveCurrent(whole, response, body);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.#end(id)));
  }

  async endIdle(): Promise<void> {
    const before = performance.now() - this.#limits.sessionIdleMs;
    const idle = [...this.#sessions].filter(([, { usedAt, inFlight }]) => inFlight === 0 && usedAt < before);
    await Promise.all(idle.map(([id]) => this.#end(id)));
  }

  async dispose(): Promise<void> {
    await this.endAll();
    await this.#current.close();
  }

  async #inSession(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    let session: HttpSession | undefined;
    if (typeof id === 'string') {
      session = this.#sessions.get(id);
      // The protocol tells clients to begin again on 404.
      if (session === undefined)
        throw new HttpRefusal(404, 'The session has ended. Initialize again.', -32001);
    } else if (isInitializeRequest(body)) session = await this.#begin();
    else throw new HttpRefusal(400, 'There is no session yet. Send initialize first.');
    const used = session;
    used.usedAt = performance.now();
    used.inFlight++;
    response.once('close', () => {
      used.inFlight--;
      used.usedAt = performance.now();
    });
    await used.transport.handleRequest(request, response, body);
  }

  async #begin(): Promise<HttpSession> {
    await this.#makeRoom();
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#sessions.set(id, session),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    });
    const server = this.#makeServer(this.#deps);
    const now = performance.now();
    const session: HttpSession = { transport, server, since: Date.now(), usedAt: now, inFlight: 0 };
    await server.connect(transport);
    return session;
  }

  async #makeRoom(): Promise<void> {
    if (this.#sessions.size < this.#limits.maxSessions) return;
    const before = performance.now() - this.#limits.sessionReplaceableMs;
    const [oldest] = [...this.#sessions]
      .filter(([, { usedAt, inFlight }]) => inFlight === 0 && usedAt < before)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest === undefined) {
      throw new HttpRefusal(503, `${this.#limits.maxSessions} sessions are open. End one and try again.`);
    }
    await this.#end(oldest[0]);
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    await session?.server.close().catch((error: unknown) => {
      this.#deps.log.write('debug', 'mcp.protocol', { cause: errorMessage(error) });
    });
  }
}
