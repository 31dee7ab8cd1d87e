import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTests } from '@vscode/test-electron';
import { type Browser, chromium } from 'playwright-core';
import { freePort } from './freePort.js';
import type { EditorWindow, WindowOptions } from './window.js';

const startLimitMs = 60_000;

/** Opens VS Code for the desktop (`executable`) and connects to its window through the debugging port. */
export async function openDesktopWindow(options: WindowOptions, executable: string): Promise<EditorWindow> {
  const { dataFolder, extension, suite, workspace, trusted, env, settings } = options;
  await mkdir(join(dataFolder, 'User'), { recursive: true });
  await writeFile(join(dataFolder, 'User', 'settings.json'), JSON.stringify(settings, null, 2));
  const port = await freePort();
  const exitCode = runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: extension,
    extensionTestsPath: suite,
    extensionTestsEnv: env,
    launchArgs: [
      ...(workspace === undefined ? [] : [workspace]),
      ...(trusted ? ['--disable-workspace-trust'] : []),
      ...['--user-data-dir', dataFolder, '--extensions-dir', join(dataFolder, 'extensions')],
      ...['--disable-telemetry', '--skip-welcome', '--skip-release-notes', '--disable-updates'],
      `--remote-debugging-port=${port}`,
    ],
  }).catch(() => 1);
  let ended = false;
  void exitCode.then(() => (ended = true));
  const browser = await attach(port, () => ended);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined) throw new Error('VS Code has no window.');
  return {
    page,
    exitCode,
    openWindow: () => Promise.reject(new Error('A second window is tested in the browser only.')),
    close: async () => {
      await browser.close().catch(() => undefined);
      await exitCode;
    },
  };
}

async function attach(port: number, ended: () => boolean): Promise<Browser> {
  const until = Date.now() + startLimitMs;
  for (;;) {
    try {
      const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
      if (browser.contexts()[0]?.pages()[0] !== undefined) return browser;
      await browser.close();
    } catch (error) {
      if (ended() || Date.now() > until) throw error;
    }
    await sleep(200);
  }
}
