import type { Socket } from 'node:net';
import { errorMessage } from '../../../../shared/src/errors.js';
import type { ClientInfo } from '../../../../shared/src/protocol/protocol.js';
import type { OpenSession } from '../../daemon/acceptLoop.js';
import { writeLine } from './bridgeHello.js';
import { HttpDoor } from './httpTransport.js';
import type { McpParts } from '../tool.js';

/** Every way in which agents reach the tools; the daemon owns one. */
export class McpDoors {
  readonly #parts: McpParts;
  readonly #http: HttpDoor | undefined;

  /** A door that cannot be opened is told to the log: editors and the command line do without it. */
  static async open(parts: McpParts, dataDir: string): Promise<McpDoors> {
    try {
      const http = await HttpDoor.open(parts, dataDir);
      parts.log.write('info', 'mcp.http', { url: http.url });
      return new McpDoors(parts, http);
    } catch (error) {
      parts.log.write('error', 'mcp.http', { cause: errorMessage(error) });
      return new McpDoors(parts, undefined);
    }
  }

  private constructor(parts: McpParts, http: HttpDoor | undefined) {
    this.#parts = parts;
    this.#http = http;
  }

  /** Serves a bridge that has shaken hands. */
  async openBridge(socket: Socket, pid: number): Promise<OpenSession & { info(): ClientInfo }> {
    const { BridgeSession } = await import('./socketTransport.js');
    return new BridgeSession(socket, pid, this.#parts);
  }

  /** Clients over HTTP; those behind a bridge are sessions of the daemon. */
  clients(): readonly ClientInfo[] {
    return this.#http?.clients() ?? [];
  }

  async dispose(): Promise<void> {
    await this.#http?.dispose();
  }
}

/** Tells a bridge why it is not served. */
export function refuseBridge(socket: Socket, message: string): OpenSession {
  socket.write(writeLine({ ok: false, message }));
  return { closed: Promise.resolve(), dispose: () => undefined };
}
