// Makes the extension's VSIX from a built checkout: npm run package [-- --target T]… [--target all]
import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorMessage } from '../../shared/src/errors.js';
import { faults } from './allowList.js';
import { contents } from './contents.js';
import { modulesFor } from './modules.js';
import { hostTarget, type Target, targetNamed, targets } from './targets.js';
import { vsixPath, writeVsix } from './vsix.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function make(target: Target): Promise<void> {
  const began = performance.now();
  const modules = await modulesFor(root, target, join(root, 'dist-vsix', '.modules'));
  const entries = await contents(root, modules, target);
  const wrong = faults(entries, target);
  if (wrong.length > 0) throw new Error(`${target.name} is not packaged:\n  ${wrong.join('\n  ')}`);
  const file = await vsixPath(root, target);
  await writeVsix(file, entries, target);
  const { size } = await stat(file);
  const unpacked = entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const seconds = Math.round((performance.now() - began) / 1000);
  say(
    `${relative(root, file)}: ${megabytes(size)}, unpacked ${megabytes(unpacked)}, ${entries.length} files, ${seconds} s`,
  );
  if (target.libsql === undefined)
    say('  without libsql: the daemon does not start there until libsql has a binary.');
  if (target.chroma === undefined) say('  without Chroma: exact scans answer, or a server that is set.');
}

try {
  const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } });
  const names = values.target ?? [hostTarget];
  const chosen = names.includes('all') ? targets : names.map(targetNamed);
  for (const target of chosen) await make(target);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
