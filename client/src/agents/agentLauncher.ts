import type { BridgeCommand } from '../../../shared/src/agents/agent.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import { type LauncherTarget, refreshLauncher } from '../../../shared/src/connection/launcher.js';

/** Called after an update: points the launcher, which agents may use, to this build. */
export async function refreshAgents(script: string): Promise<void> {
  await refreshLauncher(launcherOf(script));
}

/** The launcher of this build. */
export function launcherOf(script: string): LauncherTarget {
  return {
    platform: process.platform,
    dataDir: dataDir(),
    execPath: process.execPath,
    script,
    electron: process.versions['electron'] !== undefined,
  };
}

/** What starts the launcher: the launcher itself, but on Windows the editor's executable. */
export function commandOf(launcher: string): BridgeCommand {
  const home = process.env['LANTERN_HOME'];
  const env = home ? { LANTERN_HOME: dataDir() } : {};
  if (process.platform !== 'win32') return { command: launcher, args: ['mcp'], env };
  return {
    command: process.execPath,
    args: [launcher, 'mcp'],
    env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
  };
}
