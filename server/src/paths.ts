import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanternError } from '../../shared/src/errors.js';

const PACKAGE_NAME = 'lantern';

/**
 * Folder of the package that contains `from` (a path or a `file:` URL such as `import.meta.url`). It is found by its
 * package.json, because compiled files and bundles have different depths.
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

function packageName(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name;
  } catch {
    return undefined;
  }
}
