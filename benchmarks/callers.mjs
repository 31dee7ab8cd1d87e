// The callers of functions that were drawn at random, by Lantern and by codegraph, beside what a language server says.
//
//   node benchmarks/peer/callers/typescript.mjs DIR SEED COUNT > F       (pyright.mjs for Python)
//   npm run bench -- callers --folder DIR --answers F [--codegraph BIN] [--wrong]
//
// BIN is the command of @colbymchenry/codegraph, installed elsewhere. Every other function that was drawn is of the half
// on which rules were chosen. A caller counts as the function that the language server would name: the innermost one with
// a name, or the file. A function that calls itself is left out. `--wrong` prints what was missed and what was wrong.
import { cpSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { output } from './child.mjs';
import { row } from './stats.mjs';
import { Workspace } from './workspace.mjs';

const options = {
  folder: { type: 'string' },
  answers: { type: 'string' },
  codegraph: { type: 'string' },
  wrong: { type: 'boolean', default: false },
};

/** The containers of callers, each as one text: of what a tool or the language server says. */
class Containers {
  #byPath;

  constructor(byPath) {
    this.#byPath = byPath;
  }

  /** `start` and `end` are lines from 1; `name` is the symbol, with or without those around it, null for the file. */
  of({ path, start, end = start, name }) {
    if (name === null) return path;
    const all = this.#byPath[path] ?? [];
    const short = name?.split(/[.:#]+/).at(-1);
    const named = all.filter(([other, from, to]) => other === short && from <= end && start <= to);
    const around = all.filter(([, from, to]) => from <= start && start <= to);
    const size = ([, from, to]) => to - from;
    const [one] = (named.length > 0 ? named : around).sort((a, b) => size(a) - size(b));
    return one === undefined ? path : `${path}:${one[1]}:${one[0]}`;
  }
}

async function askCodegraph(command, folder, { path, name, line }) {
  const args = ['callers', '-p', folder, '-f', path, '-j', '-l', '1000', name];
  const printed = await output(command, args, folder).catch(() => '{}');
  // What it does not know it answers with a sentence.
  const { definitions = [] } = printed.startsWith('{') ? JSON.parse(printed) : {};
  // It lists the callers of each definition of that name in the file.
  const distance = ({ definition }) => Math.abs(definition.startLine - line);
  const [nearest] = definitions
    .filter(({ definition }) => definition.filePath === path)
    .sort((a, b) => distance(a) - distance(b));
  return (nearest?.callers ?? [])
    .filter(({ relationships }) => relationships === undefined || relationships.includes('calls'))
    .map((one) => ({ path: one.filePath, start: one.startLine, name: one.name }));
}

/** Shares of the answers that are right, and of the right ones that were given, over all functions. */
function score(answers) {
  const sum = (count) => answers.reduce((total, one) => total + count(one), 0);
  const right = sum(({ given, wanted }) => [...given].filter((one) => wanted.has(one)).length);
  return {
    precision: right / sum(({ given }) => given.size),
    recall: right / sum(({ wanted }) => wanted.size),
  };
}

export const callers = {
  what: 'callers of functions beside what a language server says, and those that codegraph finds',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    if (values.folder === undefined || values.answers === undefined)
      throw new Error('callers needs --folder DIR and --answers FILE');
    const { tool, functions, containers: byPath } = JSON.parse(readFileSync(values.answers, 'utf8'));
    const containers = new Containers(byPath);
    const workspace = new Workspace();
    try {
      // codegraph writes into the folder that it indexes.
      const folder = workspace.emptyFolder();
      cpSync(values.folder, folder, { recursive: true });
      await workspace.seed([folder]);
      const client = await workspace.client();
      const tools = {
        lantern: async ({ path, line }) => {
          const params = { path: folder, file: path, line, relation: 'calledBy', limit: 100 };
          const { hits } = await client.request('lantern/findRelated', params);
          return hits.map((hit) => ({
            path: hit.path,
            start: hit.startLine,
            end: hit.endLine,
            name: hit.symbol,
          }));
        },
      };
      if (values.codegraph !== undefined) {
        const other = workspace.emptyFolder();
        cpSync(values.folder, other, { recursive: true });
        say((await output(values.codegraph, ['--version'])).trim());
        await output(values.codegraph, ['init', '-y', other], other);
        tools.codegraph = (one) => askCodegraph(values.codegraph, other, one);
      }
      const called = functions.filter(({ callers: some }) => some.length > 0).length;
      say(`${tool}: ${functions.length} functions, ${called} with callers`);
      const results = [];
      for (const [name, ask] of Object.entries(tools)) {
        const answers = [];
        const times = [];
        for (const one of functions) {
          const self = containers.of({ path: one.path, start: one.line, name: one.name });
          const began = performance.now();
          const found = await ask(one);
          times.push(performance.now() - began);
          const given = new Set(found.map((caller) => containers.of(caller)));
          const wanted = new Set(
            one.callers.map(({ path, line, name: by }) =>
              line === 0 ? path : containers.of({ path, start: line, name: by }),
            ),
          );
          given.delete(self);
          wanted.delete(self);
          answers.push({ given, wanted });
          if (!values.wrong) continue;
          const missed = [...wanted].filter((caller) => !given.has(caller));
          const wrong = [...given].filter((caller) => !wanted.has(caller));
          if (missed.length + wrong.length === 0) continue;
          say(`${name} ${answers.length % 2 === 1 ? 'tuned' : 'other'} ${one.path}:${one.line} ${one.name}`);
          for (const caller of missed) say(`    missed ${caller}`);
          for (const caller of wrong) say(`    wrong  ${caller}`);
        }
        const halves = [
          ['tuned half', answers.filter((_, i) => i % 2 === 0)],
          ['other half', answers.filter((_, i) => i % 2 === 1)],
          ['both', answers],
        ];
        for (const [which, some] of halves) {
          const { precision, recall } = score(some);
          results.push(row({ measure: `${name}: precision, ${which}`, unit: '', values: [precision] }));
          results.push(row({ measure: `${name}: recall, ${which}`, unit: '', values: [recall] }));
        }
        results.push(row({ measure: `${name}: time of an answer`, unit: 'ms', values: times }));
      }
      return results;
    } finally {
      workspace.dispose();
    }
  },
};
