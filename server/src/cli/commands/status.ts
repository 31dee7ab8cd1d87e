import type {
  FolderStatus,
  SharedVectorsStatus,
  StatusResult,
} from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { formatScan } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, count, plain, red, seconds, show } from '../terminal.js';

/** `lantern status`. */
export async function statusCommand(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request('lantern/status', {}, signal), formatStatus);
    return 0;
  });
}

function formatStatus(status: StatusResult, terminal: Terminal): string {
  const model = status.model.status;
  const note = 'reason' in model ? `: ${model.reason}` : 'provider' in model ? ` on ${model.provider}` : '';
  const lines = [
    `${bold(terminal, 'Lantern')} ${status.version}, process ${status.pid}, data in ${status.dataDir}`,
    `  model    ${status.model.name} (${status.model.dtype}), ${model.kind}${note}`,
    `  vectors  ${status.vectors.kind}${status.vectors.detail === undefined ? '' : ` (${status.vectors.detail})`}`,
  ];
  if (status.sharedVectors !== undefined) lines.push(`  shared   ${formatShared(status.sharedVectors)}`);
  if (status.folders.length === 0) lines.push('  No folder is indexed yet. Try: lantern index PATH');
  for (const folder of status.folders) {
    const pending = folder.chunksPending === 0 ? '' : `, ${count(folder.chunksPending, 'chunk')} pending`;
    const state = formatState(folder, terminal);
    lines.push(
      `  folder   ${plain(folder.path)}: ${count(folder.files, 'file')}, ${count(folder.chunks, 'chunk')}${pending}, ${state}`,
    );
  }
  for (const { name, pid, folders } of status.clients) {
    const process = pid === 0 ? '' : ` (process ${pid})`;
    lines.push(`  client   ${plain(name)}${process}${folders.length === 0 ? '' : `: ${folders.join(', ')}`}`);
  }
  for (const { client, query, hits, at } of status.agentSearches.slice(0, 5)) {
    const ago = seconds(Math.max(0, Date.now() - at));
    lines.push(
      `  agent    ${plain(client)}, ${ago} ago: ${count(hits, 'hit')} for "${plain(query).slice(0, 60)}"`,
    );
  }
  return lines.join('\n');
}

function formatShared(shared: SharedVectorsStatus): string {
  if (shared.kind === 'used')
    return `vectors of ${plain(shared.url)}: ${shared.taken} taken, ${shared.given} given`;
  return plain(shared.reason);
}

function formatState({ path, status }: FolderStatus, terminal: Terminal): string {
  if (status.kind === 'failed') return red(terminal, `failed: ${status.reason}`);
  if (status.kind === 'scanning') return formatScan(status).toLowerCase();
  if (status.kind === 'indexing') return `indexing ${status.done} of ${status.total}`;
  if (status.kind === 'partial') return `partly indexed; lantern index "${plain(path)}" completes it`;
  return status.kind;
}
