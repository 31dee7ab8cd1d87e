import { cp, mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a scenario opens, and its folders, all below one temporary folder. */
export interface Place {
  readonly root: string;
  /** The data folder of the daemon that this scenario starts. */
  readonly home: string;
  /** A folder or a `.code-workspace` file; undefined for a window with nothing open. */
  readonly workspace: string | undefined;
}

/** Copies the fixture, so that a suite may change it, and no repository is around it. */
export async function makePlace(fixtures: string, fixture: string | undefined): Promise<Place> {
  // Short: the path of a socket is limited to about a hundred bytes.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'lvs-')));
  const home = join(root, 'home');
  await mkdir(home, { mode: 0o700 });
  if (fixture === undefined) return { root, home, workspace: undefined };
  const copy = join(root, fixture);
  await cp(join(fixtures, fixture), copy, { recursive: true });
  const file = (await readdir(copy)).find((name) => name.endsWith('.code-workspace'));
  return { root, home, workspace: file === undefined ? copy : join(copy, file) };
}

export async function removePlace(place: Place): Promise<void> {
  await rm(place.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
