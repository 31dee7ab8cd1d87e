import { fileURLToPath } from 'node:url';
import type { DoctorResult } from '../../../../shared/src/protocol/protocol.js';
import type { Values } from '../options.js';
import { print } from '../terminal.js';
import { withDaemon } from '../session.js';
import { agentCommands } from './agents.js';
import { type Terminal, green, red, show } from '../terminal.js';

const program = fileURLToPath(new URL('./lantern.js', import.meta.url));

/** `lantern doctor`; the exit status is 2 when a check fails. */
export async function doctorCommand(values: Values): Promise<number> {
  return withDaemon(async (daemon, signal) => {
    const { checks } = await daemon.request('lantern/doctor', {}, signal);
    // Not a check of the daemon: an agent's file may name another installation.
    const agents = await agentCommands(program, print).check();
    const result: DoctorResult = { checks: [...checks, agents] };
    show(values, result, formatDoctor);
    return result.checks.every(({ ok }) => ok) ? 0 : 2;
  });
}

export function formatDoctor({ checks }: DoctorResult, terminal: Terminal): string {
  const lines = checks.map(({ name, ok, detail, fix }) => {
    const mark = ok ? green(terminal, 'ok  ') : red(terminal, 'FAIL');
    return `${mark} ${name.padEnd(10)} ${detail}${fix === undefined ? '' : `\n     ${fix}`}`;
  });
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
  return [...lines, '', failed.length === 0 ? 'All is well.' : `To be mended: ${failed.join(', ')}.`].join(
    '\n',
  );
}
