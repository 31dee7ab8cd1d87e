import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser as PlaywrightBrowser, type BrowserContext, type Page, chromium } from 'playwright-core';
import type { Say } from './cache.js';
import { ensureChromium } from './chromium.js';
import { freePort } from './freePort.js';
import { ensureVscodeServer } from './vscodeServer.js';
import type { EditorWindow, WindowOptions } from './window.js';

const startLimitMs = 60_000;
const viewport = { width: 1280, height: 800 };

/** Opens VS Code as a server with a browser in front, both from npm packages alone. */
export async function openWebWindow(options: WindowOptions, say: Say): Promise<EditorWindow> {
  const server = await ensureVscodeServer(say);
  const chosen = await ensureChromium(server.node, say);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await writeSettings(options);
  const child = startServer(server.node, server.main, port, options);
  let browser: PlaywrightBrowser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close().catch(() => undefined);
    await stop(child);
  };
  try {
    await answering(origin, child);
    browser = await chromium.launch({
      executablePath: chosen.executablePath,
      env: { ...process.env, ...chosen.env },
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    const context = await browser.newContext({
      viewport,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page, exitCode } = await openSuite(context, origin, options);
    return {
      page,
      exitCode: Promise.race([exitCode, died(child)]),
      openWindow: async (workspace) => {
        const other = await context.newPage();
        await other.goto(
          `${origin}/?${query(workspace, [['extensionDevelopmentPath', remoteOf(origin, options.extension)]])}`,
        );
        await other.waitForSelector('.monaco-workbench');
        return other;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openSuite(
  context: BrowserContext,
  origin: string,
  { extension, suite, workspace, onLog }: WindowOptions,
): Promise<{ page: Page; exitCode: Promise<number> }> {
  const page = await context.newPage();
  let end: (code: number) => void = () => undefined;
  const exitCode = new Promise<number>((resolve) => (end = resolve));
  // The page calls these where a test host of the desktop would write to its own console and exit.
  await page.exposeFunction('codeAutomationLog', (kind: string, args: readonly unknown[]) => {
    onLog(`[${kind}] ${args.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ')}`);
  });
  await page.exposeFunction('codeAutomationExit', (code: number) => end(code));
  page.on('crash', () => end(1));
  const payload = [
    ['extensionDevelopmentPath', remoteOf(origin, extension)],
    ['extensionTestsPath', remoteOf(origin, suite)],
  ];
  await page.goto(`${origin}/?${query(workspace, payload)}`);
  return { page, exitCode };
}

/** URI of a file of the server's machine, for the page. */
function remoteOf(origin: string, path: string): string {
  return `vscode-remote://${origin.slice('http://'.length)}${path}`;
}

function query(workspace: string | undefined, payload: readonly (readonly string[])[]): string {
  const place =
    workspace === undefined
      ? ['ew', 'true']
      : [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder', workspace];
  const parts = [place, ...(payload.length === 0 ? [] : [['payload', JSON.stringify(payload)]])];
  return parts.map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`).join('&');
}

async function writeSettings({ dataFolder, settings }: WindowOptions): Promise<void> {
  const machine = join(dataFolder, 'data', 'Machine');
  await mkdir(machine, { recursive: true });
  await writeFile(join(machine, 'settings.json'), JSON.stringify(settings, null, 2));
}

function startServer(node: string, main: string, port: number, options: WindowOptions): ChildProcess {
  const { dataFolder, env, trusted, onLog } = options;
  const args = [
    ...['--host', '127.0.0.1', '--port', String(port), '--without-connection-token'],
    ...['--accept-server-license-terms', '--enable-smoke-test-driver', '--disable-telemetry'],
    ...(trusted ? ['--disable-workspace-trust'] : []),
    ...['--server-data-dir', dataFolder],
  ];
  // Remove variables of an editor around this terminal, which would make this editor part of that one.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name),
  );
  const child = spawn(node, [main, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => onLog(`[server] ${text.trimEnd()}`));
  }
  return child;
}

async function answering(origin: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + startLimitMs;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`VS Code's server exited with ${child.exitCode}.`);
    const response = await fetch(`${origin}/version`).catch(() => undefined);
    await response?.text();
    if (response?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`VS Code's server did not answer at ${origin} within ${startLimitMs / 1000} s.`);
}

function died(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.once('exit', () => resolve(1)));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(killing);
}
