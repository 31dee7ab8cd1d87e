import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanternError } from '../../shared/src/errors.js';

const PACKAGE_NAME = 'lantern';

/**
 * Folder of the package that holds `from` (a path or a `file:` URL such as `import.meta.url`). It is found by its
 * package.json, because compiled files and bundles lie at different depths.
 */
export function packageRoot(from: string): string {
  const start = from.startsWith('file:') ? fileURLToPath(from) : resolve(from);
  for (let folder = start, parent = dirname(start); ; folder = parent, parent = dirname(parent)) {
    if (packageName(join(folder, 'package.json')) === PACKAGE_NAME) return folder;
    if (parent === folder) {
      throw new LanternError(
        'internal',
        `No package.json of "${PACKAGE_NAME}" lies above ${start}. Install Lantern again.`,
      );
    }
  }
}

/** Folder of the models that ship with the package found from `from`. */
export function modelsDir(from: string): string {
  return join(packageRoot(from), 'models');
}

/** What `dataDir` reads of the outside world; tests pass their own. */
export interface PathEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** Absolute folder of all that Lantern keeps: `LANTERN_HOME`, or `lantern` in the platform's usual place. */
export function dataDir(
  where: PathEnvironment = { env: process.env, platform: process.platform, home: homedir() },
): string {
  const { env, platform, home } = where;
  const chosen = env['LANTERN_HOME'];
  if (chosen) return resolve(chosen);
  return join(platformData(env, platform, home), PACKAGE_NAME);
}

function platformData(env: PathEnvironment['env'], platform: NodeJS.Platform, home: string): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local');
  // The XDG rules say that a relative path there is to be ignored.
  const xdg = env['XDG_DATA_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.local', 'share');
}

function packageName(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name;
  } catch {
    return undefined;
  }
}
