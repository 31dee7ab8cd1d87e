import { resolve } from 'node:path';
import type { IndexReport } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { indexWithProgress } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, dim, green, plain, seconds, show } from '../terminal.js';

/** `lantern index [PATH]`. */
export async function indexCommand(positionals: readonly string[], values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const path = resolve(positionals[0] ?? values.path ?? '.');
    show(
      values,
      await indexWithProgress(daemon, { path, force: values.force === true }, signal),
      formatIndex,
    );
    return 0;
  });
}

export function formatIndex(report: IndexReport, terminal: Terminal): string {
  const skipped = Object.entries(report.filesSkipped).sort(([, a], [, b]) => b - a);
  const lines = [
    `${green(terminal, 'Indexed')} ${bold(terminal, plain(report.folder))} in ${seconds(report.elapsedMs)}`,
    `  files   ${report.filesTotal}: ${report.filesAdded} new, ${report.filesChanged} changed, ${report.filesRemoved} removed, ${report.filesUnchanged} unchanged`,
    `  chunks  ${report.chunksTotal}: ${report.chunksEmbedded} embedded, ${report.chunksReused} known by content, ${report.chunksRemoved} removed`,
  ];
  if (skipped.length > 0) {
    lines.push(dim(terminal, `  left out ${skipped.map(([reason, n]) => `${n} ${reason}`).join(', ')}`));
  }
  if (report.emptyBecause !== undefined) lines.push(`  No files: ${plain(report.emptyBecause)}`);
  if (report.vectorsShared > 0) lines.push(`  vectors ${report.vectorsShared} taken from the shared ones`);
  if (report.sharedProblem !== undefined)
    lines.push(`  The shared vectors were not used: ${plain(report.sharedProblem)}`);
  if (report.collectionRebuilt)
    lines.push('  The Chroma collection was lost and has been made again from the catalog.');
  return lines.join('\n');
}
