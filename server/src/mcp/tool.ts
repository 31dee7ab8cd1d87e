import type { CallToolResult, McpServer, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { Log } from '../../../shared/src/log.js';
import type { ActivityCounter } from '../service/activity.js';
import type { Service } from '../service/service.js';
import type { FolderContext } from './answers/folderScope.js';

/** What all agents' tools are made from. */
export interface McpDependencies {
  readonly service: Service;
  readonly activity: ActivityCounter;
  readonly log: Log;
  readonly version: string;
}

/** Makes the server for one client, or for one request of one. */
export type MakeServer = (deps: McpDependencies) => McpServer;

/** One call of one tool. */
export interface ToolCall extends McpDependencies {
  /** What the client calls itself. */
  readonly client: string;
  /** What is known of the folder that the agent works in. */
  readonly where: FolderContext;
  readonly signal: AbortSignal;
  /** Undefined when the client did not ask to be told. */
  readonly report: ((progress: number, total: number | undefined, message: string) => void) | undefined;
}

/** A tool: its contract with the agent, and what it does. */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly annotations: ToolAnnotations;
  /** Whether the call depends on which folder the client has open, and its arguments do not say. */
  needsFolder(args: z.output<Input>): boolean;
  run(args: z.output<Input>, call: ToolCall): Promise<CallToolResult>;
}

/** Keeps the types of a tool's arguments while it is written. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool<Input, Output> {
  return tool;
}
