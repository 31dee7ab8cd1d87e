import { sep } from 'node:path';

/** Whether `outer` is `inner` or a folder around it. Both are absolute paths without symbolic links. */
export function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
