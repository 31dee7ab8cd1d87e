import { realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { LanternError } from '../../../../shared/src/errors.js';
import { toBlocks } from '../answers/blocks.js';
import { budgetBytes } from '../answers/budget.js';
import { readCursor, writeCursor } from '../answers/cursor.js';
import { dependsOnOpen, folderScope } from '../answers/folderScope.js';
import { hitsAnswer, hitsShape } from '../answers/hitsAnswer.js';
import { safeLine } from '../answers/safeText.js';
import { type ToolCall, defineTool } from '../tool.js';
import { cursor, detail, limit, maxTokens, notesOf } from './searchCode.js';

const mostHits = 60;

export const findRelated = defineTool({
  name: 'find_related',
  title: 'Find related code',
  description:
    'Finds code that is like the code at a place, uses it or is used by it: other implementations, callers, tests, copies. ' +
    'Use it on a hit of search_code or on the line that you are reading.',
  input: z.object({
    path: z.string().min(1).max(4096).describe('File, absolute or relative to folder'),
    line: z.int().min(1).max(100_000_000),
    folder: z.string().max(4096).optional().describe('Indexed folder; the open one if left out'),
    include_own_file: z.boolean().default(false),
    detail,
    limit,
    cursor,
    max_tokens: maxTokens,
  }),
  output: hitsShape,
  annotations: { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: ({ folder, path }) => dependsOnOpen(folder ?? path),

  async run(args, call) {
    const folder = await folderOf(args, call);
    const { line, include_own_file: includeOwnFile } = args;
    const named = resolve(folder, args.path);
    // The index has a file under its real path, whatever link was used.
    const file = await realpath(named).catch(() => named);
    const question = [folder, file, line, includeOwnFile];
    const offset = args.cursor === undefined ? 0 : readCursor(args.cursor, question);
    const asked = Math.min(mostHits, offset + args.limit * 2 + 5);
    const result = await call.service.findRelated(
      { path: await realpath(folder).catch(() => folder), file, line, limit: asked, includeOwnFile },
      { folders: () => [folder] },
      call.signal,
    );
    const blocks = toBlocks(result.hits);
    const page = blocks.slice(offset, offset + args.limit);
    call.service.recordAgentSearch({
      client: call.client,
      tool: 'find_related',
      query: `${args.path}:${line}`,
      folders: [folder],
      hits: page.length,
      elapsedMs: result.elapsedMs,
    });
    return hitsAnswer(
      {
        blocks: page,
        offset,
        found: blocks.length,
        atLeast: result.hits.length === asked,
        folders: [folder],
        isKnown: args.folder !== undefined || !isAbsolute(args.path),
        coverage: result.coverage,
        notes: notesOf({ missing: [] }, result),
        detail: args.detail,
        form: call.form,
        cursorAt: (next) => writeCursor(next, question),
      },
      budgetBytes(args.max_tokens),
    );
  },
});

/** The named folder, the indexed one that contains an absolute path, or the open one. */
async function folderOf(
  { folder, path }: { readonly folder?: string | undefined; readonly path: string },
  { service, where }: ToolCall,
): Promise<string> {
  if (folder === undefined && isAbsolute(path)) {
    const holder = await service.indexed(resolve(path));
    if (holder !== undefined) return holder.path;
    throw new LanternError(
      'not-found',
      `No indexed folder holds "${safeLine(path, 300)}". list_folders says which are; index_directory adds one.`,
    );
  }
  const { folders } = await folderScope(folder, where, service);
  const [only] = folders;
  if (only !== undefined && folders.length === 1) return only;
  throw new LanternError(
    'bad-request',
    `"${safeLine(path, 300)}" may be in several open folders. Name the folder, or give the absolute path.`,
  );
}
