import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanternError } from '../../shared/src/errors.js';
import { extensionName, npmPackageName } from '../../shared/src/packageNames.js';

const names: readonly unknown[] = [extensionName, npmPackageName];

/**
 * Folder of the package that contains `from` (a path or a `file:` URL such as `import.meta.url`). It is found by its
 * package.json, because compiled files and bundles have different depths.
 */
export function packageRoot(from: string): string {
  const start = from.startsWith('file:') ? fileURLToPath(from) : resolve(from);
  for (let folder = start, parent = dirname(start); ; folder = parent, parent = dirname(parent)) {
    if (names.includes(packageName(join(folder, 'package.json')))) return folder;
    if (parent === folder) {
      throw new LanternError(
        'internal',
        `No package.json of Lantern lies above ${start}. Install Lantern again.`,
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
