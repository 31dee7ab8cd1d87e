// Makes the extension's VSIX from a built checkout: npm run package [-- --target T]… [--target all]
// [--base-url URL]
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../shared/src/errors.js';
import { faults } from './allowList.js';
import { contents } from './contents.js';
import { bytesOf } from './files.js';
import { modulesFor } from './modules.js';
import { type Target, targetsNamed } from './targets.js';
import { vsixPath, writeVsix } from './vsix.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function make(target: Target, baseUrl: string | undefined): Promise<void> {
  const began = performance.now();
  const modules = await modulesFor(root, target, join(root, 'dist-vsix', '.modules'));
  const { repository } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const pictures = baseUrl !== undefined || repository !== undefined;
  const entries = await contents(root, modules, target, pictures);
  const wrong = faults(entries, target);
  if (wrong.length > 0) throw new Error(`${target.name} is not packaged:\n  ${wrong.join('\n  ')}`);
  const file = await vsixPath(root, target);
  const folder = join(root, 'dist-vsix', target.name);
  await writeVsix(file, folder, entries, target, baseUrl);
  await rm(folder, { recursive: true });
  const { size } = await stat(file);
  const seconds = Math.round((performance.now() - began) / 1000);
  say(
    `${relative(root, file)}: ${megabytes(size)}, unpacked ${megabytes(bytesOf(entries))}, ${entries.length} files, ${seconds} s`,
  );
  if (!target.onnxruntime)
    say('  without onnxruntime, which has no binary there: searches go by terms alone.');
  if (!pictures)
    say('  without pictures in its README: they need an address, from "repository" or --base-url.');
}

try {
  const { values } = parseArgs({
    options: { target: { type: 'string', multiple: true }, 'base-url': { type: 'string' } },
  });
  for (const target of targetsNamed(values.target)) await make(target, values['base-url']);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
