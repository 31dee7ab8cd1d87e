import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { LanternError } from '../../../../shared/src/errors.js';
import { realPath } from '../../indexing/folderPaths.js';
import { toBlocks } from '../answers/blocks.js';
import { budgetBytes } from '../answers/budget.js';
import { readCursor, writeCursor } from '../answers/cursor.js';
import { dependsOnOpen, folderScope } from '../answers/folderScope.js';
import { hitsAnswer, hitsShape } from '../answers/hitsAnswer.js';
import { relationNames, relationOf } from '../answers/reasons.js';
import { safeLine } from '../../../../shared/src/safeText.js';
import { type ToolCall, defineTool } from '../tool.js';
import { cursor, detail, limit, maxTokens, notesOf } from './searchCode.js';

const mostHits = 60;

export const findRelated = defineTool({
  name: 'find_related',
  title: 'Find related code',
  description:
    'Finds code that is related to the definition at a place, and says how: called_by (the hit calls it: who breaks if you change it), ' +
    'calls (it calls the hit), tests, defines_type_of (a type in its signature), similar. ' +
    'Use it on a hit of search_code or on the line that you are reading.',
  input: z.object({
    path: z.string().min(1).max(4096).describe('File, absolute or relative to folder'),
    line: z.int().min(1).max(100_000_000),
    folder: z.string().max(4096).optional().describe('Indexed folder; the open one if left out'),
    relation: z.enum(relationNames).optional().describe('Only this one'),
    steps: z
      .union([z.literal(1), z.literal(2)])
      .optional()
      .describe('2: callers of callers, too'),
    include_own_file: z.boolean().optional().describe('Default: true with relation or steps'),
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
    const { line, steps, include_own_file: includeOwnFile } = args;
    const relation = args.relation && relationOf(args.relation);
    const named = resolve(folder, args.path);
    // The index has a file under its real path, whatever link was used.
    const file = realPath(named);
    const question = [folder, file, line, includeOwnFile ?? null, relation ?? null, steps ?? null];
    const offset = args.cursor === undefined ? 0 : readCursor(args.cursor, question);
    const asked = Math.min(mostHits, offset + args.limit * 2 + 5);
    const result = await call.service.findRelated(
      {
        path: realPath(folder),
        file,
        line,
        limit: asked,
        ...(includeOwnFile !== undefined && { includeOwnFile }),
        ...(relation && { relation }),
        ...(steps && { steps }),
      },
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
