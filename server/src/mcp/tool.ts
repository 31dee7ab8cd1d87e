import type { CallToolResult, McpServer, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { Log } from '../../../shared/src/log.js';
import type { ActivityCounter } from '../service/activity.js';
import type { Service } from '../service/service.js';
import type { FolderContext } from './answers/folderScope.js';
import type { Form } from './answers/form.js';

/** What all tools need. */
export interface McpDependencies {
  readonly service: Service;
  readonly activity: ActivityCounter;
  readonly log: Log;
  readonly version: string;
}

/** Creates the server for one client, or for one request. */
export type MakeServer = (deps: McpDependencies) => McpServer;

/** One call of one tool. */
export interface ToolCall extends McpDependencies {
  /** Name of the client. */
  readonly client: string;
  /** The form of the answer. */
  readonly form: Form;
  /** What is known of the agent's folder. */
  readonly where: FolderContext;
  readonly signal: AbortSignal;
  /** Reports progress; undefined when the client did not ask for it. */
  readonly report: ((progress: number, total: number | undefined, message: string) => void) | undefined;
}

/** A tool: its contract with the agent, and its implementation. */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  /** Shape of the structured form. It is not listed: a tool with a listed one must answer in both forms. */
  readonly output: Output;
  readonly annotations: ToolAnnotations;
  /** Whether the call depends on the client's open folder, because its arguments name none. */
  needsFolder(args: z.output<Input>): boolean;
  run(args: z.output<Input>, call: ToolCall): Promise<CallToolResult>;
}

/** Infers the types of a tool's arguments. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool<Input, Output> {
  return tool;
}
