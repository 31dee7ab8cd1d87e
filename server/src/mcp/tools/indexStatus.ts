import { z } from 'zod';
import { budgetBytes, defaultMaxTokens, withinBudget } from '../answers/budget.js';
import { absolute, dependsOnOpen, folderContext } from '../answers/folderScope.js';
import { answerIn } from '../answers/form.js';
import { safeLine } from '../../../../shared/src/safeText.js';
import { type ToolCall, defineTool } from '../tool.js';
import { type FolderRow, describe, folderRow, missingRow, rowOf } from '../answers/folderRows.js';

const output = z.object({
  folders: z.array(folderRow),
  left_out: z.number(),
  model: z.object({ name: z.string(), state: z.string(), reason: z.string().optional() }),
  vectors: z.object({ kind: z.string(), detail: z.string().optional() }),
});

export const indexStatus = defineTool({
  name: 'index_status',
  title: 'Index status',
  description:
    'Says how complete and how fresh the index of a folder is, and whether model and vector store work. ' +
    'Without a folder it tells of the open ones.',
  input: z.object({ folder: z.string().max(4096).optional() }),
  output,
  annotations: { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: ({ folder }) => dependsOnOpen(folder),

  async run({ folder }, call) {
    const rows = await rowsOf(folder, call);
    const { model, vectors } = call.service.status([]);
    const reason = model.status.kind === 'failed' ? safeLine(model.status.reason, 300) : undefined;
    const detail = vectors.detail === undefined ? undefined : safeLine(vectors.detail, 300);
    return withinBudget(rows, budgetBytes(defaultMaxTokens), (folders) => {
      const leftOut = rows.length - folders.length;
      const lines = folders.map(describe);
      if (rows.length === 0) lines.push('Nothing is indexed yet: index_directory adds a folder.');
      if (leftOut > 0) lines.push(`${leftOut} more are not shown: name one with "folder".`);
      lines.push(
        `Model ${model.name}: ${model.status.kind}${reason === undefined ? '' : `: ${reason}`}. ` +
          `Vectors: ${vectors.kind}${detail === undefined ? '' : ` (${detail})`}.`,
      );
      const structuredContent: z.output<typeof output> = {
        folders: [...folders],
        left_out: leftOut,
        model: { name: model.name, state: model.status.kind, ...(reason !== undefined && { reason }) },
        vectors: { kind: vectors.kind, ...(detail !== undefined && { detail }) },
      };
      return answerIn(call.form, lines.join('\n'), structuredContent);
    });
  },
});

/** The named folder, otherwise the open ones, otherwise all. */
async function rowsOf(folder: string | undefined, { service, where }: ToolCall): Promise<FolderRow[]> {
  const paths = folder === undefined ? folderContext(where) : [absolute(folder, where)];
  if (paths.length === 0) return service.indexedFolders().map(rowOf);
  const found = await Promise.all(paths.map((path) => service.indexed(path)));
  return found.map((status, index) =>
    status === undefined ? missingRow(paths[index] ?? '') : rowOf(status),
  );
}
