import { z } from 'zod';
import { budgetBytes, defaultMaxTokens, withinBudget } from '../answers/budget.js';
import { answerIn } from '../answers/form.js';
import { defineTool } from '../tool.js';
import { describe, folderRow, rowOf } from '../answers/folderRows.js';

const output = z.object({
  folders: z.array(folderRow),
  left_out: z.number(),
  groups: z.array(z.object({ name: z.string(), folders: z.number() })),
});

/** Most groups that are listed. */
const mostGroups = 20;

export const listFolders = defineTool({
  name: 'list_folders',
  title: 'List indexed folders',
  description:
    'Lists the folders that are indexed on this machine, with how complete each index is, and the groups that search_code takes.',
  input: z.object({}),
  output,
  annotations: { readOnlyHint: true, idempotentHint: true, destructiveHint: false, openWorldHint: false },
  needsFolder: () => false,

  async run(_args, { service, form }) {
    const all = service.indexedFolders().map(rowOf);
    const groups = (await service.groups()).groups
      .slice(0, mostGroups)
      .map(({ name, folders }) => ({ name, folders: folders.length }));
    return withinBudget(all, budgetBytes(defaultMaxTokens), (folders) => {
      const leftOut = all.length - folders.length;
      const lines = folders.map(describe);
      if (all.length === 0) lines.push('Nothing is indexed yet: index_directory adds a folder.');
      if (leftOut > 0)
        lines.push(`${leftOut} more are not shown: index_status with a folder tells of any one.`);
      for (const { name, folders: count } of groups)
        lines.push(`group ${name}: ${count} folder${count === 1 ? '' : 's'}`);
      const structuredContent: z.output<typeof output> = { folders: [...folders], left_out: leftOut, groups };
      return answerIn(form, lines.join('\n'), structuredContent);
    });
  },
});
