import type { MemoryResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, count, mebibytes, plain, seconds, show } from '../terminal.js';

/** `lantern memory`. */
export async function memoryCommand(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request('lantern/memory', {}, signal), formatMemory);
    return 0;
  });
}

function chromaLine({ chroma, remoteChroma }: MemoryResult): string {
  if (remoteChroma !== undefined) return `memory unknown, at ${plain(remoteChroma)}`;
  if (chroma === null) return 'not running';
  return `${chroma.rssBytes === null ? 'memory unknown' : mebibytes(chroma.rssBytes)} (process ${chroma.pid})`;
}

export function formatMemory(memory: MemoryResult, terminal: Terminal): string {
  const { daemon, models, folders, totals, disk } = memory;
  const lines = [
    bold(terminal, 'Memory'),
    `  daemon   ${mebibytes(daemon.rssBytes)} (process ${daemon.pid})`,
    `  chroma   ${chromaLine(memory)}`,
  ];
  if (models.length === 0) lines.push('  No model is loaded.');
  for (const { name, dtype, provider, bytes, leases, holders, idleMs } of models) {
    const use = leases === 0 ? `idle for ${seconds(idleMs)}` : `used by ${holders.join(', ')}`;
    lines.push(`  model    ${name} (${dtype}, ${provider}): ${mebibytes(bytes)}, ${use}`);
  }
  lines.push(
    `  cache    ${count(totals.loads, 'load')}, ${count(totals.hits, 'hit')}, ${count(totals.releases, 'release')}`,
  );
  lines.push(`  disk     catalog ${mebibytes(disk.catalogBytes)}, chroma ${mebibytes(disk.chromaBytes)}`);
  for (const { path, files, chunks, diskBytes } of folders) {
    const size = `${count(files, 'file')}, ${count(chunks, 'chunk')}, ${mebibytes(diskBytes)} on disk`;
    lines.push(`  folder   ${plain(path)}: ${size}`);
  }
  return lines.join('\n');
}
