/**
 * The process that runs Chroma. The server's native call blocks its thread until the server ends, so it runs in a
 * worker. The main thread notices when the daemon ends, even by kill -9, because the channel closes; then this
 * process ends too.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Messages from this process to the daemon. */
export type ChromaMainMessage =
  | { readonly kind: 'server'; readonly pid: number }
  | { readonly kind: 'load-failed'; readonly message: string }
  /** Resident memory of the server in bytes; null when this process cannot know it. */
  | { readonly kind: 'memory'; readonly rssBytes: number | null };

/** Messages from the daemon to this process. */
export type ChromaMainRequest = 'stop' | 'memory';

/** A server that was started: how to end it, and what it holds in memory. */
interface StartedServer {
  stop(): void;
  /** Null when this process cannot know it. */
  residentBytes(): Promise<number | null>;
}

const forcedExitMs = 2500;

function tellDaemon(message: ChromaMainMessage): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function runBindings(module: string, config: string): StartedServer {
  const worker = new Worker(new URL(import.meta.url), { workerData: [module, config] });
  worker.on('message', tellDaemon);
  worker.on('error', (error) => tellDaemon({ kind: 'load-failed', message: error.message }));
  // The call returned: the port was taken, or the server has shut down.
  worker.on('exit', () => setImmediate(() => process.exit(1)));
  tellDaemon({ kind: 'server', pid: process.pid });
  return {
    stop: () => {
      process.kill(process.pid, 'SIGTERM');
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), forcedExitMs);
    },
    // The server is part of this process.
    residentBytes: () => Promise.resolve(process.memoryUsage.rss()),
  };
}

function runExecutable(file: string, config: string): StartedServer {
  const server = spawn(file, ['run', config], { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true });
  server.on('spawn', () => {
    if (server.pid !== undefined) tellDaemon({ kind: 'server', pid: server.pid });
  });
  server.on('error', (error) => {
    tellDaemon({ kind: 'load-failed', message: error.message });
    setImmediate(() => process.exit(1));
  });
  server.on('exit', () => process.exit(1));
  const stop = (): void => {
    server.kill('SIGTERM');
    setTimeout(() => server.kill('SIGKILL'), forcedExitMs);
  };
  process.on('SIGTERM', stop);
  return { stop, residentBytes: () => residentBytesOf(server.pid) };
}

/** Of another process, only Linux says this without a further process. */
async function residentBytesOf(pid: number | undefined): Promise<number | null> {
  if (process.platform !== 'linux' || pid === undefined) return null;
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

function runServerInThisThread(module: string, config: string): void {
  interface Bindings {
    cli(args: readonly string[]): void;
  }
  let bindings: Bindings;
  try {
    bindings = createRequire(import.meta.url)(module) as Bindings;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ kind: 'load-failed', message } satisfies ChromaMainMessage);
    return;
  }
  bindings.cli(['chroma', 'run', config]);
}

if (isMainThread) {
  const [, , kind, target = '', config = ''] = process.argv;
  const server = kind === 'executable' ? runExecutable(target, config) : runBindings(target, config);
  process.on('disconnect', () => server.stop());
  process.on('message', (request: ChromaMainRequest) => {
    if (request === 'stop') server.stop();
    else void server.residentBytes().then((rssBytes) => tellDaemon({ kind: 'memory', rssBytes }));
  });
  if (!process.connected) server.stop();
} else {
  const [module, config] = workerData as [string, string];
  runServerInThisThread(module, config);
}
