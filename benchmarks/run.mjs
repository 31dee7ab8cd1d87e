// Runs benchmarks by name, each of which measures both sides of a ratio in the same run, prints what they found beside
// the goal, and writes it to .bench/NAME.json. Needs a build and the compiler's output: `npm run bench -- NAME…`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentsAtOnce } from './agentsAtOnce.mjs';
import { quality } from './quality.mjs';
import { queryUnderLoad } from './queryUnderLoad.mjs';

/**
 * @typedef {object} Result One line of the table. Without a goal it is there to explain the others.
 * @property {string} measure
 * @property {number} value
 * @property {string} unit
 * @property {string} [goal] Such as "<= 5".
 * @property {boolean} [met]
 *
 * @typedef {object} Benchmark
 * @property {string} what One sentence.
 * @property {(say: (line: string) => void, options: string[]) => Promise<Result[]>} run
 * @property {boolean} [needsOptions] It cannot run as one of `all`.
 */

/** @type {Record<string, Benchmark>} */
const benchmarks = {
  'query-under-load': queryUnderLoad,
  'agents-at-once': agentsAtOnce,
  quality,
};

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Options follow the names and go to every benchmark that was named.
const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith('--'));
const asked = firstOption < 0 ? given : given.slice(0, firstOption);
const options = firstOption < 0 ? [] : given.slice(firstOption);
const names = asked.includes('all')
  ? Object.keys(benchmarks).filter((name) => !benchmarks[name].needsOptions)
  : asked;
const unknown = names.filter((name) => !(name in benchmarks));
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no benchmark ${unknown.join(', ')}.`);
  console.error('Usage: npm run bench -- all | NAME…\n');
  for (const [name, { what }] of Object.entries(benchmarks)) console.error(`  ${name.padEnd(20)} ${what}`);
  process.exit(2);
}

let failed = false;
for (const name of names) {
  const { what, run } = benchmarks[name];
  console.log(`${name}: ${what}`);
  const startedAt = new Date().toISOString();
  const load = loadavg()[0];
  const results = await run((line) => console.log(`  ${line}`), options);
  print(results);
  failed ||= results.some(({ met }) => met === false);
  const machine = {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadBefore: load,
  };
  mkdirSync(join(root, '.bench'), { recursive: true });
  const file = join(root, '.bench', `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ name, startedAt, machine, results }, null, 2)}\n`);
}
process.exit(failed ? 1 : 0);

function print(results) {
  const width = Math.max(...results.map(({ measure }) => measure.length));
  for (const { measure, value, unit, goal, met } of results) {
    const shown = `${value.toFixed(value < 10 ? 2 : 1).padStart(9)} ${unit.padEnd(3)}`;
    const verdict = goal === undefined ? '' : `goal ${goal}  ${met ? 'met' : 'NOT MET'}`;
    console.log(`  ${measure.padEnd(width)} ${shown} ${verdict}`.trimEnd());
  }
}
