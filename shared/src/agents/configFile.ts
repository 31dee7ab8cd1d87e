import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LanternError, errorMessage, systemCode } from '../errors.js';

/** A configuration file as it was read. */
export interface ReadFile {
  /** Where it is; not a link. */
  readonly path: string;
  /** Undefined when there is no file. */
  readonly text: string | undefined;
}

/** Reads a file, also through a link. Throws `not-readable`, also when it is not UTF-8. */
export async function readConfig(named: string): Promise<ReadFile> {
  const path = await target(named);
  return { path, text: await textAt(path) };
}

/**
 * Replaces a file as a whole: there is never half of one. It keeps its mode and owner, and a link to it stays.
 * @param mode the mode of a new file.
 */
export async function writeConfig(
  { path, text: before }: ReadFile,
  text: string,
  mode: number,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const info = before === undefined ? undefined : await stat(path);
    if (info !== undefined) await access(path, constants.W_OK);
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      if (info !== undefined) {
        if (process.getuid !== undefined && process.getuid() !== info.uid)
          await file.chown(info.uid, info.gid);
        await file.chmod(info.mode & 0o7777);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await unchanged(path, before);
    await rename(temporary, path);
  } catch (error) {
    if (error instanceof LanternError) throw error;
    throw new LanternError('not-readable', `${path} could not be written: ${errorMessage(error)}.`, {
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes a file, and of its folders those from `outermost` on that are empty then. */
export async function removeConfig({ path, text }: ReadFile, outermost: string | undefined): Promise<void> {
  await unchanged(path, text);
  await rm(path);
  if (outermost === undefined) return;
  let folder = dirname(path);
  try {
    while (folder.startsWith(outermost)) {
      await rmdir(folder);
      folder = dirname(folder);
    }
  } catch {
    // Something else is in it by now.
  }
}

async function unchanged(path: string, before: string | undefined): Promise<void> {
  if ((await textAt(path)) === before) return;
  throw new LanternError(
    'unavailable',
    `${path} was changed by another program at the same time. It is left as it is; try again.`,
  );
}

async function target(named: string): Promise<string> {
  try {
    return await realpath(named);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw notReadable(named, error);
  }
  const info = await lstat(named).catch(() => undefined);
  if (info === undefined) return named;
  throw new LanternError(
    'not-readable',
    `${named} is a link to a file that does not exist. Make the file, or remove the link.`,
  );
}

async function textAt(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw notReadable(path, error);
  }
}

const notReadable = (path: string, cause: unknown): LanternError =>
  new LanternError('not-readable', `${path} could not be read: ${errorMessage(cause)}.`, { cause });
