import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './child.mjs';
import { sampleTexts } from './corpus.mjs';
import { row } from './stats.mjs';

/** Texts a second by threads and by the session's options. */
export const threads = {
  what: 'texts a second by threads, weights and session options',
  async run(say, { texts = 150, runs = 3 }) {
    const scratch = mkdtempSync(join(tmpdir(), 'lantern-bench-'));
    try {
      const textsFile = join(scratch, 'texts.json');
      writeFileSync(textsFile, JSON.stringify(sampleTexts(texts)));
      const counts = [1, 2, 4, 8, 16].filter((count) => count <= availableParallelism());
      const most = counts.at(-1);
      const plain = { enableMemPattern: false };
      const ways = [
        ...counts.map((count) => ({
          name: `int8, ${count} thread${count > 1 ? 's' : ''}`,
          threads: count,
          session: plain,
        })),
        { name: `fp32, ${most} threads`, threads: most, dtype: 'fp32', session: plain },
        {
          name: `int8, ${most} threads, memory patterns on`,
          threads: most,
          session: { enableMemPattern: true },
        },
        {
          name: `int8, ${most} threads, no arena`,
          threads: most,
          session: { ...plain, enableCpuMemArena: false },
        },
      ];
      const perSecond = ways.map(() => []);
      const memory = ways.map(() => []);
      for (let run = 0; run < runs; run++) {
        for (const [i, way] of ways.entries()) {
          const result = await measure('children/raw.mjs', { textsFile, ...way });
          perSecond[i].push((result.texts / result.ms) * 1000);
          memory[i].push(result.rss / 1024 / 1024);
        }
        say(`run ${run + 1} of ${runs}`);
      }
      return ways.map(({ name }, i) =>
        row({
          measure: name,
          unit: 'texts a second',
          values: perSecond[i],
          against: { what: ways[0].name, values: perSecond[0] },
          note: `${Math.round(memory[i][0])} MB`,
        }),
      );
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};
