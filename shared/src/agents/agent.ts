/** What the paths of the agents' files depend on. Tests give their own. */
export interface AgentEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** How an agent starts the bridge. */
export interface BridgeCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Whether a configuration is the user's, or is in a repository and so everybody's who works there. */
export type Scope = 'user' | 'project';

export type Entry = Readonly<Record<string, unknown>>;

/** An agent that can start MCP servers, and where and how it is told so. */
export interface Agent {
  /** Its name on the command line. */
  readonly id: string;
  readonly title: string;
  readonly syntax: 'json' | 'toml' | 'yaml';
  /** The top-level key that has the servers by name. */
  readonly servers: string;
  /** The user's file: the first that exists, or the first to make. */
  readonly files: (where: AgentEnvironment) => readonly string[];
  /** One of these exists where the agent is installed; by default the folder of its file. */
  readonly signs?: (where: AgentEnvironment) => readonly string[];
  /** The same for a repository, relative to it; undefined when the agent reads no file there. */
  readonly project?: readonly string[];
  readonly entry: (command: BridgeCommand, scope: Scope) => Entry;
  /** What the user does next, if it is more than to start the agent again. */
  readonly next?: string;
}
