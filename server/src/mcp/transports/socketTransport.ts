import type { Socket } from 'node:net';
import type { JSONRPCMessage, McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { errorMessage } from '../../../../shared/src/errors.js';
import { defaultLineLimits, readLine } from '../../../../shared/src/protocol/handshake.js';
import type { ClientInfo } from '../../../../shared/src/protocol/protocol.js';
import type { OpenSession } from '../../service/openSession.js';
import { maxMessageBytes, parseBridgeHello, writeLine } from './bridgeHello.js';
import { clientNameOf, createMcpServer } from '../mcpServer.js';
import type { McpDependencies } from '../tool.js';

/** Most bytes of unread answers. With more, the client is taken for dead. */
const maxUnreadBytes = 8 * 1024 * 1024;

/** One agent behind a bridge: MCP over the daemon's own socket, after one line with the bridge's working directory. */
export class BridgeSession implements OpenSession {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #since = Date.now();
  readonly #pid: number;
  #server: McpServer | undefined;
  #close: (() => Promise<void>) | undefined;
  #disposed = false;

  constructor(socket: Socket, pid: number, deps: McpDependencies) {
    this.#socket = socket;
    this.#pid = pid;
    this.closed = this.#serve(deps).catch((error: unknown) =>
      deps.log.write('warn', 'mcp.bridge', { clientPid: pid, cause: errorMessage(error) }),
    );
  }

  info(): ClientInfo {
    const name = this.#server === undefined ? 'mcp' : clientNameOf(this.#server);
    return { name, pid: this.#pid, since: this.#since, folders: [] };
  }

  dispose(): void {
    this.#disposed = true;
    void this.#close?.().catch(() => undefined);
  }

  async #serve(deps: McpDependencies): Promise<void> {
    const { workingDirectory } = parseBridgeHello(await readLine(this.#socket, defaultLineLimits));
    if (this.#disposed) return;
    this.#socket.write(writeLine({ ok: true }));
    const transport = new SocketTransport(this.#socket);
    const onerror = (error: Error): void => deps.log.write('debug', 'mcp.protocol', { cause: error.message });
    const ended = new Promise<void>((settle) => this.#socket.once('close', () => settle()));
    const handle = serveStdio(() => (this.#server = createMcpServer(deps, workingDirectory)), {
      transport,
      onerror,
    });
    this.#close = () => handle.close();
    await ended;
  }
}

/** The SDK's line protocol over a socket. A client that has stopped reading is disconnected. */
class SocketTransport extends StdioServerTransport {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket, socket, { maxBufferSize: 2 * maxMessageBytes });
    this.#socket = socket;
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    if (this.#socket.writableLength > maxUnreadBytes) this.#socket.destroy();
    await super.send(message);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#socket.end();
  }
}
