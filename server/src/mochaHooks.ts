import { clearEmbeddingCache } from './api.js';

/** Root hooks for mocha (`--require lantern/mocha`): each test starts and leaves without a model in memory. */
export const mochaHooks = {
  async afterEach(): Promise<void> {
    await clearEmbeddingCache();
  },
};
