import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runQuietly } from '../test/harness/npm.js';
import { type Entry, stage } from './files.js';
import type { Target } from './targets.js';

/** 2000-01-01: a fixed date, so that the same files make the same archive. */
const fixedTime = '946684800';

/** Runs vsce in a staged extension, on the files that are there and no others; returns its output. */
export function vsce(folder: string, args: readonly string[]): Promise<string> {
  const program = createRequire(import.meta.url).resolve('@vscode/vsce/vsce');
  const env = { ...process.env, SOURCE_DATE_EPOCH: fixedTime };
  return runQuietly(process.execPath, [program, ...args, '--no-dependencies'], folder, env);
}

/**
 * Writes a VSIX, completely or not at all. Its files are staged in `folder`. `baseUrl` is the public address of the
 * checkout's files; without it vsce takes `repository` of the manifest.
 */
export async function writeVsix(
  file: string,
  folder: string,
  entries: readonly Entry[],
  target: Target,
  baseUrl?: string,
): Promise<void> {
  await stage(folder, entries);
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  const address = baseUrl === undefined ? [] : [`--baseContentUrl=${baseUrl}`, `--baseImagesUrl=${baseUrl}`];
  try {
    const where = ['--target', target.name, '--out', partial];
    await vsce(folder, ['package', ...where, '--allow-missing-repository', ...address]);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Path of the VSIX of this version. */
export async function vsixPath(root: string, target: Target): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return join(root, 'dist-vsix', `lantern-${target.name}-${version}.vsix`);
}
