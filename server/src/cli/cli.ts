#!/usr/bin/env node
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../../shared/src/protocol/build.js';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { IndexProgress, Requests, SearchMode } from '../../../shared/src/protocol/protocol.js';
import {
  type Terminal,
  formatDoctor,
  formatIndex,
  formatMemory,
  formatModels,
  formatProgress,
  formatSearch,
  formatStatus,
  mebibytes,
} from './output.js';
import type { DaemonConnection } from './connection.js';
import { mcpCommand } from './commands/mcp.js';

const usage = `Usage: lantern COMMAND

  index [PATH]            index a folder, or bring its index up to date
  search QUERY            find code by words and meaning; indexes first what is missing or changed
      --path PATH           the folder (default: this one)
      --limit N             how many hits (default 10, at most 100)
      --mode MODE           hybrid, semantic or lexical (default hybrid)
      --lang LANGUAGE       only this language, such as ts or python
      --glob GLOB           only matching paths, such as "src/**"
      --no-wait             answer at once from what is indexed
      --explain             show what each hit's score is made of
  status                  what is indexed, and what the daemon is doing
  memory                  who holds how much memory
  models                  the models, and which one is selected
  doctor                  check every part, and say how to mend it
  remove PATH             forget a folder's index
  cache clear             free the memory of the model and of Chroma
  start [--foreground]    start the daemon
  stop                    stop the daemon
  mcp                     serve an agent on standard input and output
  mcp config --client NAME [--write]
                          print, or write, what makes claude-code, claude-desktop, cursor or vscode use it;
                          http prints the address and token of the HTTP endpoint
  mcp token rotate        make a new token for the HTTP endpoint

Every command but start, stop, remove and mcp takes --json. LANTERN_HOME moves all data.
Exit status: 0 with hits or done, 1 with no hits, 2 on an error, 130 when interrupted.`;

const options = {
  path: { type: 'string' },
  limit: { type: 'string' },
  mode: { type: 'string' },
  lang: { type: 'string' },
  glob: { type: 'string' },
  json: { type: 'boolean' },
  foreground: { type: 'boolean' },
  client: { type: 'string' },
  write: { type: 'boolean' },
  'no-wait': { type: 'boolean' },
  explain: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new LanternError('bad-request', `${errorMessage(error)}\n\n${usage}`);
  }
}

const terminal: Terminal = {
  color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  columns: process.stdout.columns || 100,
};

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Machines get one line of JSON, people the formatted text. */
function show<T>(values: Values, result: T, format: (result: T, terminal: Terminal) => string): void {
  print(values.json === true ? JSON.stringify(result) : format(result, terminal));
}

/** A line that is drawn over and over, on a terminal only. */
class ProgressLine {
  #shown = false;
  #last = 0;

  readonly update = (progress: IndexProgress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#last < 80) return;
    this.#last = now;
    this.#shown = true;
    process.stderr.write(`\r\x1b[K${formatProgress(progress, terminal)}`);
  };

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}

async function withDaemon(
  work: (daemon: DaemonConnection, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  // The bridge, which stays for hours, does without what a connection of ours takes.
  const { connect } = await import('./connection.js');
  const daemon = await connect(interrupted.signal);
  try {
    return await work(daemon, interrupted.signal);
  } finally {
    daemon.dispose();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

async function withProgress(
  daemon: DaemonConnection,
  path: string,
  signal: AbortSignal,
): Promise<Requests['lantern/index']['result']> {
  const line = new ProgressLine();
  const token = `cli-${process.pid}`;
  const listening = daemon.onProgress(token, line.update);
  try {
    return await daemon.request('lantern/index', { path, token }, signal);
  } finally {
    listening.dispose();
    line.clear();
  }
}

async function index(positionals: readonly string[], values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const path = resolve(positionals[0] ?? values.path ?? '.');
    show(values, await withProgress(daemon, path, signal), formatIndex);
    return 0;
  });
}

async function search(positionals: readonly string[], values: Values): Promise<number> {
  const query = positionals.join(' ');
  if (query.trim() === '')
    throw new LanternError('bad-request', 'Say what to search for: lantern search "retry failed uploads"');
  const limit = Number(values.limit ?? 10);
  if (!Number.isInteger(limit))
    throw new LanternError('bad-request', `--limit takes a whole number, not "${values.limit ?? ''}".`);
  const path = resolve(values.path ?? '.');
  const mode = (values.mode ?? 'hybrid') as SearchMode;
  return withDaemon(async (daemon, signal) => {
    // Words alone need no vectors; everything else is worth the wait, with its progress shown.
    const wait = values['no-wait'] !== true;
    if (wait && mode !== 'lexical') await withProgress(daemon, path, signal);
    const result = await daemon.request(
      'lantern/search',
      {
        query,
        path,
        limit,
        mode,
        wait,
        ...(values.lang !== undefined && { language: values.lang }),
        ...(values.glob !== undefined && { glob: values.glob }),
        ...(values.explain === true && { explain: true }),
      },
      signal,
    );
    show(values, result, (found) => formatSearch(found, terminal, process.cwd()));
    return result.hits.length > 0 ? 0 : 1;
  });
}

async function simple<M extends 'lantern/status' | 'lantern/memory' | 'lantern/models' | 'lantern/doctor'>(
  method: M,
  values: Values,
  format: (result: Requests[M]['result'], terminal: Terminal) => string,
): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request(method, {}, signal), format);
    return 0;
  });
}

async function doctor(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const result = await daemon.request('lantern/doctor', {}, signal);
    show(values, result, formatDoctor);
    return result.checks.every(({ ok }) => ok) ? 0 : 2;
  });
}

async function remove(positionals: readonly string[]): Promise<number> {
  const [path] = positionals;
  if (path === undefined) throw new LanternError('bad-request', 'Name the folder: lantern remove PATH');
  return withDaemon(async (daemon, signal) => {
    const { folder, files, chunks } = await daemon.request('lantern/remove', { path: resolve(path) }, signal);
    print(
      `Removed the index of ${folder}: ${files} files, ${chunks} chunks. The folder itself is as it was.`,
    );
    return 0;
  });
}

async function cache(positionals: readonly string[], values: Values): Promise<number> {
  if (positionals[0] !== 'clear') throw new LanternError('bad-request', 'Did you mean: lantern cache clear');
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request('lantern/clearCache', {}, signal), ({ models, bytes }) =>
      models === 0
        ? 'No model was loaded.'
        : `Released ${models} model${models === 1 ? '' : 's'}, ${mebibytes(bytes)}.`,
    );
    return 0;
  });
}

async function start(values: Values): Promise<number> {
  if (values.foreground === true) return (await import('./connection.js')).runForeground();
  return withDaemon(async (daemon, signal) => {
    const { pid } = await daemon.request('lantern/status', {}, signal);
    print(`The daemon runs as process ${pid}.`);
    return 0;
  });
}

async function stop(): Promise<number> {
  const { stopDaemon } = await import('./connection.js');
  const pid = await stopDaemon();
  print(pid === undefined ? 'No daemon was running.' : `Stopped the daemon (process ${pid}).`);
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const { positionals, values } = parse(rest);
  if (
    command === undefined ||
    command === 'help' ||
    command === '--help' ||
    command === '-h' ||
    values.help === true
  ) {
    print(usage);
    return command === undefined ? 2 : 0;
  }
  switch (command) {
    case 'index':
      return index(positionals, values);
    case 'search':
      return search(positionals, values);
    case 'status':
      return simple('lantern/status', values, formatStatus);
    case 'memory':
      return simple('lantern/memory', values, formatMemory);
    case 'models':
      return simple('lantern/models', values, formatModels);
    case 'doctor':
      return doctor(values);
    case 'remove':
      return remove(positionals);
    case 'cache':
      return cache(positionals, values);
    case 'start':
      return start(values);
    case 'stop':
      return stop();
    case 'mcp':
      return mcpCommand(positionals, values, print);
    case '--version':
    case 'version':
      print(build.version);
      return 0;
    default:
      throw new LanternError('bad-request', `"${command}" is no command.\n\n${usage}`);
  }
}

/** Waits until the pipe has taken everything, since `process.exit` does not. */
async function flush(): Promise<void> {
  await new Promise<void>((done) => process.stdout.write('', () => done()));
}

// A reader that goes away (`lantern search … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const interrupted = error instanceof LanternError && error.code === 'cancelled';
  process.stderr.write(
    `lantern: ${errorMessage(error)}${interrupted ? ' What was finished is kept.' : ''}\n`,
  );
  process.exitCode = interrupted ? 130 : 2;
}
await flush();
