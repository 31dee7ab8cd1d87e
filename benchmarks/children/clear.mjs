// Memory, threads and handles over cycles of load, embed and clear, as the daemon does them.
import { handlesOf, threadsOf } from '../machine.mjs';
import { input, openParts, settledRss, tell } from './ours.mjs';

const { cache, resolve } = openParts();
const id = await resolve();
const before = await settledRss();
const loaded = [];
const cleared = [];
const threads = [];
const handles = [];
for (let cycle = 0; cycle < input.cycles; cycle++) {
  const lease = await cache.acquire(id, 'bench');
  for (let i = 0; i < 4; i++)
    await lease.model.embedQuery(`cycle ${cycle}: ${'where is it written '.repeat(8 * i + 1)}`);
  loaded.push(process.memoryUsage.rss());
  lease.dispose();
  await cache.clear();
  cleared.push(await settledRss());
  threads.push(threadsOf(process.pid));
  handles.push(handlesOf(process.pid));
}
tell({ before, loaded, cleared, threads, handles });
