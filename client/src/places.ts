import { statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { contains } from '../../shared/src/contains.js';
import { pathWithoutLinks } from '../../shared/src/pathWithoutLinks.js';

/** A folder of the workspace that can be indexed, because it is on a disk. */
export interface Place {
  readonly name: string;
  /** Absolute path without links, as the daemon names it. */
  readonly path: string;
}

/** The window's folders that are on a disk. */
export function places(): Place[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ name, uri }) => ({ name, path: realPath(uri.fsPath) }));
}

/** The folder of an `in:` filter: by name, by the end of its path, or a folder inside one of the window's. */
export function folderNamed(name: string): string | undefined {
  const all = places();
  const wanted = name.toLowerCase();
  const byName =
    all.find((one) => one.name.toLowerCase() === wanted || basename(one.path).toLowerCase() === wanted) ??
    all.find((one) => one.name.toLowerCase().startsWith(wanted));
  if (byName !== undefined) return byName.path;
  const inside = (isAbsolute(name) ? [name] : all.map(({ path }) => join(path, name))).find(isFolder);
  return inside === undefined ? undefined : realPath(inside);
}

/** The window's folder that contains a file. */
export function placeOf(file: string): Place | undefined {
  const real = realPath(file);
  return places().find(({ path }) => contains(path, real));
}

export function realPath(path: string): string {
  try {
    return pathWithoutLinks(path);
  } catch {
    return path;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
