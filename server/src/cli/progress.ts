import type {
  IndexParams,
  IndexProgress,
  IndexReport,
  ScanProgress,
} from '../../../shared/src/protocol/protocol.js';
import type { DaemonConnection } from './connection.js';
import { type Terminal, cyan, terminal } from './terminal.js';

/** Milliseconds between two drawings of the line. */
const drawEveryMs = 80;

/** One line on standard error that shows progress, drawn again and again; nothing unless that is a terminal. */
class ProgressLine {
  #shown = false;
  #last = 0;

  readonly update = (progress: IndexProgress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#last < drawEveryMs) return;
    this.#last = now;
    this.#shown = true;
    process.stderr.write(`\r\x1b[K${formatProgress(progress, terminal)}`);
  };

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}

/** Indexes a folder and shows the progress. */
export const indexWithProgress = (
  daemon: DaemonConnection,
  params: Omit<IndexParams, 'token'>,
  signal: AbortSignal,
): Promise<IndexReport> =>
  withProgress(daemon, (token) => daemon.request('lantern/index', { ...params, token }, signal));

/** Shows the progress of a request that is given the token. */
export async function withProgress<T>(
  daemon: DaemonConnection,
  request: (token: string) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine();
  const token = `cli-${process.pid}`;
  const listening = daemon.onProgress(token, line.update);
  try {
    return await request(token);
  } finally {
    listening.dispose();
    line.clear();
  }
}

function formatProgress(progress: IndexProgress, terminal: Terminal): string {
  if (progress.kind === 'scanning') return formatScan(progress);
  const { done, total } = progress;
  const width = 24;
  const filled = total === 0 ? width : Math.round((done / total) * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  return `${cyan(terminal, bar)} ${done}/${total} ${nounOf(progress)}${speedOf(progress)}`;
}

function nounOf(progress: Exclude<IndexProgress, ScanProgress>): string {
  if (progress.kind === 'vectors') return 'vectors';
  return progress.files > 0 ? 'files' : 'chunks';
}

/** `Reading files: 120 of 1414, 60/s, 22 s left`. */
export function formatScan(scan: ScanProgress): string {
  const of = scan.total < 0 ? '' : ` of ${scan.total}`;
  return `Reading files: ${scan.files}${of}${speedOf(scan)}`;
}

function speedOf({ rate, secondsLeft }: Pick<IndexProgress, 'rate' | 'secondsLeft'>): string {
  const left = secondsLeft < 0 ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  return rate > 0 ? `, ${rate.toFixed(0)}/s${left}` : '';
}
