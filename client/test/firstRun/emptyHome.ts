import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Variables that name data, settings or accounts of whoever runs the tests. */
const personal = /^(LANTERN_|XDG_|NODE_PATH$|CLAUDE|ANTHROPIC_)/;

/** Makes an empty home folder; returns the environment of somebody who has just got it. */
export async function emptyHome(home: string): Promise<Record<string, string>> {
  await mkdir(home);
  const kept = Object.entries(process.env).filter(([name]) => !personal.test(name));
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: join(home, 'local'),
  };
}
