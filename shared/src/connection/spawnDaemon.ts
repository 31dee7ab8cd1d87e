import { spawn } from 'node:child_process';
import { mkdirSync, closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { LanternError, errorMessage } from '../errors.js';

/** How a started process ended, with the last of what it printed. */
export interface DaemonExit {
  /** The exit code, or the signal's name. */
  readonly cause: number | string;
  readonly output: string;
}

/** A process that was started to become the daemon, and may have found that another one is. */
export interface SpawnedDaemon {
  /** Undefined while it runs. */
  exit(): DaemonExit | undefined;
}

export interface SpawnOptions {
  /** Node, or the editor's own executable. */
  readonly execPath: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Becomes the working folder, so that the daemon never holds a folder of the user's. */
  readonly dataDir: string;
  /** Where its stdout and stderr go: what it says before its own log is open, and native crashes. */
  readonly logPath: string;
}

const outputLimit = 256 * 1024;

/** V8's usual 16 MiB, three times over, fill with garbage while indexing and gain no speed. */
const youngGeneration = '--max-semi-space-size=4';

/** Starts the daemon in a session of its own, so that it outlives this process and its terminal. */
export function spawnDaemon(options: SpawnOptions): SpawnedDaemon {
  const { execPath, script, args = [], dataDir, logPath } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const output = openSync(logPath, 'a+', 0o600);
  let exit: DaemonExit | undefined;
  try {
    if (fstatSync(output).size > outputLimit) ftruncateSync(output);
    const from = fstatSync(output).size;
    const child = spawn(execPath, [youngGeneration, script, ...args], {
      cwd: dataDir,
      detached: true,
      env: daemonEnvironment(options.env),
      stdio: ['ignore', output, output],
      windowsHide: true,
    });
    child.once('exit', (code, signal) => {
      exit = { cause: code ?? signal ?? 'unknown', output: tail(logPath, from) };
    });
    child.once('error', (error) => {
      exit = { cause: error.message, output: '' };
    });
    child.unref();
  } catch (error) {
    throw new LanternError(
      'unavailable',
      `The daemon could not be started with ${execPath}: ${errorMessage(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    closeSync(output);
  }
  return { exit: () => exit };
}

/** What a daemon is started with, out of what its starter has. */
export function daemonEnvironment(env: SpawnOptions['env']): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = { ...env };
  if (process.versions['electron'] !== undefined) own['ELECTRON_RUN_AS_NODE'] = '1';
  // glibc gives freed memory back only above a threshold that grows; fixed, an unloaded model leaves 28 MB less.
  own['MALLOC_TRIM_THRESHOLD_'] ??= '131072';
  // The editor's debugger would attach to every daemon that a debugged terminal starts.
  delete own['VSCODE_INSPECTOR_OPTIONS'];
  return own;
}

/** The last 2 KB that were written after `from`, at most 12 lines. */
function tail(path: string, from: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const size = fstatSync(file).size;
    const start = Math.max(Math.min(from, size), size - 2048);
    const buffer = Buffer.alloc(size - start);
    readSync(file, buffer, 0, buffer.length, start);
    return buffer.toString('utf8').trim().split('\n').slice(-12).join('\n');
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
