import { readFileSync, renameSync } from 'node:fs';
import { errorMessage, systemCode } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';

/**
 * What a JSON file of the data folder has under `name`, as `parse` reads it; it throws for what is damaged, and such a file
 * is set aside. Undefined when there is nothing to read.
 */
export function readList<T>(
  file: string,
  name: string,
  parse: (list: readonly unknown[]) => T,
  log: Log,
): T | undefined {
  try {
    const found = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)[name];
    if (!Array.isArray(found)) throw new Error(`it has no list "${name}"`);
    return parse(found);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    log.write('warn', 'list.damaged', { file, cause: errorMessage(error) });
    try {
      renameSync(file, `${file}.damaged`);
    } catch {
      // It is left as it is, and replaced by the next change.
    }
    return undefined;
  }
}
