import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { currentUid } from '../../../shared/src/connection/endpoint.js';
import { contains } from '../../../shared/src/contains.js';
import { LanternError } from '../../../shared/src/errors.js';
import { safeLine } from '../../../shared/src/safeText.js';
import { checkFolder } from '../source/walk.js';

/** Folders of the system. Neither they nor their contents are projects. */
const systemFolders =
  process.platform === 'win32'
    ? [
        process.env['SystemRoot'] ?? 'C:\\Windows',
        'C:\\Program Files',
        'C:\\Program Files (x86)',
        'C:\\ProgramData',
      ]
    : [
        '/bin',
        '/boot',
        '/dev',
        '/etc',
        '/lib',
        '/lib64',
        '/proc',
        '/run',
        '/sbin',
        '/sys',
        '/private/etc',
        '/System',
        '/Library',
      ];

/** Folders that contain many projects. They are not projects themselves; their contents may be. */
const sharedFolders = [
  '/usr',
  '/var',
  '/opt',
  '/srv',
  '/tmp',
  '/private/tmp',
  '/mnt',
  '/media',
  '/Volumes',
  '/Applications',
];

/** In a system folder, but with the user's own disks. */
const ownDisks = '/run/media';

/** Folders of the home folder with keys. They are never indexed by name, not even for those who insist. */
const keyFolders = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.password-store',
  '.config/gcloud',
  '.config/gh',
  '.local/share/keyrings',
  'Library/Keychains',
  'AppData/Roaming/Microsoft/Credentials',
  'AppData/Roaming/Microsoft/Crypto',
];

/** Folders of the home folder with the data of programs. */
const privateFolders = ['.config', '.local', '.mozilla', '.thunderbird', 'Library', 'AppData'];

/** Who wants a folder to be indexed. */
export interface Asker {
  readonly isAgent: boolean;
  /** A person means it, although it is no project. */
  readonly force?: boolean;
}

/** What the check depends on. Tests give their own. */
export interface Machine {
  /** Lantern's own data folder. */
  readonly dataDir: string;
  readonly home: string;
  readonly uid: number;
}

export const thisMachine = (dataDir: string): Machine => ({ dataDir, home: homedir(), uid: currentUid() });

/**
 * The real path of a folder that may be indexed although it has no index yet: a directory that is neither the root of the
 * file system nor the home folder, and that has neither keys nor files of the system or of programs in it. A person can
 * force all but keys and Lantern's own data; an agent nothing, and it may index only what belongs to the user. Throws
 * for any other.
 */
export async function checkMayIndex(path: string, { isAgent, force }: Asker, on: Machine): Promise<string> {
  const real = await checkFolder(path);
  const name = safeLine(real, 400);
  const refuse = (cause: string, next: string): LanternError =>
    new LanternError(
      'bad-request',
      `${name} is not indexed${isAgent ? ' for an agent' : ''}: ${cause}. Name the folder of one project${next}.`,
    );
  const never = whyNever(real, on);
  if (never !== undefined) throw refuse(never, '');
  const cause = whyUnlikely(real, on);
  if (isAgent) {
    if (cause !== undefined) throw refuse(cause, '');
    if (process.platform !== 'win32' && (await stat(real)).uid !== on.uid)
      throw refuse('it does not belong to the user', '');
  } else if (cause !== undefined && force !== true) {
    throw refuse(cause, `, or say that you mean all of it: lantern index --force "${name}"`);
  }
  return real;
}

/** Why nobody indexes a folder. */
function whyNever(real: string, { dataDir, home }: Machine): string | undefined {
  if (keyFolders.some((keys) => contains(join(home, keys), real))) return 'it may hold keys and credentials';
  return contains(dataDir, real) ? 'it holds Lantern’s own data' : undefined;
}

/** Why a folder is none that people search. */
function whyUnlikely(real: string, { dataDir, home }: Machine): string | undefined {
  if (real === parse(real).root) return 'it is the root of the file system';
  if (holdsHome(real, home)) return 'it is the home folder, or holds it';
  if (
    systemFolders.some((folder) => contains(folder, real)) &&
    !(contains(ownDisks, real) && real !== ownDisks)
  )
    return 'it belongs to the system';
  if (sharedFolders.includes(real)) return 'it is shared by all programs';
  if (privateFolders.some((folder) => contains(join(home, folder), real)))
    return 'it may hold keys and private data';
  return contains(real, dataDir) ? 'it holds Lantern’s own data' : undefined;
}

/** Whether a folder is the home folder or one above it. */
export function holdsHome(path: string, home: string = homedir()): boolean {
  return contains(resolve(path), resolve(home));
}
