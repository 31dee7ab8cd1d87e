// Users of one ModelCache: each asks for the model, and once all have it embeds a text of its own.
import { input, openParts, settledRss, tell } from './ours.mjs';

const parts = openParts({ threads: input.threads ?? 0 });
const id = await parts.resolve();
const before = await settledRss();

const result = { before, rss: [], ms: [] };
let users = 0;
for (const upTo of input.users) {
  const began = performance.now();
  const names = Array.from({ length: upTo - users }, (_, i) => `user ${users + i}`);
  const leases = await Promise.all(names.map((name) => parts.cache.acquire(id, name)));
  result.ms.push(performance.now() - began);
  for (const [i, { model }] of leases.entries())
    await model.embedQuery(`where does ${names[i]} retry a failed upload`);
  result.rss.push(await settledRss());
  users = upTo;
}
tell({ ...result, loads: parts.cache.info().loads });
