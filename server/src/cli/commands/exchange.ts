import { resolve } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import type { ExportResult, ImportReport } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { withProgress } from '../progress.js';
import { withDaemon } from '../session.js';
import { type Terminal, bold, green, mebibytes, plain, show } from '../terminal.js';
import { formatIndex } from './index.js';

/** `lantern export [PATH] [-o FILE]`. */
export async function exportCommand(positionals: readonly string[], values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const path = resolve(positionals[0] ?? values.path ?? '.');
    const file = resolve(values.output ?? 'index.lantern');
    const result = await withProgress(daemon, (token) =>
      daemon.request('lantern/export', { path, file, token }, signal),
    );
    show(values, result, formatExport);
    return 0;
  });
}

/** `lantern import FILE [--path PATH]`. */
export async function importCommand(positionals: readonly string[], values: Values): Promise<number> {
  const [name] = positionals;
  if (name === undefined)
    throw new LanternError('bad-request', 'Name the file: lantern import FILE [--path PATH]');
  return withDaemon(async (daemon, signal) => {
    const params = { path: resolve(values.path ?? '.'), file: resolve(name) };
    const report = await withProgress(daemon, (token) =>
      daemon.request('lantern/import', { ...params, token }, signal),
    );
    show(values, report, formatImport);
    return 0;
  });
}

function formatExport({ folder, file, vectors, missing, bytes }: ExportResult, terminal: Terminal): string {
  const done = `${green(terminal, 'Exported')} ${vectors} vectors of ${bold(terminal, plain(folder))} to ${plain(file)}, ${mebibytes(bytes)}`;
  return missing === 0
    ? done
    : `${done}\n  ${missing} texts have no vector yet: run lantern index, then export again.`;
}

function formatImport(report: ImportReport, terminal: Terminal): string {
  const { vectorsInFile, vectorsTaken, vectorsChecked } = report;
  const checked =
    vectorsTaken === 0 ? '' : `; ${vectorsChecked} of them were computed again here, and are the same`;
  return `${formatIndex(report, terminal)}\n  vectors ${vectorsTaken} of the ${vectorsInFile} in the file were of use${checked}`;
}
