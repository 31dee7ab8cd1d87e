// What the programs that run suites share.
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

const windows = process.platform === 'win32';

/**
 * Time to read the pipe after a program has ended. Not longer: a process that it left behind may keep the other end
 * open.
 */
const drainMs = 2000;

/**
 * Runs a command and shows its output, unless it is `quiet`; returns its exit code and output. `limitMs` after the start
 * of this program it is ended, with all that it started.
 */
export function run(command, args, { env = process.env, limitMs, quiet = false } = {}) {
  const child = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: windows,
    // A process group of its own, so that all of it can be ended.
    detached: !windows,
  });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
    if (!quiet) process.stdout.write(data);
  });
  return new Promise((resolve, reject) => {
    const end = () => {
      console.log(`\nEnded: the whole run may take ${limitMs / 60_000} minutes.`);
      if (windows) child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    };
    const overdue = limitMs === undefined ? undefined : setTimeout(end, limitMs - performance.now());
    const settle = (code) => {
      clearTimeout(overdue);
      child.stdout.destroy();
      resolve({ code: code ?? 1, printed });
    };
    child.once('error', reject);
    child.once('exit', (code) => setTimeout(settle, drainMs, code).unref());
    child.once('close', settle);
  });
}

/** Adds what mocha's summary says to the totals. Returns whether that is all: false for a run that ended in another way. */
export function addSummary(totals, { code, printed }) {
  // On CI the summary is coloured.
  const plain = stripVTControlCharacters(printed);
  const count = (word) => {
    const lines = [...plain.matchAll(new RegExp(`^\\s*(\\d+) ${word}\\b`, 'gm'))];
    return lines.reduce((sum, [, number]) => sum + Number(number), 0);
  };
  const failed = count('failing');
  totals.passed += count('passing');
  totals.failed += failed;
  totals.skipped += count('pending');
  return code === 0 || failed > 0;
}

/** Prints the closing line, and sets the exit code. */
export function close({ passed, failed, skipped }) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
