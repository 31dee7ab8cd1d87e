import { download } from '@vscode/test-electron';
import { errorMessage } from '../../../shared/src/errors.js';
import { cacheFolder, type Say } from './cache.js';
import { openDesktopWindow } from './desktopWindow.js';
import { openWebWindow } from './webWindow.js';
import type { EditorWindow, WindowOptions } from './window.js';
import { join } from 'node:path';

/** Silence after which a download is given up, in milliseconds. */
const downloadTimeoutMs = 15_000;

/**
 * How the editor is opened here: the VS Code that LANTERN_VSCODE_PATH names; else, where there is a screen, one that
 * is downloaded; else VS Code as a server, from npm. LANTERN_VSCODE=server goes there at once.
 */
export async function chooseWay(say: Say): Promise<(options: WindowOptions) => Promise<EditorWindow>> {
  const executable = await desktopVscode(say);
  if (executable === undefined) return (options) => openWebWindow(options, say);
  return (options) => openDesktopWindow(options, executable);
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
