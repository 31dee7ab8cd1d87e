import { LanternError } from '../../../../shared/src/errors.js';
import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { mebibytes, show } from '../terminal.js';

/** `lantern cache clear`. */
export async function cacheCommand(positionals: readonly string[], values: Values): Promise<number> {
  if (positionals[0] !== 'clear') throw new LanternError('bad-request', 'Did you mean: lantern cache clear');
  return withDaemon(async (daemon, signal) => {
    show(values, await daemon.request('lantern/clearCache', {}, signal), ({ models, bytes }) =>
      models === 0
        ? 'No model was loaded.'
        : `Released ${models} model${models === 1 ? '' : 's'}, ${mebibytes(bytes)}.`,
    );
    return 0;
  });
}
