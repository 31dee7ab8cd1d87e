import { spawn } from 'node:child_process';
import { mkdirSync, closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { LanternError, errorMessage } from '../errors.js';

/** How a started process ended, with its last output. */
export interface DaemonExit {
  /** The exit code, or the signal's name. */
  readonly cause: number | string;
  readonly output: string;
}

/** A process that was started as the daemon. It ends when another daemon serves. */
export interface SpawnedDaemon {
  /** Undefined where the system could not start it. */
  readonly pid: number | undefined;
  /** Undefined while it runs. */
  exit(): DaemonExit | undefined;
}

export interface SpawnOptions {
  /** Node, or the editor's own executable. */
  readonly execPath: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working folder of the daemon, so that it never occupies a folder of the user. */
  readonly dataDir: string;
  /** File for its stdout and stderr: output before its own log is open, and native crashes. */
  readonly logPath: string;
}

const outputLimit = 256 * 1024;

/** V8's default of 16 MiB, three times over, fills with garbage while indexing and is no faster. */
const youngGeneration = '--max-semi-space-size=4';

/** Starts the daemon in its own session, so that it outlives this process and its terminal. */
export function spawnDaemon(options: SpawnOptions): SpawnedDaemon {
  const { execPath, script, args = [], dataDir, logPath } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const output = openSync(logPath, 'a+', 0o600);
  let exit: DaemonExit | undefined;
  let pid: number | undefined;
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
    pid = child.pid;
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
  return { pid, exit: () => exit };
}

/** The daemon's environment, from that of the process that starts it. */
export function daemonEnvironment(env: SpawnOptions['env']): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = { ...env };
  if (process.versions['electron'] !== undefined) own['ELECTRON_RUN_AS_NODE'] = '1';
  // glibc returns freed memory only above a threshold that grows. With a fixed one an unloaded model leaves 28 MB
  // less.
  own['MALLOC_TRIM_THRESHOLD_'] ??= '131072';
  // Otherwise the editor's debugger attaches to every daemon that a debugged terminal starts.
  delete own['VSCODE_INSPECTOR_OPTIONS'];
  return own;
}

/** The last 2 KB written after `from`, at most 12 lines. */
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
