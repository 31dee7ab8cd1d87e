import { download } from '@vscode/test-electron';
import { errorMessage } from '../../../shared/src/errors.js';
import { CannotBeHad, cacheFolder, type Say } from './cache.js';
import { ensureChromium } from './chromium.js';
import { openDesktopWindow } from './desktopWindow.js';
import { ensureVscodeServer } from './vscodeServer.js';
import { openWebWindow } from './webWindow.js';
import type { EditorWindow, WindowOptions } from './window.js';
import { join } from 'node:path';

/** Milliseconds without data after which a download is given up. */
const downloadTimeoutMs = 15_000;

/**
 * Chooses how to open the editor: the VS Code that LANTERN_VSCODE_PATH names; otherwise, where there is a screen, a
 * downloaded one; otherwise VS Code as a server, from npm. LANTERN_VSCODE=server forces the last.
 */
export async function chooseWay(say: Say): Promise<(options: WindowOptions) => Promise<EditorWindow>> {
  const executable = await desktopVscode(say);
  if (executable === undefined) return (options) => openWebWindow(options, say);
  return (options) => openDesktopWindow(options, executable);
}

/** Installs what the suites need, and the Node of VS Code's server, which other tests use too. */
export async function prepareWay(say: Say): Promise<void> {
  const executable = await desktopVscode(say);
  try {
    const { node } = await ensureVscodeServer(say);
    await ensureChromium(node, say);
  } catch (error) {
    // On the desktop the scenarios do not need it. The suite of the installed extension reports that it is skipped.
    if (executable === undefined || !(error instanceof CannotBeHad)) throw error;
    say(error.message);
  }
}

async function desktopVscode(say: Say): Promise<string | undefined> {
  const { LANTERN_VSCODE_PATH: given, LANTERN_VSCODE: way, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (given) return given;
  const screen = process.platform !== 'linux' || Boolean(DISPLAY ?? WAYLAND_DISPLAY);
  if (way === 'server' || !screen) return undefined;
  try {
    return await download({ cachePath: join(cacheFolder(), 'desktop'), timeout: downloadTimeoutMs });
  } catch (error) {
    say(`VS Code cannot be downloaded here (${errorMessage(error)}): using VS Code as a server, from npm.`);
    return undefined;
  }
}
