import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { benchmarks, measure, output, preparePeer, root } from './child.mjs';
import { MB } from './machine.mjs';
import { row } from './stats.mjs';

const most = 27;

/** Whether there is a Python with sentence-transformers, a gigabyte that this benchmark does not install. */
function hasPython() {
  const found = spawnSync('python3', ['-c', 'import sentence_transformers'], { stdio: 'ignore' });
  return found.status === 0;
}

/** What `users` users of sentence-transformers take in one process. */
async function measurePython(users) {
  const model = join(root, 'models', 'all-MiniLM-L6-v2');
  const printed = await output('python3', [join(benchmarks, 'peer', 'users.py'), model, users.join()]);
  return JSON.parse(printed.trim().split('\n').at(-1));
}

/** Memory and time of 1, 10 and 27 users of the model, in one process, beside as many pipelines of the peer. */
export const modelUsers = {
  what: '1, 10 and 27 users of the model: memory added, time to ready',
  async run(say, { runs = 5 }) {
    const peer = await preparePeer(say);
    const ours = [];
    const ours27 = [];
    const theirs = [];
    const theirs27 = [];
    try {
      for (let run = 0; run < runs; run++) {
        ours.push(await measure('children/users.mjs', { users: [1, 10, most] }));
        ours27.push(await measure('children/users.mjs', { users: [most] }));
        // The peer's differences are large, so it needs fewer runs.
        if (run >= Math.ceil(runs / 2)) continue;
        const { models } = peer;
        theirs.push(await measure('peer/users.mjs', { models, users: [1, 10, most] }));
        theirs27.push(await measure('peer/users.mjs', { models, users: [most] }));
        say(
          `run ${run + 1}: 27 users ${Math.round(ours.at(-1).rss[2] / MB)} MB, 27 pipelines ${Math.round(theirs.at(-1).rss[2] / MB)} MB`,
        );
      }
    } finally {
      peer.dispose();
    }
    const python = hasPython() ? [await measurePython([1, 10, most])] : [];
    if (python.length === 0) say('no Python with sentence-transformers here: that peer is left out');
    const total = (side, at) => side.map(({ rss }) => rss[at] / MB);
    const added = (side) => side.map(({ rss }) => (rss[2] - rss[0]) / (most - 1) / MB);
    const loads = Math.max(...[...ours, ...ours27].map((one) => one.loads));
    const pipelines = 'pipelines of transformers.js, int8';
    return [
      row({
        measure: 'memory of a process with 1 user',
        unit: 'MB',
        values: total(ours, 0),
        against: { what: pipelines, values: total(theirs, 0) },
      }),
      row({
        measure: 'memory of a process with 10 users',
        unit: 'MB',
        values: total(ours, 1),
        against: { what: pipelines, values: total(theirs, 1) },
      }),
      row({
        measure: 'memory of a process with 27 users',
        unit: 'MB',
        values: total(ours, 2),
        against: { what: pipelines, values: total(theirs, 2) },
      }),
      row({
        measure: 'memory added by each of the 2nd to 27th user',
        unit: 'MB',
        values: added(ours),
        atMost: 1,
      }),
      row({ measure: 'the same, of the peer', unit: 'MB', values: added(theirs) }),
      row({
        measure: '27 users ready, from cold',
        unit: 'ms',
        values: ours27.map(({ ms }) => ms[0]),
        against: { what: '1 user', values: ours.map(({ ms }) => ms[0]) },
        atMost: 1.05,
      }),
      row({
        measure: '27 pipelines ready, from cold',
        unit: 'ms',
        values: theirs27.map(({ ms }) => ms[0]),
        against: { what: '1 pipeline', values: theirs.map(({ ms }) => ms[0]) },
      }),
      ...python.flatMap(() => [
        row({
          measure: 'memory of a process with 27 users, beside Python',
          unit: 'MB',
          values: total(ours, 2),
          against: { what: '27 models of sentence-transformers', values: total(python, 2) },
        }),
        row({ measure: 'the same with 1 user of Python', unit: 'MB', values: total(python, 0) }),
        row({
          measure: '27 users ready, beside Python',
          unit: 'ms',
          values: ours27.map(({ ms }) => ms[0]),
          against: {
            what: '27 models of sentence-transformers, its import included',
            values: python.map(({ importMs, ms }) => importMs + ms.reduce((sum, one) => sum + one, 0)),
          },
        }),
      ]),
      row({ measure: 'most loads of the model in a run', unit: '', values: [loads], atMost: 1 }),
    ];
  },
};
