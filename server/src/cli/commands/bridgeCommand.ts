import { resolve } from 'node:path';
import type { BridgeCommand } from '../../../../shared/src/agents/agent.js';
import { npmPackageName } from '../../../../shared/src/packageNames.js';

/**
 * Folders in which npx, `pnpm dlx`, `yarn dlx` and bunx install a package to run it once. They clean them up, so no
 * agent may be told of a file there.
 */
const temporary = /[\\/](_npx[\\/][0-9a-f]+|pnpm[\\/]dlx(-[^\\/]+)?|dlx-[^\\/]+|bunx-[^\\/]+)[\\/]/;

/** How an agent on this machine starts the bridge, when `script` is the running program. */
export function bridgeCommand(
  script: string,
  { env, platform }: Pick<NodeJS.Process, 'env' | 'platform'> = process,
): BridgeCommand {
  const chosen = env['LANTERN_HOME'];
  const home = { ...(chosen && { LANTERN_HOME: resolve(chosen) }) };
  if (temporary.test(script)) {
    // onnxruntime-node has an install script that downloads CUDA on Linux, which Lantern does not use.
    const args = ['npx', '-y', '--ignore-scripts', npmPackageName, 'mcp'];
    // Windows starts a script such as npx.cmd only through a shell.
    const [command = '', ...rest] = platform === 'win32' ? ['cmd', '/c', ...args] : args;
    return { command, args: rest, env: home };
  }
  // The running program, so that it does not depend on the agent's PATH.
  return {
    command: process.execPath,
    args: [script, 'mcp'],
    env: { ...(process.versions['electron'] !== undefined && { ELECTRON_RUN_AS_NODE: '1' }), ...home },
  };
}
