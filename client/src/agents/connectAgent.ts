import { homedir } from 'node:os';
import * as vscode from 'vscode';
import {
  type BridgeCommand,
  clientConfig,
  clientNames,
  writeClientConfig,
} from '../../../shared/src/connection/clientConfig.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import {
  type LauncherTarget,
  refreshLauncher,
  writeLauncher,
} from '../../../shared/src/connection/launcher.js';
import { hasMcp } from './mcpProvider.js';

interface AgentRow extends vscode.QuickPickItem {
  readonly connect: () => Promise<void>;
}

/** Lets the user choose an agent, and adds Lantern's server to that agent's configuration. */
export async function connectAgent(script: string): Promise<void> {
  const row = await vscode.window.showQuickPick<AgentRow>(
    [...clientNames.map((name) => rowOf(name, script)), otherAgent(script)],
    {
      title: 'Connect an Agent',
      placeHolder: 'Which agent should search with Lantern?',
      matchOnDetail: true,
    },
  );
  await row?.connect();
}

/** Called after an update: points the launcher, which agents may use, to this build. */
export async function refreshAgents(script: string): Promise<void> {
  await refreshLauncher(launcherOf(script));
}

function rowOf(client: string, script: string): AgentRow {
  const { title, file, next } = clientConfig(client, commandOf(''), environment());
  if (client === 'vscode' && hasMcp()) {
    return {
      label: title,
      detail: 'Connected already: its agents list Lantern by themselves. Choose this to see it.',
      connect: async () => {
        await vscode.commands.executeCommand('workbench.mcp.listServer');
      },
    };
  }
  return {
    label: title,
    detail: file,
    connect: async () => {
      const command = commandOf(await writeLauncher(launcherOf(script)));
      const { file: written, outcome, backup } = await writeClientConfig(client, command, environment());
      const kept = backup === undefined ? '' : ` What it was is in ${backup}.`;
      const text =
        outcome === 'unchanged'
          ? `${written} has Lantern already. ${next}`
          : `Added Lantern to ${title} in ${written}.${kept} ${next}`;
      void offerFile(text, written);
    },
  };
}

function otherAgent(script: string): AgentRow {
  return {
    label: 'Another agent',
    detail: 'Copies what most agents take: a JSON object with the command that starts the server',
    connect: async () => {
      const command = commandOf(await writeLauncher(launcherOf(script)));
      // Other clients use the format of Cursor's file.
      await vscode.env.clipboard.writeText(clientConfig('cursor', command, environment()).text);
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

function launcherOf(script: string): LauncherTarget {
  return {
    platform: process.platform,
    dataDir: dataDir(),
    execPath: process.execPath,
    script,
    electron: process.versions['electron'] !== undefined,
  };
}

/** What starts the launcher: the launcher itself, but on Windows the editor's executable. */
function commandOf(launcher: string): BridgeCommand {
  const home = process.env['LANTERN_HOME'];
  const env = home ? { LANTERN_HOME: dataDir() } : {};
  if (process.platform !== 'win32') return { command: launcher, args: ['mcp'], env };
  return {
    command: process.execPath,
    args: [launcher, 'mcp'],
    env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
  };
}

function environment(): Parameters<typeof clientConfig>[2] {
  return { env: process.env, platform: process.platform, home: homedir() };
}
