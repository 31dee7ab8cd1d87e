// Builds, checks and runs every suite, then prints one closing line: N passed, N failed, N skipped.
//
//   node .ci/test.mjs [--no-check] [--no-vscode]
import { addSummary, close, run as runWithin } from './suites.mjs';

/** Time limit, so that a run that hangs ends with a closing line too. */
const limitMs = 24 * 60_000;

/** Exit code of install.js where nothing can be installed. */
const cannotBeHad = 3;

const run = (command, args, options) => runWithin(command, args, { limitMs, ...options });

/** Suites that `npm run test:faults` alone runs, so that this one stays within its limit. */
const slow = ['out/server/test/faults/load.test.js', 'out/server/test/faults/changesFuzz.test.js'];

const units = ['out/shared/src/**/*.test.js', 'out/server/src/**/*.test.js', 'out/client/src/**/*.test.js'];

const packages = [
  'out/client/packaging/packaging.test.js',
  'out/client/packaging/registries/npmPackage.test.js',
  'out/client/test/firstRun/firstRun.test.js',
  'out/client/packaging/registries/mcpRegistry.test.js',
  'out/client/packaging/registries/mcpb.test.js',
];
const totals = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

async function step(title, command, args) {
  console.log(`\n── ${title}`);
  const { code } = await run(command, args);
  if (code !== 0) throw new Error(`${title} failed`);
}

/**
 * Runs mocha and adds up its summary. A run without a summary has failed. Its output appears at the end if another suite
 * runs `beside` it.
 */
async function suite(title, command, args, { beside = false } = {}) {
  const heading = `\n── ${title}`;
  if (!beside) console.log(heading);
  const ran = await run(command, args, { quiet: beside });
  if (beside) console.log(`${heading}\n${ran.printed}`);
  if (!addSummary(totals, ran)) {
    console.log(`${title}: ended with exit code ${ran.code}`);
    broken = true;
  }
}

/** The suites inside VS Code, by title. */
const vscodeSuites = [
  ['the VSIX, installed in VS Code', 'npx', ['mocha', 'out/client/packaging/installed.test.js']],
  ['inside VS Code', process.execPath, ['out/client/test/run.js']],
];

/** Installs VS Code for the tests if necessary; returns whether it is available. */
async function hasVscode() {
  const { code } = await run(process.execPath, ['out/client/test/install.js']);
  if (code === cannotBeHad) totals.skipped += vscodeSuites.length;
  else if (code !== 0) {
    console.log('VS Code for the tests could not be installed; `npm test -- --no-vscode` does without.');
    broken = true;
  }
  return code === 0;
}

let installing = Promise.resolve(false);
try {
  await step('build', process.execPath, ['esbuild.mjs']);
  await step('types', 'npx', ['tsc', '-b']);
  // Before the suites, because some of them use its Node.
  if (!process.argv.includes('--no-vscode')) installing = hasVscode();
  if (!process.argv.includes('--no-check')) {
    await step('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
    await step('lint', 'npx', ['eslint', '.', '--max-warnings', '0']);
    await step('import directions', 'npm', ['run', '-s', 'boundaries']);
    await step('workflows', 'npm', ['run', '-s', 'workflows']);
  }
  const vscode = await installing;
  const beside = { beside: true };
  // Two at a time, because each waits for processes most of the time.
  await Promise.all([
    suite('daemon and command line, from outside', 'npx', [
      'mocha',
      ...slow.flatMap((path) => ['--ignore', path]),
      'out/server/test/**/*.test.js',
    ]),
    (async () => {
      await suite('units', 'npx', ['mocha', ...units], beside);
      await suite('packages', 'npx', ['mocha', ...packages], beside);
      if (vscode)
        for (const [title, command, args] of vscodeSuites) await suite(title, command, args, beside);
    })(),
  ]);
} catch (error) {
  console.log(error.message);
  broken = true;
}
await installing;
if (broken) totals.failed += 1;
close(totals);
