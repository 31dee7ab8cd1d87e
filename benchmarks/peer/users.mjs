// Users of the peer: each has a pipeline of its own, as programs that use it do, and once all are there embeds a text.
import { env, pipeline } from '@xenova/transformers';

const { models, users, quantized = true } = JSON.parse(process.argv[2]);
env.allowRemoteModels = false;
env.localModelPath = models;

const settledRss = () => {
  globalThis.gc();
  return process.memoryUsage.rss();
};

const held = [];
const result = { before: settledRss(), rss: [], ms: [] };
for (const upTo of users) {
  const began = performance.now();
  const names = Array.from({ length: upTo - held.length }, (_, i) => `user ${held.length + i}`);
  const made = await Promise.all(
    names.map(() => pipeline('feature-extraction', 'all-MiniLM-L6-v2', { quantized })),
  );
  result.ms.push(performance.now() - began);
  for (const [i, embed] of made.entries())
    await embed(`where does ${names[i]} retry a failed upload`, { pooling: 'mean', normalize: true });
  held.push(...made);
  result.rss.push(settledRss());
}
console.log(JSON.stringify(result));
