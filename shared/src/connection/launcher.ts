import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemCode } from '../errors.js';

/** The command that a launcher starts. */
export interface LauncherTarget {
  readonly platform: NodeJS.Platform;
  readonly dataDir: string;
  /** Node, or the editor's own executable. */
  readonly execPath: string;
  /** Absolute path of the command line's program. */
  readonly script: string;
  /** Whether `execPath` must be told to run as Node. */
  readonly electron: boolean;
}

/**
 * Lets other programs start the command line of an installed extension. An update moves the extension's folder, and
 * on a remote machine its Node too, but an agent's configuration must stay valid. So it names a file in the data
 * folder that is written again after each update.
 */
export async function writeLauncher(target: LauncherTarget): Promise<string> {
  const path = launcherPath(target);
  const text = textOf(target);
  if ((await textAt(path)) === text) return path;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  await writeFile(temporary, text);
  await chmod(temporary, 0o700);
  await rename(temporary, path);
  return path;
}

/** Updates the launcher, which an agent may use, to this build. Does nothing when there is none. */
export async function refreshLauncher(target: LauncherTarget): Promise<void> {
  if ((await textAt(launcherPath(target))) !== undefined) await writeLauncher(target);
}

/**
 * Windows cannot start scripts directly. There the launcher is a module for the editor's executable, whose path
 * stays.
 */
export function launcherPath({ platform, dataDir }: Pick<LauncherTarget, 'platform' | 'dataDir'>): string {
  return join(dataDir, 'bin', platform === 'win32' ? 'lantern.mjs' : 'lantern');
}

function textOf({ platform, execPath, script, electron }: LauncherTarget): string {
  if (platform === 'win32') return `import ${JSON.stringify(pathToFileURL(script).href)};\n`;
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const setting = electron ? 'ELECTRON_RUN_AS_NODE=1 ' : '';
  return [
    '#!/bin/sh',
    '# Written by the Lantern extension for VS Code, and again after each of its updates.',
    `${setting}exec ${quoted(execPath)} ${quoted(script)} "$@"`,
    '',
  ].join('\n');
}

async function textAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
