import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Workspace, percentile, questions } from './workspace.mjs';

const idleQueries = 200;
const queriesPerPhase = 150;
const pauseMs = 20;
const goal = 5;

/** Milliseconds until each query is answered, asked one after the other as a person or an agent does. */
async function ask(client, path, queries, count, going = () => true) {
  const times = [];
  for (let i = 0; i < count && going(); i++) {
    const began = performance.now();
    const { hits } = await client.request('lantern/search', { path, query: queries[i % queries.length] });
    times.push(performance.now() - began);
    if (hits.length === 0) throw new Error(`nothing was found for "${queries[i % queries.length]}"`);
    await sleep(pauseMs);
  }
  return times;
}

/** A query's latency while another folder, and then its own, is indexed from nothing, against that at rest. */
export const queryUnderLoad = {
  what: "a query's p95 during bulk indexing against that on an idle daemon",
  async run(say) {
    const workspace = new Workspace();
    try {
      const queries = questions();
      const small = workspace.folder();
      const client = await workspace.client();
      await client.request('lantern/index', { path: small });
      await ask(client, small, queries, 20);
      const idle = await ask(client, small, queries, idleQueries);
      say(`idle: ${idle.length} queries`);

      const indexer = await workspace.client();
      let phase = '';
      const bulk = async (measure) => {
        const path = workspace.folder(12);
        const phases = { scan: [], embed: [] };
        let running = true;
        const job = indexer
          .request('lantern/index', { path, token: 'bulk' })
          .finally(() => (running = false));
        job.catch(() => undefined);
        indexer.onProgress(({ progress }) => (phase = progress.kind === 'scanning' ? 'scan' : 'embed'));
        phase = 'scan';
        while (running && phases.embed.length < queriesPerPhase) {
          const during = phase;
          try {
            if (phases[during].length < queriesPerPhase) phases[during].push(...(await measure(path)));
            else await sleep(pauseMs);
          } catch (error) {
            // At the very beginning there is nothing to be found yet.
            if (phases.embed.length > 0) throw error;
            await sleep(pauseMs);
          }
        }
        const ended = !running;
        await indexer.request('lantern/remove', { path });
        await job.catch(() => undefined);
        say(
          `${phases.scan.length} queries while files were read, ${phases.embed.length} while they were embedded${ended ? ' (the job ended first)' : ''}`,
        );
        return phases;
      };
      let at = 0;
      const next = () => [queries[at++ % queries.length]];
      const other = await bulk(() => ask(client, small, next(), 1));
      const own = await bulk((path) => ask(client, path, next(), 1));

      const line = (measure, times, share) => ({ measure, value: percentile(times, share), unit: 'ms' });
      const idleP95 = percentile(idle, 0.95);
      const ratio = (measure, times) => {
        const value = percentile(times, 0.95) / idleP95;
        return { measure, value, unit: 'x', goal: `≤ ${goal}`, met: value <= goal };
      };
      return [
        line('idle p50', idle, 0.5),
        line('idle p95', idle, 0.95),
        line('another folder is read, p95', other.scan, 0.95),
        line('another folder is embedded, p95', other.embed, 0.95),
        line('the same folder is read, p95', own.scan, 0.95),
        line('the same folder is embedded, p95', own.embed, 0.95),
        ratio('p95 while another folder is indexed / idle', [...other.scan, ...other.embed]),
        ratio('p95 while the same folder is indexed / idle', [...own.scan, ...own.embed]),
      ];
    } finally {
      workspace.dispose();
    }
  },
};
