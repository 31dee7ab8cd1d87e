// Runs benchmarks by name, or all of the table, prints what they found beside the goals, and writes it to
// .bench/NAME.json; `report` makes docs/performance.md from those. Needs a build: `npm run bench [-- NAME… [--option N]]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentsAtOnce } from './agentsAtOnce.mjs';
import { atRest } from './atRest.mjs';
import { root } from './child.mjs';
import { callers } from './callers.mjs';
import { clients } from './clients.mjs';
import { edits } from './edits.mjs';
import { exchange } from './exchange.mjs';
import { firstAnswer } from './firstAnswer.mjs';
import { growth } from './growth.mjs';
import { indexing } from './indexing.mjs';
import { leak } from './leak.mjs';
import { describeMachine } from './machine.mjs';
import { match } from './match.mjs';
import { modelMemory } from './modelMemory.mjs';
import { modelStart } from './modelStart.mjs';
import { modelUsers } from './modelUsers.mjs';
import { quality } from './quality.mjs';
import { query } from './queries.mjs';
import { queryUnderLoad } from './queryUnderLoad.mjs';
import { realFolder } from './realFolder.mjs';
import { reopen } from './reopen.mjs';
import { report } from './report.mjs';
import { sharedChroma } from './sharedChroma.mjs';
import { print } from './table.mjs';
import { team } from './team.mjs';
import { threads } from './threads.mjs';
import { tokenCurve } from './tokenCurve.mjs';
import { Workspace } from './workspace.mjs';

/**
 * @typedef {object} Result One line of the table; `row` in stats.mjs makes them. Without a goal it explains the others.
 * @property {string} measure
 * @property {number} value
 * @property {string} unit
 * @property {string} [goal] Such as "≤ 5".
 * @property {boolean} [met]
 *
 * @typedef {object} Benchmark
 * @property {string} what One sentence.
 * @property {(say: (line: string) => void, options: any) => Promise<Result[]>} run
 * @property {boolean} [needsOptions] It takes the words of the command line as they are, and cannot run without.
 * @property {boolean} [nightly] Long, and run only when named.
 */

/** @type {Record<string, Benchmark>} */
const benchmarks = {
  users: modelUsers,
  start: modelStart,
  cycles: modelMemory,
  clients,
  'at-rest': atRest,
  indexing,
  reopen,
  'first-answer': firstAnswer,
  query,
  'query-under-load': queryUnderLoad,
  'agents-at-once': agentsAtOnce,
  edits,
  growth,
  threads,
  'shared-chroma': sharedChroma,
  leak,
  quality,
  tokens: tokenCurve,
  match,
  'real-folder': realFolder,
  exchange,
  team,
  callers,
};

/** `--name 5` and `--name 1,2` as numbers. */
function numbers(words) {
  const found = {};
  for (let at = 0; at < words.length; at += 2) {
    const value = (words[at + 1] ?? '').split(',').map(Number);
    if (value.some(Number.isNaN) || !words[at].startsWith('--'))
      throw new Error(`${words[at]} needs a number.`);
    found[words[at].slice(2)] = value.length === 1 ? value[0] : value;
  }
  return found;
}

function usage(unknown) {
  if (unknown.length > 0) console.error(`There is no benchmark ${unknown.join(', ')}.`);
  console.error('Usage: npm run bench [-- NAME… [--option NUMBER]] | report\n');
  for (const [name, { what }] of Object.entries(benchmarks)) console.error(`  ${name.padEnd(20)} ${what}`);
  process.exit(2);
}

// Options follow the names and go to every benchmark that was named.
const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith('--'));
const asked = firstOption < 0 ? given : given.slice(0, firstOption);
const options = firstOption < 0 ? [] : given.slice(firstOption);
if (asked[0] === 'report') {
  report(Object.keys(benchmarks));
  process.exit(0);
}
const table = Object.keys(benchmarks).filter(
  (name) => !benchmarks[name].needsOptions && !benchmarks[name].nightly,
);
const names = asked.length === 0 || asked.includes('all') ? table : asked;
const unknown = names.filter((name) => !(name in benchmarks));
if (unknown.length > 0 || options.includes('--help')) usage(unknown);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    Workspace.disposeAll();
    process.exit(130);
  });
}

let failed = false;
const found = [];
for (const name of names) {
  const { what, run, needsOptions } = benchmarks[name];
  console.log(`${name}: ${what}`);
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  try {
    const results = await run((line) => console.log(`  ${line}`), needsOptions ? options : numbers(options));
    print(results);
    found.push(...results);
    failed ||= results.some(({ met }) => met === false);
    mkdirSync(join(root, '.bench'), { recursive: true });
    const file = join(root, '.bench', `${name}.json`);
    writeFileSync(file, `${JSON.stringify({ name, what, startedAt, machine, results }, null, 2)}\n`);
  } catch (error) {
    // The others can still be measured.
    if (names.length === 1) throw error;
    console.error(`  ${name} failed: ${error.stack}`);
    failed = true;
  }
}
if (names.length > 1) {
  console.log('\nAll together:');
  print(found);
}
process.exit(failed ? 1 : 0);
