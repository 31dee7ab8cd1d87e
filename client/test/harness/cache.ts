import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../../shared/src/connection/daemonRecord.js';
import { systemCode } from '../../../shared/src/errors.js';

export type Say = (line: string) => void;

/** Something that cannot be installed here, such as a browser for a system that npm has none for. */
export class CannotBeHad extends Error {}

/** Folder in the user's cache for what tests install. Every clone shares it. */
export function cacheFolder(): string {
  const { LANTERN_TEST_CACHE: chosen, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (chosen) return chosen;
  if (process.platform === 'win32' && local) return join(local, 'lantern-test', 'Cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'lantern-test');
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.cache'), 'lantern-test');
}

/**
 * The folder `name` of the cache. When it is missing, `fill` fills it under a temporary name, so that it is complete
 * or absent. Of several runs one fills it while the others wait.
 */
export async function installOnce(
  name: string,
  say: Say,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = cacheFolder();
  const folder = join(cache, name);
  const lock = `${folder}.lock`;
  await mkdir(cache, { recursive: true });
  for (let waited = false; ; waited = true) {
    if (await exists(folder)) return folder;
    if (await takeLock(lock)) break;
    if (!waited) say(`Waiting for another run that installs ${name} …`);
    await sleep(1000);
  }
  const partial = `${folder}.${process.pid}.partial`;
  try {
    if (await exists(folder)) return folder;
    await mkdir(partial, { recursive: true });
    const began = performance.now();
    say(`Installing ${name} into ${cache}, once for all clones …`);
    await fill(partial);
    await rename(partial, folder);
    say(`Installed ${name} in ${Math.round((performance.now() - began) / 1000)} s.`);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(lock, { force: true });
  }
}

/** A lock is a file with the owner's pid. A lock whose owner has ended is replaced. */
async function takeLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  const age = Date.now() - (await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now));
  // Give a new owner a moment to write its pid.
  if (pid > 0 ? !isAlive(pid) : age > 10_000) await rm(path, { force: true });
  return false;
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
