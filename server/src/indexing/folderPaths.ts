import { dirname, isAbsolute, resolve } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import { pathWithoutLinks } from '../../../shared/src/pathWithoutLinks.js';

/**
 * The path without symbolic links. Of a path that no longer exists it is the absolute path, so that its index can still be
 * named. It is synchronous, because an index job would run before the promise of an asynchronous call.
 */
export function realPath(path: string): string {
  if (!isAbsolute(path)) throw new LanternError('bad-request', `"${path}" is not an absolute path.`);
  return resolvedLink(path) ?? resolve(path);
}

function resolvedLink(path: string): string | undefined {
  try {
    return pathWithoutLinks(path);
  } catch {
    return undefined;
  }
}

/** The real path of `path`, or of the nearest folder above it that exists. */
export function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    const real = resolvedLink(at);
    if (real !== undefined || at === dirname(at)) return real ?? at;
  }
}
