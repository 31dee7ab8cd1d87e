import type { DoctorResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { withDaemon } from '../session.js';
import { type Terminal, green, red, show } from '../terminal.js';

/** `lantern doctor`; the exit status is 2 when a check fails. */
export async function doctorCommand(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const result = await daemon.request('lantern/doctor', {}, signal);
    show(values, result, formatDoctor);
    return result.checks.every(({ ok }) => ok) ? 0 : 2;
  });
}

function formatDoctor({ checks }: DoctorResult, terminal: Terminal): string {
  return checks
    .map(({ name, ok, detail, fix }) => {
      const mark = ok ? green(terminal, 'ok  ') : red(terminal, 'FAIL');
      return `${mark} ${name.padEnd(10)} ${detail}${fix === undefined ? '' : `\n     ${fix}`}`;
    })
    .join('\n');
}
