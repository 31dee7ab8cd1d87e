// Writes the tables and charts of docs/performance.md from the last measurements; the text around them is by hand.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goalsChart, pairsChart } from './chart.mjs';
import { root } from './child.mjs';
import { markdown } from './table.mjs';

const document = join(root, 'docs', 'performance.md');
const images = join(root, 'docs', 'images');
const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->'];

function describe({ platform, cpu, cores, memoryBytes, node, instructions }) {
  const memory = `${Math.round(memoryBytes / 1024 ** 3)} GB`;
  const known = instructions?.length > 0 ? ` (${instructions.join(', ')})` : '';
  return `${platform}, ${cpu}${known}, ${cores} cores, ${memory}, Node ${node}`;
}

/** Writes table and charts; measures that were not taken on this machine are left out and named. */
export function report(names) {
  const files = names.map((name) => join(root, '.bench', `${name}.json`));
  // Ranking has a page of its own.
  const runs = files
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .filter(({ name }) => name !== 'quality');
  if (runs.length === 0) throw new Error('Nothing has been measured yet: run npm run bench first.');
  const machines = [...new Set(runs.map(({ machine }) => describe(machine)))];
  const parts = [
    `Measured on ${machines.join('; and on ')}. Load of the machine when each began: ${runs
      .map(({ name, machine }) => `${name} ${machine.loadBefore.toFixed(1)}`)
      .join(', ')}.`,
    ...runs.map(({ name, what, startedAt, results }) => {
      const notes = results.filter(({ note }) => note !== undefined);
      const said = notes.map(({ measure, note }) => `- ${measure}: ${note}.`).join('\n');
      return `### ${name}\n\n${what[0].toUpperCase()}${what.slice(1)}. (${startedAt.slice(0, 10)})\n\n${markdown(results)}${said === '' ? '' : `\n\n${said}`}`;
    }),
  ];
  const before = existsSync(document)
    ? readFileSync(document, 'utf8')
    : `# Performance\n\n${begin}\n${end}\n`;
  const [head, rest] = before.split(begin);
  const tail = rest?.split(end)[1];
  if (tail === undefined) throw new Error(`${document} has lost its marks ${begin} and ${end}.`);
  writeFileSync(document, `${head}${begin}\n\n${parts.join('\n\n')}\n\n${end}${tail}`);

  mkdirSync(images, { recursive: true });
  const all = runs.flatMap(({ results }) => results);
  const judged = all.filter(({ goal }) => goal?.startsWith('≤') || goal?.startsWith('≥'));
  writeFileSync(join(images, 'performance-goals.svg'), goalsChart('Measures and their goals', judged));
  const users = all.filter(({ measure }) => /^memory of a process with/.test(measure));
  if (users.length > 0) {
    const pairs = users.map(({ measure, value, against }) => ({
      label: measure,
      own: value,
      other: against.value,
      what: against.what,
    }));
    writeFileSync(
      join(images, 'performance-memory.svg'),
      pairsChart('Memory of users of one model', pairs, 'MB'),
    );
  }
  const missing = names.filter((name) => name !== 'quality' && !runs.some((run) => run.name === name));
  if (missing.length > 0) console.log(`Not measured, and left out: ${missing.join(', ')}.`);
  console.log(`Wrote ${document}.`);
}
