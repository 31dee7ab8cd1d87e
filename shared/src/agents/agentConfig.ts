import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { LanternError, errorMessage } from '../errors.js';
import type { Agent, AgentEnvironment, BridgeCommand, Entry, Scope } from './agent.js';
import { agents, signsOf } from './agentTable.js';
import { readConfig, removeConfig, writeConfig } from './configFile.js';
import { type Addition, ConfigText, canonical, isObject } from './configText.js';
import { type Receipt, ReceiptFile } from './receipt.js';

/** What an agent's configuration says of Lantern. */
export type AgentState =
  | { readonly kind: 'absent' }
  /** `command` is what starts the bridge, without its arguments. */
  | { readonly kind: 'configured'; readonly command: string; readonly current: boolean }
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface AgentConfigParts {
  readonly agent: Agent;
  readonly scope: Scope;
  readonly where: AgentEnvironment;
  /** The folder whose files are meant when `scope` is `project`. */
  readonly project: string;
  /** Where receipts are kept. */
  readonly dataDir: string;
}

/** The configuration file of one agent: whether it has Lantern's server, adding it, and taking it out. */
export class AgentConfig {
  readonly agent: Agent;
  readonly scope: Scope;
  /** Absolute path. */
  readonly file: string;
  readonly #signs: readonly string[];
  readonly #text: ConfigText;
  readonly #receipt: ReceiptFile<Addition>;

  /** Throws `bad-request` when the agent has no file in projects, and one there is asked for. */
  constructor({ agent, scope, where, project, dataDir }: AgentConfigParts) {
    const files =
      scope === 'user' ? agent.files(where) : agent.project?.map((file) => resolve(project, file));
    const file = files?.find((one) => existsSync(one)) ?? files?.[0];
    if (file === undefined) {
      throw new LanternError(
        'bad-request',
        `${agent.title} reads no file of a project. Without --project it is set up for you alone.`,
      );
    }
    this.agent = agent;
    this.scope = scope;
    this.file = file;
    this.#signs = scope === 'user' ? signsOf(agent, where) : projectSigns(agent, project);
    this.#text = new ConfigText(agent, file);
    this.#receipt = new ReceiptFile(dataDir, file);
  }

  /** Whether the agent is installed, or, in a project, used there. */
  get found(): boolean {
    return this.#signs.some((path) => existsSync(path));
  }

  async state(command: BridgeCommand): Promise<AgentState> {
    try {
      const { text } = await readConfig(this.file);
      const entry = text === undefined ? undefined : this.#text.entryIn(text);
      if (entry === undefined) return { kind: 'absent' };
      const current = has(entry, this.#entry(command));
      return { kind: 'configured', command: commandOf(entry), current };
    } catch (error) {
      return { kind: 'unreadable', reason: errorMessage(error) };
    }
  }

  /** An absolute path that the entry starts and that does not exist; `undefined` without such a path or an entry. */
  async missing(): Promise<string | undefined> {
    const { text } = await readConfig(this.file);
    return text === undefined
      ? undefined
      : pathsOf(this.#text.entryIn(text)).find((path) => !existsSync(path));
  }

  /** The content of a file that has only this server. */
  print(command: BridgeCommand): string {
    return this.#text.add('', this.#entry(command)).text;
  }

  /** Adds the server, or corrects its entry. Everything else in the file stays. */
  async install(command: BridgeCommand): Promise<'added' | 'changed' | 'unchanged'> {
    const file = await readConfig(this.file);
    const present = file.text === undefined ? undefined : this.#text.entryIn(file.text);
    const entry = this.#entry(command);
    if (present !== undefined && has(present, entry)) return 'unchanged';
    const receipt = present === undefined ? undefined : await this.#receipt.read();
    const base =
      file.text === undefined || present === undefined ? file.text : this.#without(file.text, receipt);
    const { text, addition } = this.#text.add(base ?? '', merged(present, entry));
    const folder = (await mkdir(dirname(file.path), { recursive: true })) ?? receipt?.folder;
    // Before the file, so that no file has an entry that cannot be undone.
    await this.#receipt.write({ ...addition, file: this.file, existed: base !== undefined, folder });
    await writeConfig(file, text, this.scope === 'user' ? 0o600 : 0o666);
    return present === undefined ? 'added' : 'changed';
  }

  /** Takes the server out. What `install` had made, and nothing else was added to, is gone then. */
  async uninstall(): Promise<'removed' | 'absent'> {
    const file = await readConfig(this.file);
    if (file.text === undefined || this.#text.entryIn(file.text) === undefined) return 'absent';
    const receipt = await this.#receipt.read();
    const text = this.#without(file.text, receipt);
    if (text === undefined) await removeConfig(file, receipt?.folder);
    else await writeConfig(file, text, 0o600);
    await this.#receipt.remove();
    return 'removed';
  }

  /** The text before the server was added; undefined when there was no file. */
  #without(text: string, receipt: Receipt<Addition> | undefined): string | undefined {
    const before = this.#text.remove(text, receipt);
    return receipt?.existed === false && this.#text.isBlank(before) ? undefined : before;
  }

  #entry(command: BridgeCommand): Entry {
    return this.agent.entry(command, this.scope);
  }
}

/** The configurations of all agents that have one in this scope, in the order of the table. */
export function agentConfigs(parts: Omit<AgentConfigParts, 'agent'>): AgentConfig[] {
  return agents
    .filter(({ project }) => parts.scope === 'user' || project !== undefined)
    .map((agent) => new AgentConfig({ ...parts, agent }));
}

/** What says how a server is started, by any agent's name for it. */
const startKeys = ['command', 'args', 'env', 'environment', 'cmd', 'envs'];

/** Whether a present entry starts the same bridge. What else the user has set in it is the user's. */
function has(present: unknown, entry: Entry): boolean {
  if (!isObject(present)) return false;
  const keys = new Set([...startKeys, ...Object.keys(entry)]);
  return [...keys].every((key) => canonical(present[key] ?? null) === canonical(entry[key] ?? null));
}

/** An entry with what the user has set in the present one, such as a timeout. */
function merged(present: unknown, entry: Entry): Entry {
  if (!isObject(present) || commandOf(present) === '') return entry;
  const set = Object.entries(present).filter(([key]) => !startKeys.includes(key));
  return { ...Object.fromEntries(set), ...entry };
}

/** What an entry starts; empty when it starts nothing, such as one with an address. */
function commandOf(entry: unknown): string {
  if (!isObject(entry)) return '';
  const command = entry['command'] ?? entry['cmd'];
  const first: unknown = Array.isArray(command) ? command[0] : command;
  return typeof first === 'string' ? first : '';
}

/** The absolute paths in what an entry starts: the program, and its script. */
function pathsOf(entry: unknown): string[] {
  if (!isObject(entry)) return [];
  return [entry['command'], entry['cmd'], entry['args']]
    .flat()
    .filter((one): one is string => typeof one === 'string' && isAbsolute(one));
}

/** A folder of an agent's own, or its file beside others. */
function projectSigns({ project = [] }: Agent, folder: string): string[] {
  return project.map((file) => join(folder, file.startsWith('.') ? (file.split('/')[0] ?? file) : file));
}
