import { Session } from 'node:inspector/promises';

/** Collects all garbage and returns the pages to the system. V8's `gc()` would keep those of its young generation. */
export async function collectGarbage(): Promise<void> {
  const inspector = new Session();
  inspector.connect();
  try {
    await inspector.post('HeapProfiler.collectGarbage');
  } finally {
    inspector.disconnect();
  }
}
