import { setTimeout as sleep } from 'node:timers/promises';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { errorMessage } from '../../../../shared/src/errors.js';
import type { IndexProgress, IndexReport } from '../../../../shared/src/protocol/protocol.js';
import { absolute, dependsOnOpen } from '../answers/folderScope.js';
import { type Form, answerIn } from '../answers/form.js';
import { safeLine } from '../../../../shared/src/safeText.js';
import { type ToolCall, defineTool } from '../tool.js';

/** A client that hears nothing gives up after a minute, so it is answered before. */
const quietWaitMs = 45_000;
/** Least milliseconds between two notifications of progress. */
const reportEveryMs = 250;

const output = z.object({
  folder: z.string(),
  state: z.enum(['complete', 'running']),
  files_total: z.number().optional(),
  files_changed: z.number().optional().describe('Added, changed or removed by this pass'),
  files_skipped: z.record(z.string(), z.number()).optional().describe('Left out, by reason'),
  chunks_total: z.number().optional(),
  chunks_embedded: z.number().optional(),
  elapsed_ms: z.number().optional(),
});

export const indexDirectory = defineTool({
  name: 'index_directory',
  title: 'Index a directory',
  description:
    'Indexes a folder of the user, or brings its index up to date, so that search_code can answer from it. ' +
    'Only what changed is read again. Cancelling keeps what is done.',
  input: z.object({
    path: z.string().min(1).max(4096).describe('Absolute path of a project folder'),
    wait: z.boolean().default(true).describe('false returns at once; index_status then tells how far it is'),
  }),
  output,
  annotations: { readOnlyHint: false, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: ({ path }) => dependsOnOpen(path),

  async run({ path, wait }, call) {
    const folder = await call.service.mayIndex(absolute(path, call.where));
    // A caller that does not wait cannot cancel the job.
    const cancelling = new AbortController();
    const onAbort = (): void => cancelling.abort();
    call.signal.addEventListener('abort', onAbort, { once: true });
    const job = call.service.index({ path: folder }, reporter(call), cancelling.signal);
    job.catch((error: unknown) =>
      call.log.write('warn', 'mcp.index', { folder, client: call.client, cause: errorMessage(error) }),
    );
    try {
      const report = await (call.report !== undefined && wait ? job : untilQuiet(job, wait));
      return report === undefined ? running(folder, call.form) : complete(report, call.form);
    } finally {
      call.signal.removeEventListener('abort', onAbort);
    }
  },
});

/** Waits as long as a silent client would; undefined when the job continues in the background. */
async function untilQuiet(job: Promise<IndexReport>, wait: boolean): Promise<IndexReport | undefined> {
  const enough = new AbortController();
  try {
    // Without `wait` an error is still reported, and a folder that is up to date is complete at once.
    return await Promise.race([job, sleep(wait ? quietWaitMs : 50, undefined, { signal: enough.signal })]);
  } finally {
    enough.abort();
  }
}

function reporter({ report }: ToolCall): (progress: IndexProgress) => void {
  let last = -Infinity;
  let highest = -1;
  return (progress) => {
    const now = performance.now();
    if (report === undefined || now - last < reportEveryMs) return;
    // Taking known vectors lasts for seconds, and may be followed by embedding the rest.
    if (progress.kind === 'vectors') return;
    const embedding = progress.kind === 'embedding';
    const done = progress.files + (embedding ? progress.done : 0);
    // Progress must rise with every notification.
    if (done <= highest) return;
    last = now;
    highest = done;
    if (embedding)
      report(done, progress.files + progress.total, `${progress.done} of ${progress.total} chunks`);
    else report(done, undefined, `${progress.files} files read`);
  };
}

function complete(report: IndexReport, form: Form): CallToolResult {
  const changed = report.filesAdded + report.filesChanged + report.filesRemoved;
  const skipped = Object.entries(report.filesSkipped);
  const text =
    `${safeLine(report.folder, 400)} is indexed: ${report.filesTotal} files, ${report.chunksTotal} chunks, ` +
    `${changed} files changed since the last pass, ${report.chunksEmbedded} chunks newly embedded, ` +
    `${(report.elapsedMs / 1000).toFixed(1)} s.` +
    (skipped.length === 0 ? '' : ` Left out: ${skipped.map(([reason, n]) => `${n} ${reason}`).join(', ')}.`) +
    (report.filesTotal === 0
      ? ` There is nothing to search in it. ${safeLine(report.emptyBecause ?? '', 400)}`
      : ' search_code answers from it now.');
  const structuredContent: z.output<typeof output> = {
    folder: report.folder,
    state: 'complete',
    files_total: report.filesTotal,
    files_changed: changed,
    files_skipped: report.filesSkipped,
    chunks_total: report.chunksTotal,
    chunks_embedded: report.chunksEmbedded,
    elapsed_ms: Math.round(report.elapsedMs),
  };
  return answerIn(form, text, structuredContent);
}

function running(folder: string, form: Form): CallToolResult {
  const structuredContent: z.output<typeof output> = { folder, state: 'running' };
  const text =
    `${safeLine(folder, 400)} is being indexed in the background. search_code already answers from what is done, ` +
    'and says how much that is; index_status tells how far it is.';
  return answerIn(form, text, structuredContent);
}
