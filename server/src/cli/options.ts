import { parseArgs } from 'node:util';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { options } from './commandTable.js';
import { usage } from './usage.js';

/** Options and positional arguments of a command. An unknown option is an error with the usage. */
export function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new LanternError('bad-request', `${errorMessage(error)}\n\n${usage}`);
  }
}

export type Values = ReturnType<typeof parse>['values'];

/** What `--limit` says, 10 by default. */
export function limitOf({ limit }: Values): number {
  const wanted = Number(limit ?? 10);
  if (!Number.isInteger(wanted))
    throw new LanternError('bad-request', `--limit takes a whole number, not "${limit ?? ''}".`);
  return wanted;
}
