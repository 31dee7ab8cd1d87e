// Makes every package and puts into dist-release/ what a release consists of, with a list of components and checksums.
//
//   node .ci/releaseAssets.mjs [--tag vVERSION]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const out = 'dist-release';
const { tag } = parseArgs({ options: { tag: { type: 'string' } } }).values;
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));

function fail(why) {
  console.error(why);
  process.exit(1);
}

function npm(args, stdout = 'inherit') {
  const ran = spawnSync('npm', args, {
    stdio: ['ignore', stdout, 'inherit'],
    shell: process.platform === 'win32',
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (ran.status !== 0) fail(`npm ${args.join(' ')} ended with code ${ran.status}.`);
  return ran.stdout;
}

if (tag !== undefined) {
  if (tag !== `v${version}`) fail(`The tag ${tag} is not v${version}, the version in package.json.`);
  const [heading = ''] = /^## .*$/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
  if (!heading.startsWith(`## ${version}`) || heading.includes('unreleased'))
    fail(`CHANGELOG.md begins with “${heading}”. Write the date of ${version} there.`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const made = [
  [['run', 'package', '--', '--target', 'all'], 'dist-vsix', (name) => name.endsWith(`-${version}.vsix`)],
  [['run', 'package:npm'], 'dist-npm', (name) => name.endsWith(`-${version}.tgz`) || name === 'server.json'],
  [
    ['run', 'package:mcpb', '--', '--target', 'all'],
    'dist-mcpb',
    (name) => name.endsWith(`-${version}.mcpb`),
  ],
];
for (const [args, folder, wanted] of made) {
  npm(args);
  for (const name of readdirSync(folder).filter(wanted)) copyFileSync(join(folder, name), join(out, name));
}
const components = JSON.parse(
  npm(['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--package-lock-only'], 'pipe'),
);
// npm gives it the name of the folder.
components.metadata.component.name = name;
writeFileSync(join(out, `lantern-${version}.cdx.json`), `${JSON.stringify(components, undefined, 2)}\n`);
const sums = readdirSync(out)
  .sort()
  .map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex')}  ${name}\n`,
  );
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
console.log(`\n${out}/ has ${sums.length} files and SHA256SUMS`);
