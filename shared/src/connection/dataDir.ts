import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What `dataDir` depends on. Tests give their own. */
export interface PathEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** The catalog in a data folder. Without it nothing is indexed there. */
export const catalogFile = (dataDir: string): string => join(dataDir, 'catalog.db');

/** Absolute path of the data folder: `LANTERN_HOME`, or `lantern` in the platform's usual place. */
export function dataDir(
  where: PathEnvironment = { env: process.env, platform: process.platform, home: homedir() },
): string {
  const { env, platform, home } = where;
  const chosen = env['LANTERN_HOME'];
  if (chosen) return resolve(chosen);
  return join(platformData(env, platform, home), 'lantern');
}

function platformData(env: PathEnvironment['env'], platform: NodeJS.Platform, home: string): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local');
  // The XDG specification requires ignoring a relative path.
  const xdg = env['XDG_DATA_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.local', 'share');
}
