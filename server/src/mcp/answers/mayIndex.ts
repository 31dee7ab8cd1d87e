import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { parse, sep } from 'node:path';
import { LanternError } from '../../../../shared/src/errors.js';
import { dataDir } from '../../../../shared/src/connection/dataDir.js';
import { currentUid } from '../../../../shared/src/connection/endpoint.js';
import { checkFolder } from '../../source/walk.js';
import { holdsHome, isWithin } from './folderScope.js';
import { safeLine } from './safeText.js';

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

/** Folders of the home folder with keys or the data of programs. */
const privateFolders = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.config',
  '.local',
  '.password-store',
  '.mozilla',
  'Library',
  'AppData',
];

/**
 * The real path of a folder that an agent may index. It is a directory of the user, neither the root of the file
 * system nor the home folder, and contains neither secrets nor files of the system. Throws for any other.
 */
export async function checkMayIndex(
  path: string,
  home: string = homedir(),
  uid: number = currentUid(),
): Promise<string> {
  const real = await checkFolder(path);
  const refuse = (cause: string): LanternError =>
    new LanternError(
      'bad-request',
      `${safeLine(real, 400)} is not indexed for an agent: ${cause}. Name the folder of one project.`,
    );
  if (real === parse(real).root) throw refuse('it is the root of the file system');
  if (holdsHome(real, home)) throw refuse('it is the home folder, or holds it');
  if (systemFolders.some((folder) => isWithin(folder, real))) throw refuse('it belongs to the system');
  if (sharedFolders.includes(real)) throw refuse('it is shared by all programs');
  if (privateFolders.some((name) => isWithin(`${home}${sep}${name}`, real)))
    throw refuse('it may hold keys and private data');
  if (isWithin(dataDir(), real) || isWithin(real, dataDir())) throw refuse('it holds Lantern’s own data');
  if (process.platform !== 'win32' && (await stat(real)).uid !== uid)
    throw refuse('it does not belong to the user');
  return real;
}
