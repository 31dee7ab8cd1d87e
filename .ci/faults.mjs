// Runs the suites of faults, kills, bad inputs, generated cases and attacks at full length, says what was tried, and
// prints one closing line: N passed, N failed. Most of these suites run shorter in `npm test`.
//
//   node .ci/faults.mjs [TITLE…]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addSummary, close, run } from './suites.mjs';

/**
 * Suites with the number of rounds (kills, calls that fail, damaged pages), of generated cases or of minutes. One mocha
 * each, so that a crash costs one suite. A suite that sees `LANTERN_TEST_ROUNDS` also runs what is too slow for
 * `npm test`.
 */
const suites = [
  ['kills', ['out/server/test/recovery.test.js'], { rounds: 500 }],
  ['calls of SQLite', ['out/server/test/faults/sqliteFaults.test.js'], { rounds: 1000 }],
  ['calls of files, Chroma and threads', ['out/server/test/faults/doorFaults.test.js'], { rounds: 6 }],
  ['damaged catalogs', ['out/server/test/faults/catalogDamage.test.js'], { rounds: 60 }],
  [
    'full disks, and a world that misbehaves',
    [
      'out/server/test/faults/fullDisk.test.js',
      'out/server/test/faults/outsideFaults.test.js',
      'out/server/test/faults/manyFiles.test.js',
    ],
    { rounds: 1 },
  ],
  ['starts of one daemon', ['out/server/test/singleton.test.js'], { rounds: 25 }],
  ['64 clients at once from nothing', ['out/server/test/faults/startStorm.test.js'], { rounds: 200 }],
  ['loads and ends of the model', ['out/server/src/model/graphWorker.test.js'], { rounds: 200 }],
  [
    'generated cases',
    [
      'out/server/src/indexing/anyChanges.test.js',
      'out/server/src/source/ignoreRules.test.js',
      'out/server/src/search/answerLine.test.js',
      'out/shared/src/agents/configText.test.js',
    ],
    { runs: 2000 },
  ],
  ['generated files', ['out/server/src/chunking/chunkerFuzz.test.js'], { runs: 2000 }],
  ['generated ignore rules', ['out/server/src/source/ignoreRulesFuzz.test.js'], { runs: 2000 }],
  [
    'generated texts',
    [
      'out/client/src/search/filtersFuzz.test.js',
      'out/server/src/service/queryFuzz.test.js',
      'out/shared/src/agents/configTextFuzz.test.js',
    ],
    { runs: 2000 },
  ],
  [
    'malformed messages',
    ['out/server/test/faults/protocolFuzz.test.js', 'out/server/test/faults/mcpFuzz.test.js'],
    { runs: 1000 },
  ],
  ['changes of a folder', ['out/server/test/faults/changesFuzz.test.js'], { runs: 50 }],
  [
    'attacks',
    [
      'out/server/test/faults/clients.test.js',
      'out/server/test/faults/hostileFolder.test.js',
      'out/server/test/faults/hostileModel.test.js',
      'out/server/test/faults/poisonedChroma.test.js',
      'out/server/src/source/sourceFile.test.js',
      'out/server/src/cli/terminal.test.js',
      'out/server/src/model/hub.test.js',
      'out/server/src/mcp/transports/httpTransport.test.js',
    ],
    {},
  ],
  // The check of a release: LANTERN_TEST_MINUTES=60 npm run test:faults -- load
  ['load', ['out/server/test/faults/load.test.js'], { minutes: 3 }],
];

const asked = process.argv.slice(2);
const chosen = suites.filter(([title]) => asked.length === 0 || asked.includes(title));
if (chosen.length === 0) {
  console.log(
    `No suite is called ${asked.join(' or ')}. There is: ${suites.map(([title]) => title).join(', ')}`,
  );
  process.exit(2);
}

const mocha = 'node_modules/mocha/bin/mocha.js';
const began = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'lantern-faults-'));
const tally = join(folder, 'tally');
writeFileSync(tally, '');
const totals = { passed: 0, failed: 0, skipped: 0 };

try {
  for (const args of [['esbuild.mjs'], ['node_modules/typescript/bin/tsc', '-b']]) {
    if ((await run(process.execPath, args)).code !== 0) totals.failed++;
  }
  for (const [title, specs, { rounds, runs, minutes }] of totals.failed > 0 ? [] : chosen) {
    console.log(`\n── ${title}`);
    const since = performance.now();
    const env = {
      ...process.env,
      LANTERN_TEST_TALLY: tally,
      ...(rounds !== undefined && { LANTERN_TEST_ROUNDS: String(rounds) }),
      ...(runs !== undefined && { LANTERN_TEST_RUNS: String(runs) }),
      ...(minutes !== undefined && {
        LANTERN_TEST_MINUTES: process.env['LANTERN_TEST_MINUTES'] ?? String(minutes),
      }),
    };
    const ran = await run(process.execPath, [mocha, '--timeout', '0', ...specs], { env });
    if (!addSummary(totals, ran)) totals.failed++;
    console.log(`${title}: ${((performance.now() - since) / 60_000).toFixed(1)} minutes`);
  }
  const sums = new Map();
  for (const line of readFileSync(tally, 'utf8').split('\n').filter(Boolean)) {
    const { what, count } = JSON.parse(line);
    sums.set(what, (sums.get(what) ?? 0) + count);
  }
  const tried = [...sums].map(([what, count]) => `${count} ${what}`).join(', ');
  console.log(
    `\nTried in ${Math.round((performance.now() - began) / 60_000)} minutes: ${tried || 'nothing'}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
close(totals);
