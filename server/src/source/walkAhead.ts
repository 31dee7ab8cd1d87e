import { type FoundFile, type OnSkip, type WalkOptions, walk } from './walk.js';

/** Files of a folder, found while earlier ones are being read, so that their number is soon known. */
export interface WalkAhead {
  readonly batches: AsyncIterable<readonly FoundFile[]>;
  /** Number of files in the folder; undefined until all are found. */
  readonly total: number | undefined;
}

/** As `walk`, but goes on while the caller is busy. Fails as it does, after the batches found before. */
export function walkAhead(root: string, options: WalkOptions, onSkip: OnSkip): WalkAhead {
  const found: (readonly FoundFile[])[] = [];
  let [count, ended] = [0, false];
  let wake: () => void = () => undefined;
  const walking = (async () => {
    try {
      for await (const batch of walk(root, options, onSkip)) {
        found.push(batch);
        count += batch.length;
        wake();
      }
    } finally {
      ended = true;
      wake();
    }
  })();
  // The caller sees the failure when it has taken all batches.
  walking.catch(() => undefined);
  async function* batches(): AsyncGenerator<readonly FoundFile[]> {
    for (;;) {
      const batch = found.shift();
      if (batch !== undefined) yield batch;
      else if (ended) break;
      else await new Promise<void>((settle) => (wake = settle));
    }
    await walking;
  }
  return {
    batches: batches(),
    get total() {
      return ended ? count : undefined;
    },
  };
}
