import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { LanternError, errorMessage, systemCode } from '../errors.js';
import { writePrivate } from '../writePrivate.js';
import { mergeSettings } from './settings.js';

/** New values by `group.name`; undefined removes the user's value, so that the default applies. */
export type SettingChanges = ReadonlyMap<string, unknown>;

/** Writes changed settings to the file that the daemon reads at its start; returns whether the file has changed. */
export async function changeSettings(dataDir: string, changes: SettingChanges): Promise<boolean> {
  const file = join(dataDir, 'settings.json');
  const chosen = await readChosen(file);
  const next = structuredClone(chosen);
  for (const [key, value] of changes) {
    const [group = '', name = ''] = key.split('.');
    const values = { ...(next[group] as Record<string, unknown> | undefined) };
    if (value === undefined) Reflect.deleteProperty(values, name);
    else values[name] = value;
    next[group] = values;
  }
  // An invalid value is rejected here, so that it does not prevent the daemon's start.
  const after = mergeSettings(next, 'The settings');
  const before = mergedOr(chosen);
  if (before !== undefined && isDeepStrictEqual(before, after)) return false;
  // It may contain the key of a Chroma server.
  await writePrivate(file, `${JSON.stringify(next, null, 2)}\n`);
  return true;
}

async function readChosen(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw new LanternError('not-readable', `${file} could not be read: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
    throw new TypeError('it is not an object');
  } catch (error) {
    throw new LanternError(
      'bad-request',
      `${file} cannot be used: ${errorMessage(error)}. Repair or remove it.`,
      {
        cause: error,
      },
    );
  }
}

/** Undefined when the file is invalid: then every valid file differs. */
function mergedOr(chosen: unknown): unknown {
  try {
    return mergeSettings(chosen, 'The settings');
  } catch {
    return undefined;
  }
}
