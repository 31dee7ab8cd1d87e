import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeManifestName } from '../../shared/src/connection/runtimeCopy.js';
import { type Entry, grammars, model, programs, take } from './files.js';
import { stripElf } from './nativeFile.js';
import type { Target } from './targets.js';

/**
 * Folder of the native packages. vsce takes a node_modules folder at the top only as `npm list` sees it, with every
 * dependency whole.
 */
export const nativeFolder = 'dist/node_modules/';

/** The files of a package in node_modules that are loaded at run time, and its licence. */
interface Package {
  readonly name: string;
  readonly files: RegExp;
}

const licence = 'package\\.json|LICENSE(\\.\\w+)?';

function packages({ os, cpu, libsql, chroma, ...target }: Target): Package[] {
  const native = {
    // The other .dylib is a second copy. DirectML and the shader compiler serve providers that Lantern does not use.
    darwin: 'onnxruntime_binding\\.node|libonnxruntime\\.\\d+\\.dylib',
    linux: 'onnxruntime_binding\\.node|libonnxruntime\\.so\\.\\d+',
    win32: 'onnxruntime_binding\\.node|onnxruntime\\.dll',
  }[os];
  const onnxruntime: Package[] = [
    {
      name: 'onnxruntime-node',
      files: new RegExp(`^(${licence}|dist/\\w+\\.js|bin/napi-v\\d+/${os}/${cpu}/(${native}))$`),
    },
    {
      name: 'onnxruntime-common',
      files: new RegExp(`^(${licence}|dist/cjs/([\\w-]+\\.js|package\\.json))$`),
    },
  ];
  return [
    ...(target.onnxruntime ? onnxruntime : []),
    { name: 'libsql', files: new RegExp(`^(${licence}|[\\w-]+\\.js)$`) },
    { name: '@neon-rs/load', files: new RegExp(`^(${licence}|dist/index\\.js)$`) },
    { name: 'detect-libc', files: new RegExp(`^(${licence}|lib/[\\w-]+\\.js)$`) },
    { name: libsql, files: new RegExp(`^(${licence}|index\\.node)$`) },
    { name: chroma, files: new RegExp(`^(${licence}|[\\w.-]+\\.node)$`) },
  ];
}

/** What runs on one target: the bundles whose name is wanted, grammars, model and native packages. */
export async function runtime(
  root: string,
  modules: string,
  target: Target,
  bundles: RegExp,
): Promise<Entry[]> {
  const entries = [
    ...(await programs(root, bundles)),
    ...(await grammars(root)),
    ...(await model(root, target.graphs)),
  ];
  for (const { name, files } of packages(target)) {
    const found = await take(join(modules, name), `${nativeFolder}${name}/`, (path) => files.test(path));
    if (found.length < 2)
      throw new Error(`${name} is not in ${modules}: run "npm ci" without --omit=optional.`);
    entries.push(...found);
  }
  for (const [index, { path, bytes }] of entries.entries()) {
    const debugged = /chromadb-js-bindings-.*\.node$/.test(path) && target.os === 'linux';
    if (debugged) entries[index] = { path, bytes: stripElf(bytes) };
  }
  return entries;
}

/**
 * Every file of the extension for one target. `root` is a built checkout; `modules` is a node_modules folder with the
 * target's optional packages; `pictures` says whether the README's pictures will have an address.
 */
export async function contents(
  root: string,
  modules: string,
  target: Target,
  pictures = false,
): Promise<Entry[]> {
  const entries = await runtime(root, modules, target, /^[\w-]+\.c?js$/);
  entries.push({ path: 'package.json', bytes: await manifest(root) });
  entries.push(runtimeManifest(entries));
  entries.push(...(await take(join(root, 'client', 'media'), 'client/media/', () => true)));
  // What the editor's agents are told; the rest of the plugin is for Claude Code.
  const told = /^(skills|instructions)\//;
  entries.push(...(await take(join(root, 'client', 'plugin'), 'client/plugin/', (path) => told.test(path))));
  for (const path of ['CHANGELOG.md', 'LICENSE', 'NOTICE']) {
    entries.push({ path, bytes: await readFile(join(root, path)) });
  }
  entries.push({ path: 'README.md', bytes: await readme(root, pictures) });
  // Those of the walkthrough.
  const media = entries.filter(({ path }) => path.endsWith('.md')).map(({ bytes }) => bytes.toString('utf8'));
  const images = await take(join(root, 'docs', 'images'), 'docs/images/', (name) =>
    media.some((text) => text.includes(`(../../../docs/images/${name})`)),
  );
  return [...entries, ...images].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** package.json for VS Code, without anything about building the extension. */
async function manifest(root: string): Promise<Buffer> {
  const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const building = ['scripts', 'devDependencies', 'overrides', 'optionalDependencies', 'dependencies'];
  for (const field of [...building, 'exports', 'private']) Reflect.deleteProperty(fields, field);
  return Buffer.from(`${JSON.stringify(fields, undefined, 2)}\n`);
}

/**
 * The page of the extension. Galleries and VS Code show only pictures with an https address there, and vsce makes one
 * of a relative path; without an address they are left out.
 */
async function readme(root: string, pictures: boolean): Promise<Buffer> {
  const text = await readFile(join(root, 'client', 'README.md'), 'utf8');
  const found = pictures ? text.replaceAll('](../', '](') : text.replace(/^!\[[^\]]*\]\([^)]*\)\n\n?/gm, '');
  return Buffer.from(found);
}

/** The list of files for the daemon's copy outside the extension's folder. */
export function runtimeManifest(entries: readonly Entry[]): Entry {
  const files = entries
    .filter(({ path }) => path !== 'dist/extension.cjs')
    // VS Code writes into package.json when it installs.
    .map(({ path, bytes }) => [path, path === 'package.json' ? null : bytes.length]);
  return { path: `dist/${runtimeManifestName}`, bytes: Buffer.from(`${JSON.stringify({ files })}\n`) };
}
