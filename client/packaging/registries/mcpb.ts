import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { npmPackageName } from '../../../shared/src/packageNames.js';
import { runQuietly } from '../../test/harness/npm.js';
import { runtime, runtimeManifest } from '../contents.js';
import { type Entry, stage } from '../files.js';
import type { Target } from '../targets.js';

/** The fields of package.json that the bundle has too. */
interface Fields {
  readonly displayName: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly repository?: unknown;
}

/** Runs the tool of the format; returns its output. */
export function mcpb(folder: string, args: readonly string[]): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@anthropic-ai/mcpb');
  return runQuietly(process.execPath, [join(dirname(entry), 'cli', 'cli.js'), ...args], folder);
}

const nodeIn = ({ os }: Target): string => (os === 'win32' ? 'bin/node.exe' : 'bin/node');

/**
 * Every file of the bundle for one target. `modules` is a node_modules folder with the target's optional packages,
 * `node` the folder of its package of Node, `nodeLicence` the path of Node's licence.
 */
export async function mcpbContents(
  root: string,
  modules: string,
  node: string,
  nodeLicence: string,
  target: Target,
): Promise<Entry[]> {
  const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Fields;
  const { version } = fields;
  const entries = await runtime(root, modules, target, /^(?!api\.|mochaHooks\.)[\w-]+\.js$/);
  const own = { name: npmPackageName, version, type: 'module' };
  entries.push({ path: 'package.json', bytes: Buffer.from(`${JSON.stringify(own, undefined, 2)}\n`) });
  entries.push(runtimeManifest(entries));
  for (const [path, from] of [
    [nodeIn(target), join(node, nodeIn(target))],
    ['bin/LICENSE', nodeLicence],
    ['icon.png', join(root, 'client', 'media', 'icon.png')],
    ['LICENSE', join(root, 'LICENSE')],
    ['NOTICE', join(root, 'NOTICE')],
  ] as const) {
    entries.push({ path, bytes: await readFile(from) });
  }
  const manifest = Buffer.from(`${JSON.stringify(mcpbManifest(fields, target), undefined, 2)}\n`);
  return [...entries, { path: 'manifest.json', bytes: manifest }];
}

/**
 * What Claude Desktop reads. The bundle brings Node: Claude runs the command `node` inside a process of its own, which
 * loads no foreign native library on macOS and cannot be started a second time as the daemon.
 */
function mcpbManifest(fields: Fields, target: Target): object {
  const { displayName, version, description, license, keywords, repository } = fields;
  return {
    manifest_version: '0.3',
    name: npmPackageName,
    display_name: displayName,
    version,
    description,
    long_description:
      'Finds code on this machine by meaning and by words. Name a folder to index it; nothing leaves the machine.',
    author: { name: 'the Lantern authors' },
    ...(repository === undefined ? {} : { repository }),
    icon: 'icon.png',
    server: {
      type: 'binary',
      entry_point: nodeIn(target),
      mcp_config: {
        command: `\${__dirname}/${nodeIn(target)}`,
        args: ['${__dirname}/dist/lantern.js', 'mcp'],
      },
    },
    tools_generated: true,
    keywords,
    license,
    compatibility: { platforms: [target.os] },
  };
}

/** Validates and writes a bundle, completely or not at all. Its files are staged in `folder`. */
export async function writeMcpb(
  file: string,
  folder: string,
  entries: readonly Entry[],
  target: Target,
): Promise<void> {
  await stage(folder, entries);
  await chmod(join(folder, nodeIn(target)), 0o755);
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  try {
    await mcpb(folder, ['validate', 'manifest.json']);
    await mcpb(folder, ['pack', '.', partial]);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}
