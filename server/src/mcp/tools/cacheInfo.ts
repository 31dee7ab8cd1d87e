import { z } from 'zod';
import type { MemoryResult } from '../../../../shared/src/protocol/protocol.js';
import { budgetBytes, defaultMaxTokens, withinBudget } from '../answers/budget.js';
import { answerIn } from '../answers/form.js';
import { safeLine } from '../../../../shared/src/safeText.js';
import { defineTool } from '../tool.js';

const output = z.object({
  daemon_rss_bytes: z.number(),
  chroma_rss_bytes: z.number().optional().describe('Left out while Chroma does not run, or does not say it'),
  chroma_running: z
    .boolean()
    .describe('Whether the daemon runs one; false for a server that the settings name'),
  models: z.array(
    z.object({
      name: z.string(),
      dtype: z.string(),
      provider: z.string(),
      state: z.string(),
      bytes: z.number(),
      leases: z.number(),
      loads: z.number(),
      hits: z.number(),
    }),
  ),
  loads: z.number().describe('Times a model was loaded since the daemon began'),
  hits: z.number().describe('Uses that found their model loaded'),
  disk_bytes: z.number(),
  folders: z.array(
    z.object({ path: z.string(), files: z.number(), chunks: z.number(), disk_bytes: z.number() }),
  ),
  left_out: z.number(),
});

function chromaText({ chroma, remoteChroma }: MemoryResult): string {
  if (remoteChroma !== undefined) return `at ${safeLine(remoteChroma, 200)} (memory unknown)`;
  if (chroma === null) return 'not running';
  return chroma.rssBytes === null ? 'running (memory unknown)' : mebibytes(chroma.rssBytes);
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

export const getCacheInfo = defineTool({
  name: 'get_cache_info',
  title: 'Cache and memory',
  description:
    'Says which embedding models are in memory, how often each was loaded and used, and what the indexes take.',
  input: z.object({}),
  output,
  annotations: { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: () => false,

  async run(_args, { service, form }) {
    const memory = await service.memory([]);
    const { daemon, chroma, models, totals, disk, folders: all } = memory;
    const lines = models.map(
      ({ name, dtype, provider, bytes, leases, loads, hits }) =>
        `Model ${safeLine(name, 200)} (${dtype}, ${provider}): ${mebibytes(bytes)}, loaded ${loads} times, reused ${hits} times, ${leases} in use.`,
    );
    if (models.length === 0) lines.push('No model is in memory; the next search by meaning loads it.');
    lines.push(
      `Daemon ${mebibytes(daemon.rssBytes)}, Chroma ${chromaText(memory)}, ` +
        `${mebibytes(disk.catalogBytes + disk.chromaBytes)} on disk for ${all.length} folders.`,
    );
    return withinBudget(all, budgetBytes(defaultMaxTokens), (folders) => {
      const structuredContent: z.output<typeof output> = {
        daemon_rss_bytes: daemon.rssBytes,
        chroma_running: chroma !== null,
        ...(typeof chroma?.rssBytes === 'number' && { chroma_rss_bytes: chroma.rssBytes }),
        models: models.map(({ name, dtype, provider, state, bytes, leases, loads, hits }) => {
          return { name, dtype, provider, state, bytes: Math.round(bytes), leases, loads, hits };
        }),
        loads: totals.loads,
        hits: totals.hits,
        disk_bytes: disk.catalogBytes + disk.chromaBytes,
        folders: folders.map(({ path, files, chunks, diskBytes }) => ({
          path,
          files,
          chunks,
          disk_bytes: diskBytes,
        })),
        left_out: all.length - folders.length,
      };
      return answerIn(form, lines.join('\n'), structuredContent);
    });
  },
});
