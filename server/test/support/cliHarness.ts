import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  IndexReport,
  MemoryResult,
  SearchResult,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';
import { packageRoot } from '../../src/paths.js';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = packageRoot(import.meta.url);
export const fixtures = join(root, 'test-fixtures');

/** The built command line with a data folder of its own; `dispose` stops its daemon and removes the folder. */
export class Cli {
  readonly home: string;
  readonly #folders: string[] = [];

  constructor(home = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-home-')))) {
    this.home = home;
  }

  /** Runs one command to its end. */
  run(
    args: readonly string[],
    options: { signal?: AbortSignal; cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<CliResult> {
    const child = spawn(process.execPath, [join(root, 'dist', 'lantern.js'), ...args], {
      cwd: options.cwd ?? this.home,
      env: { ...process.env, ...options.env, LANTERN_HOME: this.home, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    options.signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    const { stdout, stderr, code } = await this.run([...args, '--json']);
    if (stdout === '') throw new Error(`lantern ${args.join(' ')} printed nothing (exit ${code}): ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  index(path: string): Promise<IndexReport> {
    return this.json(['index', path]);
  }

  search(query: string, path: string, ...more: string[]): Promise<SearchResult> {
    return this.json(['search', query, '--path', path, ...more]);
  }

  status(): Promise<StatusResult> {
    return this.json(['status']);
  }

  memory(): Promise<MemoryResult> {
    return this.json(['memory']);
  }

  /** Structured log lines of the daemon so far. */
  log(): Record<string, unknown>[] {
    const text = readFileSync(join(this.home, 'logs', 'daemon.log'), 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** A folder that `dispose` removes; a copy of a fixture when one is named. */
  folder(fixture?: string): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-work-')));
    this.#folders.push(folder);
    if (fixture !== undefined) cpSync(join(fixtures, fixture), folder, { recursive: true });
    return folder;
  }

  async dispose(): Promise<void> {
    await this.run(['stop']);
    for (const folder of [this.home, ...this.#folders]) rmSync(folder, { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
