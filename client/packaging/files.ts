import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Target } from './targets.js';

/** One file of a package. */
export interface Entry {
  /** Relative to the package, with `/`. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** The files below `folder` whose relative path is wanted, with `prefix` before it. */
export async function take(
  folder: string,
  prefix: string,
  wanted: (path: string) => boolean,
): Promise<Entry[]> {
  const paths = (await filesBelow(folder)).filter(wanted);
  return Promise.all(
    paths.map(async (path) => ({ path: prefix + path, bytes: await readFile(join(folder, path)) })),
  );
}

/** The bundles of a built checkout whose name is wanted, without the line that refers to a source map. */
export async function programs(root: string, wanted: RegExp): Promise<Entry[]> {
  const entries = await take(join(root, 'dist'), 'dist/', (path) => wanted.test(path));
  return entries.map(({ path, bytes }) => ({
    path,
    bytes: Buffer.from(bytes.toString('utf8').replace(/^\/\/# sourceMappingURL=.*\n?/gm, '')),
  }));
}

/** The grammars of a built checkout. */
export function grammars(root: string): Promise<Entry[]> {
  const wanted = /^(web-tree-sitter\.wasm|[\w-]+\.(wasm\.br|scm))$/;
  return take(join(root, 'dist', 'grammars'), 'dist/grammars/', (path) => wanted.test(path));
}

/** The bundled model with the named weights. */
export function model(root: string, graphs: Target['graphs']): Promise<Entry[]> {
  const wanted = new RegExp(`^(README\\.md|all-MiniLM-L6-v2/([\\w-]+\\.json|onnx/(${graphs.join('|')})))$`);
  return take(join(root, 'models'), 'models/', (path) => wanted.test(path));
}

/** Makes `folder` hold these files and nothing else. */
export async function stage(folder: string, entries: readonly Entry[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const { path, bytes } of entries) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

/** Paths of files relative to `folder`, with `/`. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return found
    .filter((one) => one.isFile())
    .map((one) =>
      join(one.parentPath, one.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}

export const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
