import type { Socket } from 'node:net';
import { errorMessage } from '../../../../shared/src/errors.js';
import type { ClientInfo } from '../../../../shared/src/protocol/protocol.js';
import type { OpenSession } from '../../service/openSession.js';
import { writeLine } from './bridgeHello.js';
import { HttpTransport } from './httpTransport.js';
import type { McpDependencies } from '../tool.js';

/** All transports by which agents reach the tools. The daemon owns one instance. */
export class McpTransports {
  readonly #deps: McpDependencies;
  readonly #http: HttpTransport | undefined;

  /** A transport that cannot be opened is logged. Editors and the command line work without it. */
  static async open(deps: McpDependencies, dataDir: string): Promise<McpTransports> {
    try {
      const http = await HttpTransport.open(deps, dataDir);
      deps.log.write('info', 'mcp.http', { url: http.url });
      return new McpTransports(deps, http);
    } catch (error) {
      deps.log.write('error', 'mcp.http', { cause: errorMessage(error) });
      return new McpTransports(deps, undefined);
    }
  }

  private constructor(deps: McpDependencies, http: HttpTransport | undefined) {
    this.#deps = deps;
    this.#http = http;
  }

  /** Serves a bridge after its handshake. */
  async openBridge(socket: Socket, pid: number): Promise<OpenSession & { info(): ClientInfo }> {
    const { BridgeSession } = await import('./socketTransport.js');
    return new BridgeSession(socket, pid, this.#deps);
  }

  /** Clients over HTTP. Clients behind a bridge are sessions of the daemon. */
  clients(): readonly ClientInfo[] {
    return this.#http?.clients() ?? [];
  }

  async dispose(): Promise<void> {
    await this.#http?.dispose();
  }
}

/** Tells a bridge why it is rejected. */
export function refuseBridge(socket: Socket, message: string): OpenSession {
  socket.write(writeLine({ ok: false, message }));
  return { closed: Promise.resolve(), dispose: () => undefined };
}
