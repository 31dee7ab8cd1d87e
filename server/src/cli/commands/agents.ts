import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type BridgeCommand, type Scope } from '../../../../shared/src/agents/agent.js';
import {
  AgentConfig,
  type AgentConfigParts,
  type AgentState,
  agentConfigs,
} from '../../../../shared/src/agents/agentConfig.js';
import { agentNamed } from '../../../../shared/src/agents/agentTable.js';
import { ProjectGuide } from '../../../../shared/src/agents/projectGuide.js';
import { dataDir } from '../../../../shared/src/connection/dataDir.js';
import type { DoctorResult } from '../../../../shared/src/protocol/protocol.js';
import { LanternError, cancelled, errorMessage } from '../../../../shared/src/errors.js';
import { npmPackageName } from '../../../../shared/src/packageNames.js';
import type { Values } from '../options.js';
import { bridgeCommand } from './bridgeCommand.js';

/** Agents that `--project` writes files for also where nothing shows that they are used. */
const usual: readonly string[] = ['claude-code', 'cursor', 'vscode'];

/** Files of a project are for several machines: the command is looked up in PATH there. */
const portable: BridgeCommand = { command: 'lantern', args: ['mcp'], env: {} };

export interface AgentCommandsParts extends Omit<AgentConfigParts, 'agent' | 'scope'> {
  /** How an agent on this machine starts the bridge. */
  readonly command: BridgeCommand;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Asks a question with yes or no; undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

type Options = Pick<Values, 'all' | 'project' | 'json' | 'client'>;
type Verb = 'install' | 'uninstall';

/** `lantern mcp install`, `uninstall`, `list` and `config`. Each returns the exit status. */
export class AgentCommands {
  readonly #parts: AgentCommandsParts;

  constructor(parts: AgentCommandsParts) {
    this.#parts = parts;
  }

  async install(names: readonly string[], options: Options): Promise<number> {
    const scope = scopeOf(options);
    const command = this.#command(scope);
    const chosen = await this.#chosen('install', names, scope, options);
    const files = await this.#each(chosen, async (config) => {
      const { agent, file } = config;
      const outcome = await config.install(command);
      const next = agent.next ?? 'Its next session has the tools.';
      if (outcome === 'unchanged') return `${agent.title} has Lantern already, in ${file}.`;
      return `${outcome === 'added' ? 'Added Lantern to' : 'Corrected Lantern in'} ${agent.title}, in ${file}. ${next}`;
    });
    if (scope === 'user') return files;
    const guide = await this.#guide(async (one) => {
      const outcome = await one.install();
      if (outcome === 'unchanged') return undefined;
      return `${outcome === 'added' ? 'Added a section about' : 'Corrected the section about'} Lantern, in ${one.file}.`;
    });
    this.#parts.print(
      `Everybody who works here needs “lantern” in PATH, for example by “npm install -g ${npmPackageName}”.`,
    );
    return Math.max(files, guide);
  }

  async uninstall(names: readonly string[], options: Options): Promise<number> {
    const scope = scopeOf(options);
    const chosen = await this.#chosen('uninstall', names, scope, options);
    const files = await this.#each(chosen, async (config) => {
      const outcome = await config.uninstall();
      return outcome === 'removed'
        ? `Took Lantern out of ${config.agent.title}, in ${config.file}.`
        : `${config.agent.title} has no Lantern in ${config.file}.`;
    });
    // As long as an agent has the tools here, it is told when to use them.
    if (scope === 'user' || (await this.#configured(scope)).length > 0) return files;
    const guide = await this.#guide(async (one) =>
      (await one.uninstall()) === 'removed'
        ? `Took the section about Lantern out of ${one.file}.`
        : undefined,
    );
    return Math.max(files, guide);
  }

  /** Whether what the agents' files of this user start is there. */
  async check(): Promise<DoctorResult['checks'][number]> {
    const broken: string[] = [];
    const ids: string[] = [];
    let configured = 0;
    for (const config of this.#all('user')) {
      const state = await config.state(this.#command('user'));
      if (state.kind !== 'configured') continue;
      configured++;
      const missing = await config.missing();
      if (missing === undefined) continue;
      broken.push(`${config.agent.title} starts ${missing}, which does not exist`);
      ids.push(config.agent.id);
    }
    if (ids.length === 0) return { name: 'agents', ok: true, detail: setUp(configured) };
    return {
      name: 'agents',
      ok: false,
      detail: broken.join('; '),
      fix: `Run "lantern mcp install ${ids.join(' ')}".`,
    };
  }

  async list({ json }: Options): Promise<number> {
    const configs = [...this.#all('user'), ...(this.#isHome ? [] : this.#all('project'))];
    const rows = (await this.#states(configs)).map(({ config, state }) => ({
      agent: config.agent.id,
      title: config.agent.title,
      scope: config.scope,
      file: config.file,
      found: config.found,
      state,
    }));
    const guide = this.#isHome ? undefined : new ProjectGuide(this.#parts);
    const guideState = await guide?.state();
    if (json === true) {
      this.#parts.print(JSON.stringify({ agents: rows, guide: { file: guide?.file, state: guideState } }));
      return 0;
    }
    const user = rows.filter(({ scope }) => scope === 'user');
    const here = user.filter(({ found, state }) => found || state.kind === 'configured');
    const project = rows.filter(({ scope, state }) => scope === 'project' && state.kind !== 'absent');
    const others = user.filter((row) => !here.includes(row)).map(({ agent }) => agent);
    const widest = Math.max(0, ...[...here, ...project].map(({ agent }) => agent.length));
    for (const [title, group] of [
      ['On this machine:', here] as const,
      ['In this project:', project] as const,
    ]) {
      if (group.length > 0) this.#parts.print(title);
      for (const { agent, file, state } of group) {
        const what = state.kind === 'unreadable' ? state.reason : file;
        this.#parts.print(`  ${agent.padEnd(widest)}  ${stateText(state).padEnd(3)}  ${what}`);
      }
    }
    if (guide !== undefined && guideState?.kind === 'unreadable') this.#parts.print(guideState.reason);
    if (guide !== undefined && guideState?.kind === 'present') {
      const old = guideState.current
        ? ''
        : ', of another version: “lantern mcp install --project” corrects it';
      this.#parts.print(`Agents are told when to use it, in ${guide.file}${old}.`);
    }
    if (others.length > 0) this.#parts.print(`Not found on this machine: ${others.join(', ')}.`);
    return 0;
  }

  config({ client }: Options): number {
    // Most agents take what Cursor takes.
    const config = this.#config(client ?? 'cursor', 'user');
    if (client !== undefined) this.#parts.printError(`For ${config.agent.title}, in ${config.file}:`);
    this.#parts.print(config.print(this.#parts.command).trimEnd());
    return 0;
  }

  #command(scope: Scope): BridgeCommand {
    return scope === 'user' ? this.#parts.command : portable;
  }

  get #isHome(): boolean {
    return resolve(this.#parts.project) === resolve(this.#parts.where.home);
  }

  #config(name: string, scope: Scope): AgentConfig {
    return new AgentConfig({ ...this.#parts, agent: agentNamed(name), scope });
  }

  #all(scope: Scope): AgentConfig[] {
    return agentConfigs({ ...this.#parts, scope });
  }

  /** The named agents; without names those that the user wants of all that the command can do something for. */
  async #chosen(
    verb: Verb,
    names: readonly string[],
    scope: Scope,
    { all }: Options,
  ): Promise<readonly AgentConfig[]> {
    if (scope === 'project' && this.#isHome) {
      throw new LanternError(
        'bad-request',
        'This is your home folder, not that of a project. Change to the project first, or leave --project out.',
      );
    }
    if (names.length > 0) return [...new Set(names)].map((name) => this.#config(name, scope));
    const candidates = await this.#candidates(verb, scope);
    // Whoever names the project has chosen; version control shows what was done.
    if (all === true || scope === 'project' || candidates.length === 0) return candidates;
    if (this.#parts.ask === undefined) {
      const lines = candidates.map(({ agent, file }) => `  ${agent.id.padEnd(20)} ${file}`);
      throw new LanternError(
        'bad-request',
        `Name the agents, such as “lantern mcp ${verb} ${candidates[0]?.agent.id ?? ''}”, or give --all for these:\n${lines.join('\n')}`,
      );
    }
    const chosen: AgentConfig[] = [];
    const question = verb === 'install' ? 'Add Lantern to' : 'Take Lantern out of';
    for (const config of candidates)
      if (await this.#parts.ask(`${question} ${config.agent.title}, in ${config.file}?`)) chosen.push(config);
    return chosen;
  }

  /** One of each file: agents that read the same file of a project are one. */
  #files(scope: Scope): AgentConfig[] {
    return this.#all(scope).filter(
      ({ file }, index, all) => all.findIndex((other) => other.file === file) === index,
    );
  }

  async #configured(scope: Scope): Promise<readonly AgentConfig[]> {
    const rows = await this.#states(this.#files(scope));
    return rows.filter(({ state }) => state.kind === 'configured').map(({ config }) => config);
  }

  #states(
    configs: readonly AgentConfig[],
  ): Promise<{ readonly config: AgentConfig; readonly state: AgentState }[]> {
    return Promise.all(
      configs.map(async (config) => ({ config, state: await config.state(this.#command(config.scope)) })),
    );
  }

  async #candidates(verb: Verb, scope: Scope): Promise<readonly AgentConfig[]> {
    if (verb === 'uninstall') {
      const configured = await this.#configured(scope);
      if (configured.length === 0) this.#parts.print('No agent has Lantern in its configuration.');
      return configured;
    }
    const found = this.#files(scope).filter(
      ({ agent, found }) => found || (scope === 'project' && usual.includes(agent.id)),
    );
    if (found.length === 0) {
      throw new LanternError(
        'not-found',
        'No agent was found on this machine. Name one to set it up all the same; “lantern mcp list” names all that Lantern knows.',
      );
    }
    const rows = await this.#states(found);
    const open = rows
      .filter(({ state }) => state.kind !== 'configured' || !state.current)
      .map(({ config }) => config);
    if (open.length === 0) this.#parts.print('Every agent that was found has Lantern already.');
    return open;
  }

  /** Does something to the section in AGENTS.md, and says what; returns the exit status. */
  async #guide(act: (guide: ProjectGuide) => Promise<string | undefined>): Promise<number> {
    try {
      const said = await act(new ProjectGuide(this.#parts));
      if (said !== undefined) this.#parts.print(said);
      return 0;
    } catch (error) {
      this.#parts.printError(errorMessage(error));
      return 2;
    }
  }

  /** One file that cannot be edited does not keep the others from being. */
  async #each(
    configs: readonly AgentConfig[],
    act: (config: AgentConfig) => Promise<string>,
  ): Promise<number> {
    let failed = false;
    for (const config of configs) {
      try {
        this.#parts.print(await act(config));
      } catch (error) {
        failed = true;
        this.#parts.printError(`${config.agent.title}: ${errorMessage(error)}`);
      }
    }
    return failed ? 2 : 0;
  }
}

/** The commands for this machine, its user and the current folder. */
export function agentCommands(script: string, print: (text: string) => void): AgentCommands {
  return new AgentCommands({
    where: { env: process.env, platform: process.platform, home: homedir() },
    project: process.cwd(),
    dataDir: dataDir(),
    command: bridgeCommand(script),
    print,
    printError: (text) => process.stderr.write(`${text}\n`),
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  });
}

async function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const interrupted = new AbortController();
  lines.once('close', () => interrupted.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: interrupted.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    throw cancelled('The command');
  } finally {
    lines.close();
  }
}

const setUp = (configured: number): string =>
  configured === 0 ? 'none is set up; "lantern mcp install" does it' : `${configured} set up`;

const scopeOf = ({ project }: Options): Scope => (project === true ? 'project' : 'user');

function stateText(state: AgentState): string {
  switch (state.kind) {
    case 'absent':
      return 'no';
    case 'configured':
      return state.current ? 'yes' : `yes, with another command: ${state.command || 'none'}`;
    case 'unreadable':
      return '?';
  }
}
