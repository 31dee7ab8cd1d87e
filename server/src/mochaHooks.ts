import { clearEmbeddingCache } from './api.js';

/** Root hooks for mocha (`--require lantern-code-search/mocha`): each test begins and ends without a model in memory. */
export const mochaHooks = {
  async afterEach(): Promise<void> {
    await clearEmbeddingCache();
  },
};
