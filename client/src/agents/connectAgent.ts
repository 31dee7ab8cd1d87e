import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { type AgentConfig, type AgentState, agentConfigs } from '../../../shared/src/agents/agentConfig.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import { launcherPath, writeLauncher } from '../../../shared/src/connection/launcher.js';
import { commandOf, launcherOf } from './agentLauncher.js';
import { hasMcp } from './mcpProvider.js';

interface AgentRow extends vscode.QuickPickItem {
  readonly choose?: () => Promise<void>;
}

/** Lets the user choose an agent, and adds Lantern's server to that agent's configuration or takes it out. */
export async function connectAgent(script: string): Promise<void> {
  const row = await vscode.window.showQuickPick<AgentRow>(rows(script), {
    title: 'Connect an Agent',
    placeHolder: 'Which agent should search with Lantern?',
    matchOnDetail: true,
  });
  await row?.choose?.();
}

async function rows(script: string): Promise<AgentRow[]> {
  const command = commandOf(launcherPath(launcherOf(script)));
  const configs = agentConfigs({
    scope: 'user',
    where: { env: process.env, platform: process.platform, home: homedir() },
    project: '',
    dataDir: dataDir(),
  });
  const all = await Promise.all(
    configs.map(async (config) => {
      const state = await config.state(command);
      const here = config.found || state.kind !== 'absent' || (config.agent.id === 'vscode' && hasMcp());
      return { here, row: rowOf(config, state, script) };
    }),
  );
  const group = (label: string): AgentRow => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...all.filter(({ here }) => here).map(({ row }) => row),
    otherAgent(configs, script),
    group('not found on this machine'),
    ...all.filter(({ here }) => !here).map(({ row }) => row),
  ];
}

function rowOf(config: AgentConfig, state: AgentState, script: string): AgentRow {
  const { agent, file } = config;
  const label = agent.title;
  if (agent.id === 'vscode' && hasMcp()) {
    return {
      label,
      detail: 'Connected already: its agents list Lantern by themselves. Choose this to see it.',
      choose: async () => {
        await vscode.commands.executeCommand('workbench.mcp.listServer');
      },
    };
  }
  if (state.kind === 'configured' && state.current) {
    return { label, description: 'connected', detail: file, choose: async () => offerRemoval(config) };
  }
  return {
    label,
    detail: file,
    choose: async () => {
      const outcome = await config.install(commandOf(await writeLauncher(launcherOf(script))));
      const done = outcome === 'changed' ? 'Corrected Lantern in' : 'Added Lantern to';
      const next = agent.next ?? 'Its next session has the tools.';
      void offerFile(`${done} ${label}, in ${file}. ${next}`, file);
    },
  };
}

async function offerRemoval(config: AgentConfig): Promise<void> {
  const { agent, file } = config;
  const disconnect = 'Disconnect';
  const open = 'Open File';
  const answer = await vscode.window.showInformationMessage(
    `Lantern: ${agent.title} has Lantern already, in ${file}.`,
    disconnect,
    open,
  );
  if (answer === open) await vscode.window.showTextDocument(vscode.Uri.file(file));
  if (answer !== disconnect) return;
  await config.uninstall();
  void vscode.window.showInformationMessage(`Lantern: took Lantern out of ${agent.title}, in ${file}.`);
}

function otherAgent(configs: readonly AgentConfig[], script: string): AgentRow {
  return {
    label: 'Another agent',
    detail: 'Copies what most agents take: a JSON object with the command that starts the server',
    choose: async () => {
      const command = commandOf(await writeLauncher(launcherOf(script)));
      // Most agents take what Cursor takes.
      const text = configs.find(({ agent }) => agent.id === 'cursor')?.print(command) ?? '';
      await vscode.env.clipboard.writeText(text);
      void vscode.window.showInformationMessage(
        'Lantern: copied. Paste it into the configuration of your agent, where it names its MCP servers.',
      );
    },
  };
}

async function offerFile(text: string, file: string): Promise<void> {
  const open = 'Open File';
  if ((await vscode.window.showInformationMessage(`Lantern: ${text}`, open)) === open)
    await vscode.window.showTextDocument(vscode.Uri.file(file));
}
