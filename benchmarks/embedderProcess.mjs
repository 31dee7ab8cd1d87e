import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { benchmarks } from './child.mjs';

/** The model alone, in a process of its own: `ms(text)` is what embedding takes there. */
export async function startEmbedder() {
  const child = fork(join(benchmarks, 'children', 'embedder.mjs'));
  await once(child, 'message');
  return {
    async ms(text) {
      const answer = once(child, 'message');
      child.send(text);
      return (await answer)[0];
    },
    stop: () => child.disconnect(),
  };
}
