import { parseArgs } from 'node:util';
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { usage } from './usage.js';

const options = {
  path: { type: 'string' },
  limit: { type: 'string' },
  mode: { type: 'string' },
  lang: { type: 'string' },
  glob: { type: 'string' },
  json: { type: 'boolean' },
  foreground: { type: 'boolean' },
  client: { type: 'string' },
  all: { type: 'boolean' },
  project: { type: 'boolean' },
  wait: { type: 'boolean' },
  'no-wait': { type: 'boolean' },
  min: { type: 'string' },
  explain: { type: 'boolean' },
  relation: { type: 'string' },
  steps: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Options and positional arguments of a command. An unknown option is an error with the usage. */
export function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new LanternError('bad-request', `${errorMessage(error)}\n\n${usage}`);
  }
}

export type Values = ReturnType<typeof parse>['values'];
