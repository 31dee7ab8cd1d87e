import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts a worker thread with a script, compiled or bundled. */
export function startThread(script: URL, options: WorkerOptions): Worker {
  // With `node --input-type=module -e …` Node accepts only a string as the entry of a thread.
  const needsString = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return needsString
    ? new Worker(`import(${JSON.stringify(script.href)})`, { ...options, eval: true })
    : new Worker(script, options);
}

/** Lowers the priority of this thread and of those that it starts. Only Linux can do so for one thread. */
export function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, constants.priority.PRIORITY_LOW);
  } catch {
    // Without /proc it runs at the usual priority.
  }
}
