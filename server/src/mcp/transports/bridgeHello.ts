/** The name of a bridge in its handshake with the daemon. */
export const bridgeClient = 'mcp';

/** Bytes of the longest message of an agent's client. */
export const maxMessageBytes = 1024 * 1024;

/** The first line that a bridge sends after the handshake. */
export interface BridgeHello {
  /** Absolute path of the folder in which the agent's client started the bridge. */
  readonly workingDirectory: string | undefined;
}

/** The daemon's answer. MCP begins after `ok`. */
export type BridgeReply = { readonly ok: true } | { readonly ok: false; readonly message: string };

export const writeLine = (value: BridgeHello | BridgeReply): string => `${JSON.stringify(value)}\n`;

/** Throws for an invalid line. */
export function parseBridgeHello(line: string): BridgeHello {
  const { workingDirectory } = asObject(line);
  return { workingDirectory: typeof workingDirectory === 'string' ? workingDirectory : undefined };
}

export function parseBridgeReply(line: string): BridgeReply {
  const { ok, message } = asObject(line);
  return ok === true
    ? { ok }
    : { ok: false, message: typeof message === 'string' ? message : 'The daemon refused.' };
}

function asObject(line: string): Readonly<Record<string, unknown>> {
  return (JSON.parse(line) ?? {}) as Readonly<Record<string, unknown>>;
}
