// A process that uses a catalog as a daemon does. It may be ended by what it finds there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { TestService } from './testService.js';

export interface UseRequest {
  /** The folder that holds data folder and source folder. */
  readonly top: string;
  readonly queries: readonly string[];
}

export type UseResult =
  { readonly code: undefined; readonly state: unknown } | { readonly code: string; readonly message: string };

/** Opens the catalog, indexes, and searches. Every hit must be on disk. */
async function use({ top, queries }: UseRequest): Promise<unknown> {
  const test = new TestService({}, undefined, top);
  try {
    await test.service.index({ path: test.root }, () => undefined);
    const state: unknown[] = [];
    for (const query of queries) {
      const found = await test.service.search({ path: test.root, query, wait: true }, { folders: () => [] });
      for (const { path, text } of found.hits) {
        const there = readFileSync(join(test.root, path), 'utf8');
        assert.ok(there.includes(text.trim()), `a hit in ${path} that is not on disk`);
      }
      state.push(found.hits.map(({ path, startLine, score }) => [path, startLine, score]));
    }
    return state;
  } finally {
    await test.index.close();
  }
}

process.on('message', (request: UseRequest) => {
  use(request).then(
    (state) => process.send?.({ code: undefined, state } satisfies UseResult),
    (error: unknown) => {
      const code = error instanceof LanternError ? error.code : 'other';
      process.send?.({ code, message: errorMessage(error) } satisfies UseResult);
    },
  );
});
