// Makes the bundle for Claude Desktop from a built checkout: npm run package:mcpb [-- --target T]… [--target all]
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../../shared/src/errors.js';
import { npmPackageName } from '../../../shared/src/packageNames.js';
import { faults, mcpbForm } from '../allowList.js';
import { bytesOf } from '../files.js';
import { mcpbContents, writeMcpb } from './mcpb.js';
import { modulesFor, nodeFor } from '../modules.js';
import { type Target, targetNamed, targetsNamed } from '../targets.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const out = join(root, 'dist-mcpb');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function make(target: Target): Promise<void> {
  const modules = await modulesFor(root, target, join(out, '.modules'));
  const node = await nodeFor(target, join(out, '.node'));
  // The package for Windows has no licence.
  const licensed = await nodeFor(targetNamed('linux-x64'), join(out, '.node'));
  const entries = await mcpbContents(root, modules, node, join(licensed, 'LICENSE'), target);
  const wrong = faults(entries, target, mcpbForm);
  if (wrong.length > 0) throw new Error(`${target.name} is not packaged:\n  ${wrong.join('\n  ')}`);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const file = join(out, `${npmPackageName}-${target.name}-${version}.mcpb`);
  const folder = join(out, target.name);
  await writeMcpb(file, folder, entries, target);
  await rm(folder, { recursive: true });
  const { size } = await stat(file);
  process.stdout.write(
    `${relative(root, file)}: ${megabytes(size)}, unpacked ${megabytes(bytesOf(entries))}, ${entries.length} files\n`,
  );
}

try {
  const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } });
  for (const target of targetsNamed(values.target)) await make(target);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
