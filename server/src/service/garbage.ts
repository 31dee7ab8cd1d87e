import { Session } from 'node:inspector/promises';

/** Collects all garbage and gives the pages back; `gc()` of V8 keeps the pages of its young generation. */
export async function collectGarbage(): Promise<void> {
  const inspector = new Session();
  inspector.connect();
  try {
    await inspector.post('HeapProfiler.collectGarbage');
  } finally {
    inspector.disconnect();
  }
}
