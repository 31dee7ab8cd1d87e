import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemCode } from '../../../../shared/src/errors.js';

const run = promisify(execFile);

/** Whether a process with this id runs. A zombie does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may contain anything, so the state is read after the last parenthesis.
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

/** The command line of a process, its arguments separated by spaces; `undefined` when it cannot be read. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    return read(async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim());
  }
  if (process.platform === 'win32') {
    return read(() => powershell(`(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`));
  }
  return read(async () => (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout.trim());
}

/** Waits at most `ms` until the process has ended; returns whether it has. */
export async function waitUntilGone(pid: number, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (await isAlive(pid)) {
    if (Date.now() >= deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Asks the process to end and forces it after `graceMs`; returns whether it has ended. */
export async function endProcess(pid: number, graceMs: number): Promise<boolean> {
  signal(pid, 'SIGTERM');
  if (await waitUntilGone(pid, graceMs)) return true;
  signal(pid, 'SIGKILL');
  return waitUntilGone(pid, 5000);
}

/** Sends a signal. A process that has already ended is not an error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

async function powershell(command: string): Promise<string> {
  const args = ['-NoProfile', '-NonInteractive', '-Command', command];
  return (await run('powershell.exe', args, { timeout: 10_000, windowsHide: true })).stdout.trim();
}

async function read(from: () => Promise<string>): Promise<string | undefined> {
  try {
    return (await from()) || undefined;
  } catch {
    return undefined;
  }
}
