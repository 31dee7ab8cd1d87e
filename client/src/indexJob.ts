import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { IndexParams, IndexProgress, IndexReport } from '../../shared/src/protocol/protocol.js';
import type { DaemonClient } from './daemonClient.js';
import type { Place } from './places.js';
import { filesOf } from './status/statusText.js';

/** `shown`: in a notification, from which the user may cancel it. `quiet`: in the status bar. */
export type Shown = 'shown' | 'quiet';

/** Has the daemon index a folder, shows the progress, and returns the report. */
export async function indexWithProgress(
  client: DaemonClient,
  { name, path }: Place,
  how: Shown,
  params: Pick<IndexParams, 'existing'>,
  cancelling: vscode.CancellationTokenSource,
): Promise<IndexReport> {
  const location = how === 'shown' ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;
  return await vscode.window.withProgress(
    { location, title: `Lantern: indexing ${name}`, cancellable: how === 'shown' },
    async (progress, token) => {
      const job = randomUUID();
      let shown = 0;
      const listening = [
        token.onCancellationRequested(() => cancelling.cancel()),
        client.onDidProgress((event) => {
          if (event.token !== job) return;
          // A search in between would compare with the disk again, which would take its time.
          if (event.progress.kind === 'scanning' && shown > 0) return;
          const percent = percentOf(event.progress);
          progress.report({ message: describe(event.progress), increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
        }),
      ];
      try {
        return await client.request('lantern/index', { path, token: job, ...params }, cancelling.token);
      } finally {
        for (const one of listening) one.dispose();
      }
    },
  );
}

function percentOf(progress: IndexProgress): number {
  return progress.kind === 'scanning' || progress.total === 0 ? 0 : (100 * progress.done) / progress.total;
}

function describe(progress: IndexProgress): string {
  const { secondsLeft } = progress;
  const left = secondsLeft < 0 ? '' : `, ${duration(secondsLeft)} left`;
  if (progress.kind === 'scanning') return `reading ${filesOf(progress)}${left}`;
  const { done, total } = progress;
  if (progress.kind === 'vectors') return `${done} of ${total} known vectors${left}`;
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} % (${done} of ${total} chunks${left})`;
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
