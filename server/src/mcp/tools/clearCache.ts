import { z } from 'zod';
import { answerIn } from '../answers/form.js';
import { defineTool } from '../tool.js';

const output = z.object({ models_released: z.number(), bytes_freed: z.number() });

export const clearEmbeddingCache = defineTool({
  name: 'clear_embedding_cache',
  title: 'Free the model',
  description:
    'Frees the memory of the embedding models once nobody uses them. Indexes stay; the next search by meaning loads the model again.',
  input: z.object({}),
  output,
  annotations: { readOnlyHint: false, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: () => false,

  async run(_args, { service, form }) {
    const { models, bytes } = await service.clearCache();
    const structuredContent: z.output<typeof output> = {
      models_released: models,
      bytes_freed: Math.round(bytes),
    };
    const text =
      models === 0
        ? 'No model was in memory.'
        : `Released ${models} model${models === 1 ? '' : 's'}, ${(bytes / 1024 / 1024).toFixed(1)} MiB. Indexes are as they were.`;
    return answerIn(form, text, structuredContent);
  },
});
