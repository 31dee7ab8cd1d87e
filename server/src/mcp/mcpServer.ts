import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type CallToolResult,
  type InputRequiredResult,
  McpServer,
  type ServerContext,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { rootPaths } from './answers/folderScope.js';
import { formOf } from './answers/form.js';
import { safeLine } from '../../../shared/src/safeText.js';
import type { McpDependencies, Tool, ToolCall } from './tool.js';
import { clearEmbeddingCache } from './tools/clearCache.js';
import { findRelated } from './tools/findRelated.js';
import { getCacheInfo } from './tools/cacheInfo.js';
import { indexDirectory } from './tools/indexDirectory.js';
import { indexStatus } from './tools/indexStatus.js';
import { listFolders } from './tools/listFolders.js';
import { searchCode } from './tools/searchCode.js';

const instructions =
  'Lantern searches the code on this machine by meaning and by words. Start with search_code when you look for where ' +
  'something is done and do not know its name; answers are short, ranked, and say how complete they are.';

const tools: readonly Tool[] = [
  searchCode,
  findRelated,
  indexStatus,
  listFolders,
  indexDirectory,
  getCacheInfo,
  clearEmbeddingCache,
];

/** Longest wait for a client's list of roots. */
const rootsTimeoutMs = 5000;
/** Keys of the request for roots and of its cached answer. */
const rootsKey = 'roots';

/** An MCP server with every tool, for one client over any transport. */
export function createMcpServer(deps: McpDependencies, workingDirectory?: string): McpServer {
  const server = new McpServer(
    { name: 'lantern', title: 'Lantern', version: deps.version },
    {
      capabilities: { tools: { listChanged: false } },
      instructions,
      maxToolInputElements: 100,
      inputRequired: { maxRounds: 2, roundTimeoutMs: rootsTimeoutMs },
    },
  );
  for (const tool of tools) {
    const { name, title, description, input, annotations } = tool;
    server.registerTool(
      name,
      {
        title,
        description,
        inputSchema: input,
        annotations: { title, ...annotations },
      },
      (args, context) => answer(tool, args, context, server, deps, workingDirectory),
    );
  }
  return server;
}

/** Name of a server's client, once it is known. */
export function clientNameOf({ server }: McpServer): string {
  // Deprecated for handlers of a request; here there is no request.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return safeLine(server.getClientVersion()?.name ?? 'mcp', 60);
}

/** Runs a tool. It counts as activity; an error becomes an answer that says what to do. */
async function answer(
  tool: Tool,
  args: Record<string, unknown>,
  context: ServerContext,
  server: McpServer,
  deps: McpDependencies,
  workingDirectory: string | undefined,
): Promise<CallToolResult | InputRequiredResult> {
  const client = clientOf(context, server);
  const roots = inputResponse(context.mcpReq.inputResponses, rootsKey);
  if (tool.needsFolder(args) && client.hasRoots && roots.kind === 'missing') {
    return inputRequired({ inputRequests: { [rootsKey]: inputRequired.listRoots() } });
  }
  const { activity, log } = deps;
  const counted = activity.begin('request', tool.name);
  const began = performance.now();
  const call: ToolCall = {
    ...deps,
    client: client.name,
    form: formOf(context.mcpReq._meta),
    where: { roots: roots.kind === 'roots' ? rootPaths(roots.roots) : [], workingDirectory },
    signal: context.mcpReq.signal,
    report: reporter(context),
  };
  try {
    const result = await tool.run(args, call);
    log.write('debug', 'mcp.call', {
      tool: tool.name,
      client: client.name,
      ms: Math.round(performance.now() - began),
    });
    return result;
  } catch (error) {
    const code = error instanceof LanternError ? error.code : 'internal';
    log.write(code === 'internal' ? 'error' : 'info', 'mcp.failed', {
      tool: tool.name,
      client: client.name,
      code,
      cause: errorMessage(error),
    });
    return { isError: true, content: [{ type: 'text', text: explained(error) }] };
  } finally {
    counted.dispose();
  }
}

/** An error for an agent: short, on few lines, with a next step. */
function explained(error: unknown): string {
  const known = error instanceof LanternError;
  const text = errorMessage(error)
    .split('\n')
    .slice(0, 8)
    .map((line) => safeLine(line, 1500))
    .join('\n');
  return known
    ? text
    : `Lantern failed at this: ${text} Try again; “lantern doctor” in a terminal says what is wrong.`;
}

/** The client's name, and whether it can list its roots. */
function clientOf(
  { mcpReq }: ServerContext,
  { server }: McpServer,
): { readonly name: string; readonly hasRoots: boolean } {
  // Newer clients send their name with every request, older ones once at the start.
  const envelope = (mcpReq.envelope ?? {}) as Readonly<Record<string, unknown>>;
  /* eslint-disable @typescript-eslint/no-deprecated */
  const info = envelope[CLIENT_INFO_META_KEY] ?? server.getClientVersion();
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  /* eslint-enable @typescript-eslint/no-deprecated */
  const name = field(info, 'name');
  return {
    name: typeof name === 'string' && name !== '' ? safeLine(name, 60) : 'unknown',
    hasRoots: field(capabilities, 'roots') !== undefined,
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function reporter({ mcpReq }: ServerContext): ToolCall['report'] {
  const token = mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  return (progress, total, message) => {
    const params = { progressToken: token, progress, message, ...(total !== undefined && { total }) };
    // The transport notices a client that has ended.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
