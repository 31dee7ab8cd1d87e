// Makes the package for npm, and server.json for the MCP registry, from a built checkout: npm run package:npm
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../../../shared/src/errors.js';
import { bytesOf } from '../files.js';
import { serverJson } from './mcpRegistry.js';
import { npmContents, packNpm } from './npmPackage.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  const entries = await npmContents(root);
  const file = await packNpm(join(root, 'dist-npm', 'package'), entries);
  const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Parameters<
    typeof serverJson
  >[0];
  const described = `${JSON.stringify(serverJson(fields), undefined, 2)}\n`;
  await writeFile(join(root, 'dist-npm', 'server.json'), described);
  const { size } = await stat(file);
  process.stdout.write(
    `${relative(root, file)}: ${megabytes(size)}, unpacked ${megabytes(bytesOf(entries))}, ${entries.length} files\n`,
  );
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
}
