import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CallToolResult, Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { ActivityCounter } from '../../src/service/activity.js';
import type { Parsers } from '../../src/syntax/parsers.js';
import { TestService } from './testService.js';
import { recordingLog } from './testLog.js';
import { createMcpServer } from '../../src/mcp/mcpServer.js';
import type { McpDependencies } from '../../src/mcp/tool.js';

/** The agents' tools over a service. All parts are real but the model and Chroma. */
export class TestAgents {
  readonly service: TestService;
  readonly activity = new ActivityCounter(0, () => undefined);
  readonly recorded = recordingLog();
  /** The data folder of the transports. */
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-mcp-')));
  readonly deps: McpDependencies;
  readonly #clients: Client[] = [];

  constructor(files: Readonly<Record<string, string>> = {}, parsers?: Parsers) {
    this.service = new TestService(files, parsers);
    this.deps = {
      service: this.service.service,
      activity: this.activity,
      log: this.recorded.log,
      version: '1.2.3',
    };
  }

  get root(): string {
    return this.service.root;
  }

  /** A client in this process. `roots` are its open folders. */
  async connect(options: { roots?: readonly string[]; workingDirectory?: string } = {}): Promise<Client> {
    const client = testClient(options.roots);
    const [own, theirs] = InMemoryTransport.createLinkedPair();
    await createMcpServer(this.deps, options.workingDirectory).connect(theirs);
    await client.connect(own);
    this.#clients.push(client);
    return client;
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) await client.close();
    this.activity.dispose();
    await this.service.dispose();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A client of the official SDK that lists its open folders when asked. */
export function testClient(
  roots?: readonly string[],
  mode: 'legacy' | 'auto' = 'legacy',
  name = 'test-agent',
): Client {
  const client = new Client(
    { name, version: '1.0.0' },
    { capabilities: roots === undefined ? {} : { roots: {} }, versionNegotiation: { mode } },
  );
  if (roots !== undefined) {
    client.setRequestHandler('roots/list', () => ({
      roots: roots.map((path) => ({ uri: pathToFileURL(path + sep).href })),
    }));
  }
  return client;
}

/** The texts of an answer, joined. */
export function textOf({ content }: CallToolResult): string {
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
