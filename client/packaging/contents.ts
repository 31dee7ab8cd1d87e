import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeManifestName } from '../../shared/src/connection/runtimeCopy.js';
import { stripElf } from './nativeFile.js';
import type { Target } from './targets.js';

/** One file of the extension. */
export interface Entry {
  /** Relative to the extension, with `/`. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** The files of a package in node_modules that are loaded at run time, and its licence. */
interface Package {
  readonly name: string;
  readonly files: RegExp;
}

const licence = 'package\\.json|LICENSE(\\.\\w+)?';

function packages({ os, cpu, libsql, chroma }: Target): Package[] {
  const native = {
    // The other .dylib is a second copy. DirectML and the shader compiler serve providers that Lantern does not use.
    darwin: 'onnxruntime_binding\\.node|libonnxruntime\\.\\d+\\.dylib',
    linux: 'onnxruntime_binding\\.node|libonnxruntime\\.so\\.\\d+',
    win32: 'onnxruntime_binding\\.node|onnxruntime\\.dll',
  }[os];
  const found: Package[] = [
    {
      name: 'onnxruntime-node',
      files: new RegExp(`^(${licence}|dist/\\w+\\.js|bin/napi-v\\d+/${os}/${cpu}/(${native}))$`),
    },
    {
      name: 'onnxruntime-common',
      files: new RegExp(`^(${licence}|dist/cjs/([\\w-]+\\.js|package\\.json))$`),
    },
  ];
  if (libsql !== undefined) {
    found.push(
      { name: 'libsql', files: new RegExp(`^(${licence}|[\\w-]+\\.js)$`) },
      { name: '@neon-rs/load', files: new RegExp(`^(${licence}|dist/index\\.js)$`) },
      { name: 'detect-libc', files: new RegExp(`^(${licence}|lib/[\\w-]+\\.js)$`) },
      { name: libsql, files: new RegExp(`^(${licence}|index\\.node)$`) },
    );
  }
  if (chroma !== undefined) {
    found.push({ name: chroma, files: new RegExp(`^(${licence}|[\\w.-]+\\.node)$`) });
  }
  return found;
}

/**
 * Every file of the extension for one target. `root` is a built checkout; `modules` is a node_modules folder with the
 * target's optional packages.
 */
export async function contents(root: string, modules: string, target: Target): Promise<Entry[]> {
  const entries: Entry[] = [];
  const take = async (folder: string, prefix: string, wanted: (path: string) => boolean): Promise<number> => {
    const paths = (await filesBelow(folder)).filter(wanted);
    for (const path of paths)
      entries.push({ path: prefix + path, bytes: await readFile(join(folder, path)) });
    return paths.length;
  };

  for (const path of await filesBelow(join(root, 'dist'))) {
    if (/^[\w-]+\.c?js$/.test(path)) entries.push(await program(root, path));
    else if (/^grammars\/[\w-]+\.(wasm|scm)$/.test(path)) {
      entries.push({ path: `dist/${path}`, bytes: await readFile(join(root, 'dist', path)) });
    }
  }
  const model = new RegExp(`^([\\w-]+\\.json|onnx/(${target.graphs.join('|')}))$`);
  await take(join(root, 'models', 'all-MiniLM-L6-v2'), 'models/all-MiniLM-L6-v2/', (path) =>
    model.test(path),
  );
  for (const { name, files } of packages(target)) {
    const count = await take(join(modules, name), `node_modules/${name}/`, (path) => files.test(path));
    if (count < 2) throw new Error(`${name} is not in ${modules}: run "npm ci" without --omit=optional.`);
  }
  for (const [index, { path, bytes }] of entries.entries()) {
    const debugged = /chromadb-js-bindings-.*\.node$/.test(path) && target.os === 'linux';
    if (debugged) entries[index] = { path, bytes: stripElf(bytes) };
  }
  entries.push({ path: 'package.json', bytes: await manifest(root) });
  entries.push(runtimeManifest(entries));
  await take(join(root, 'client', 'media'), 'client/media/', () => true);
  for (const path of ['README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE', 'models/README.md']) {
    entries.push({ path, bytes: await readFile(join(root, path)) });
  }
  // The editor shows the README, with its pictures.
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  await take(join(root, 'docs', 'images'), 'docs/images/', (path) => readme.includes(`docs/images/${path}`));
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A bundle without the line that refers to its source map. */
async function program(root: string, name: string): Promise<Entry> {
  const text = await readFile(join(root, 'dist', name), 'utf8');
  return { path: `dist/${name}`, bytes: Buffer.from(text.replace(/^\/\/# sourceMappingURL=.*\n?/gm, '')) };
}

/** package.json for VS Code, without anything about building the extension. */
async function manifest(root: string): Promise<Buffer> {
  const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const building = ['scripts', 'devDependencies', 'overrides', 'optionalDependencies', 'dependencies'];
  for (const field of [...building, 'exports', 'private']) Reflect.deleteProperty(fields, field);
  return Buffer.from(`${JSON.stringify(fields, undefined, 2)}\n`);
}

/** The list of files for the daemon's copy outside the extension's folder. */
function runtimeManifest(entries: readonly Entry[]): Entry {
  const files = entries
    .filter(({ path }) => path !== 'dist/extension.cjs')
    // VS Code writes into package.json when it installs.
    .map(({ path, bytes }) => [path, path === 'package.json' ? null : bytes.length]);
  return { path: `dist/${runtimeManifestName}`, bytes: Buffer.from(`${JSON.stringify({ files })}\n`) };
}

/** Paths of files relative to `folder`, with `/`. */
async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return found
    .filter((one) => one.isFile())
    .map((one) =>
      join(one.parentPath, one.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}
