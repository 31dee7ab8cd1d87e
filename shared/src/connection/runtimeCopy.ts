import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isAlive, readDaemonRecord } from './daemonRecord.js';
import { LanternError, errorMessage, systemCode } from '../errors.js';
import type { BuildId } from '../protocol/handshake.js';

/**
 * Beside the programs of a packaged build: the list of the files that a daemon needs. A checkout has none and runs in
 * place.
 */
export interface RuntimeManifest {
  /**
   * Path of each file relative to the package, with `/`, and its size in bytes; null when an editor may write to it.
   */
  readonly files: readonly (readonly [path: string, bytes: number | null])[];
}

export const runtimeManifestName = 'runtime.json';

export interface RuntimeCopyOptions {
  /** Absolute path of a program in the package's `dist` folder. */
  readonly script: string;
  readonly dataDir: string;
  readonly build: BuildId;
  /** Copies one file. Tests give their own. */
  readonly placeFile?: (from: string, to: string) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

/** The daemon of a copy that was used a moment ago may not have written its record yet. */
const keepMs = 60 * 60_000;

/**
 * The program to start the daemon with: `script` in a copy of the package below the data folder, which is made if
 * necessary, or `script` itself in a checkout. A daemon that runs from the extension's folder would prevent an update
 * or removal of the extension on Windows, and would lose its files elsewhere.
 */
export async function runtimeScript(options: RuntimeCopyOptions): Promise<string> {
  const { script, dataDir, build, now = Date.now() } = options;
  const programs = dirname(resolve(script));
  const root = dirname(programs);
  const manifest = await readManifest(join(programs, runtimeManifestName));
  if (manifest === undefined) return script;
  const runtime = join(dataDir, 'runtime');
  const copy = join(runtime, folderName(build));
  // The programs of a copy start the daemon from the same copy.
  if (root === copy) return script;
  try {
    if (!(await isWhole(copy, manifest))) await make(root, copy, manifest, options.placeFile ?? placeFile);
    await utimes(copy, new Date(now), new Date(now));
  } catch (error) {
    if (error instanceof LanternError) throw error;
    throw new LanternError(
      'unavailable',
      `The daemon’s files could not be copied to ${copy}: ${errorMessage(error)}. ` +
        'Free some disk space, check that the folder is yours, and try again.',
      { cause: error },
    );
  }
  await removeUnused(runtime, basename(copy), dataDir, now);
  return join(copy, basename(programs), basename(script));
}

function folderName({ version, builtAt }: BuildId): string {
  return `${version}-${builtAt}`;
}

async function readManifest(path: string): Promise<RuntimeManifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const manifest = JSON.parse(text) as RuntimeManifest;
  for (const [file] of manifest.files) {
    if (!resolve('/copy', file).startsWith(resolve('/copy') + sep)) {
      throw new LanternError(
        'unavailable',
        `${path} names ${file}, outside the package. Install Lantern again.`,
      );
    }
  }
  return manifest;
}

/** A cleaner of old files may have deleted some. */
async function isWhole(copy: string, { files }: RuntimeManifest): Promise<boolean> {
  const sizes = await Promise.all(
    files.map(async ([file, bytes]) => {
      const size = (await stat(join(copy, file)).catch(() => undefined))?.size;
      return bytes === null ? size !== undefined : size === bytes;
    }),
  );
  return sizes.every(Boolean);
}

/**
 * Fills a folder under a temporary name, so that the copy is complete or absent, even when several processes make it.
 */
async function make(
  root: string,
  copy: string,
  manifest: RuntimeManifest,
  place: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const partial = `${copy}.${randomUUID()}.partial`;
  try {
    for (const folder of new Set(manifest.files.map(([file]) => dirname(join(partial, file))))) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    for (const [file] of manifest.files) await place(join(root, file), join(partial, file));
    if (!(await isWhole(partial, manifest))) {
      throw new LanternError('unavailable', `Files of ${root} are missing or cut. Install Lantern again.`);
    }
    try {
      await rename(partial, copy);
    } catch (error) {
      // A complete copy stays: another process was first, and a daemon may run from it.
      if (await isWhole(copy, manifest)) return;
      if (!(await exists(copy))) throw error;
      await setAside(copy);
      await rename(partial, copy);
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/**
 * A hard link takes no space and outlives the first name. On Windows no name of a loaded library can be removed, so
 * there, and across disks, the file is copied.
 */
async function placeFile(from: string, to: string): Promise<void> {
  if (process.platform !== 'win32') {
    try {
      await link(from, to);
      return;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw error;
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** On Windows the rename fails while a file in the folder is in use, and then nothing is lost. */
async function setAside(folder: string): Promise<void> {
  const gone = `${folder}.${randomUUID()}.old`;
  await rename(folder, gone);
  await rm(gone, { recursive: true, force: true }).catch(() => undefined);
}

/** Removes copies of other builds that no daemon uses. A failed removal is tried again next time. */
async function removeUnused(runtime: string, current: string, dataDir: string, now: number): Promise<void> {
  const record = await readDaemonRecord(dataDir);
  const running =
    record !== undefined && !record.clean && isAlive(record.pid) ? folderName(record.build) : undefined;
  for (const name of await readdir(runtime).catch((): string[] => [])) {
    if (name === current || name === running) continue;
    try {
      const folder = join(runtime, name);
      if (now - (await stat(folder)).mtimeMs >= keepMs) await setAside(folder);
    } catch {
      // In use, or another process is removing it.
    }
  }
}
