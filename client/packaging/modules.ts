import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../test/harness/cache.js';
import { makePackage, npm } from '../test/harness/npm.js';
import { hostTarget, type Target } from './targets.js';

/**
 * A node_modules folder with the target's optional packages. For this machine it is the checkout's own. For another
 * one it is installed below `cache` by the same lock file, and kept until that changes.
 */
export async function modulesFor(root: string, target: Target, cache: string): Promise<string> {
  if (target.name === hostTarget) return join(root, 'node_modules');
  const inputs = ['package.json', 'package-lock.json'];
  const hash = createHash('sha256');
  for (const name of inputs) hash.update(await readFile(join(root, name)));
  const name = `${target.name}-${hash.digest('hex').slice(0, 12)}`;
  const folder = join(cache, name);
  if (!(await exists(folder))) {
    await mkdir(cache, { recursive: true });
    for (const old of await readdir(cache)) {
      if (old.startsWith(`${target.name}-`)) await rm(join(cache, old), { recursive: true, force: true });
    }
    await filled(folder, async (partial) => {
      for (const input of [...inputs, '.npmrc']) await copyFile(join(root, input), join(partial, input));
      await npm(partial, [
        'ci',
        '--omit=dev',
        `--os=${target.os}`,
        `--cpu=${target.cpu}`,
        '--ignore-scripts',
      ]);
    });
  }
  return join(folder, 'node_modules');
}

/** A release of Node that npm has for every target. */
const nodeVersion = '22.23.2';

/** Folder of Node's package for the target. It is installed below `cache`, and kept until the version changes. */
export async function nodeFor(target: Target, cache: string): Promise<string> {
  const folder = join(cache, `${target.node}-${nodeVersion}`);
  if (!(await exists(folder))) {
    await filled(folder, async (partial) => {
      await makePackage(partial, { [target.node]: nodeVersion });
      // It may be for another system than this one, which npm refuses without --force.
      await npm(partial, ['install', '--ignore-scripts', '--prefer-offline', '--force']);
    });
  }
  return join(folder, 'node_modules', target.node);
}

/** Fills a folder under a temporary name, so that it is complete or absent. */
async function filled(folder: string, fill: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${folder}.${process.pid}.partial`;
  try {
    await mkdir(partial, { recursive: true });
    await fill(partial);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
