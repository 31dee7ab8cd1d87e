import { createHash } from 'node:crypto';
import { lstat, mkdir, chmod } from 'node:fs/promises';
import { dirname, posix, win32 } from 'node:path';
import { LanternError, errorMessage, systemCode } from '../errors.js';

/** Everything that the endpoint's path depends on. */
export interface EndpointQuery {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Numeric user id; ignored on Windows. */
  readonly uid: number;
  readonly homedir: string;
  /** Absolute path of the daemon's data folder. */
  readonly dataDir: string;
  readonly protocolVersion: number;
}

/** Longest path of a socket: `sun_path` on macOS is 104 bytes with its final zero, the shortest of all. */
const longestPath = 102;

/**
 * Paths at which the daemon's socket for this user and data folder may be, or the name of its pipe on Windows; best
 * first. Later ones are used when an earlier one cannot be trusted. A path contains a short hash, so that it fits
 * whatever the length of the home path, and each data folder has its own daemon.
 */
export function endpointCandidates(query: EndpointQuery): string[] {
  const { platform, env, uid, dataDir } = query;
  if (platform === 'win32') return [`\\\\.\\pipe\\lantern-${key(query)}-v${query.protocolVersion}`];
  const name = `${key(query)}-v${query.protocolVersion}.sock`;
  const folders: string[] = [];
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && posix.isAbsolute(runtime)) folders.push(posix.join(runtime, 'lantern'));
  // On macOS TMPDIR is a fixed private folder of the user. On Linux shells set it to temporary folders.
  const temporary = env['TMPDIR'];
  if (platform === 'darwin' && temporary !== undefined && posix.isAbsolute(temporary)) {
    folders.push(posix.join(temporary, `lantern-${uid}`));
  }
  folders.push(`/tmp/lantern-${uid}`, posix.join(dataDir, 'run'));
  return [...new Set(folders)]
    .map((folder) => posix.join(folder, name))
    .filter((path) => Buffer.byteLength(path) <= longestPath);
}

function key({ platform, env, uid, homedir, dataDir }: EndpointQuery): string {
  // Windows has no numeric user id, and its paths ignore case.
  const parts =
    platform === 'win32'
      ? [`${env['USERDOMAIN'] ?? ''}\\${env['USERNAME'] ?? homedir}`, win32.resolve(dataDir)].map((part) =>
          part.toLowerCase(),
        )
      : [String(uid), posix.resolve(dataDir)];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

/**
 * The first candidate whose folder belongs to the user and is closed to others. The folder is created if necessary.
 * Client and daemon both call this; where their results differ, the record in the data folder tells the client.
 */
export async function trustedEndpoint(query: EndpointQuery): Promise<string> {
  const reasons: string[] = [];
  for (const path of endpointCandidates(query)) {
    if (isPipe(path)) return path;
    try {
      if (dirname(dirname(path)) === query.dataDir)
        await mkdir(query.dataDir, { recursive: true, mode: 0o700 });
      await trustFolder(dirname(path), query.uid, 'create');
      return path;
    } catch (error) {
      reasons.push(errorMessage(error));
    }
  }
  throw new LanternError(
    'unavailable',
    `There is no safe place for the daemon’s socket. ${reasons.join(' ')} ` +
      'Set XDG_RUNTIME_DIR to a folder of yours with a short path.',
  );
}

export function isPipe(endpoint: string): boolean {
  return endpoint.startsWith('\\\\.\\pipe\\');
}

/**
 * Rejects unless `folder` is a real folder of this user that nobody else can enter. Corrects a mode that is too open.
 */
export async function trustFolder(folder: string, uid: number, missing: 'create' | 'fail'): Promise<void> {
  const parent = dirname(folder);
  if (missing === 'create') await makeFolder(folder, uid);
  const [info, above] = await Promise.all([lstat(folder), lstat(parent)]);
  if (!info.isDirectory()) throw untrusted(folder, 'is not a folder', 'Remove it.');
  if (info.uid !== uid)
    throw untrusted(folder, `belongs to user ${info.uid}, not to you`, 'Have it removed.');
  // In a folder that is open to all and not sticky, anyone could replace ours.
  if ((above.mode & 0o022) !== 0 && (above.mode & 0o1000) === 0) {
    throw untrusted(
      folder,
      `lies in ${parent}, where other users may rename it`,
      `Run chmod go-w ${parent}.`,
    );
  }
  if (above.uid !== uid && above.uid !== 0) {
    throw untrusted(folder, `lies in a folder of user ${above.uid}`, 'Use a folder of your own.');
  }
  if ((info.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
}

async function makeFolder(folder: string, uid: number): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return;
    throw untrusted(
      folder,
      `cannot be made (${code ?? errorMessage(error)}) by user ${uid}`,
      'Check its parent folder.',
    );
  }
}

/** Whether there is a socket at `endpoint`. Rejects when it is not a socket of this user. */
export async function socketAt(endpoint: string, uid: number): Promise<'socket' | 'missing'> {
  if (isPipe(endpoint)) return 'socket';
  try {
    const info = await lstat(endpoint);
    if (!info.isSocket()) throw untrusted(endpoint, 'is not a socket', 'Remove it.');
    if (info.uid !== uid)
      throw untrusted(endpoint, `belongs to user ${info.uid}, not to you`, 'Have it removed.');
    return 'socket';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

/** The user's numeric id; -1 where there is none (Windows). */
export function currentUid(): number {
  return process.getuid?.() ?? -1;
}

function untrusted(path: string, cause: string, next: string): LanternError {
  return new LanternError('unavailable', `${path} ${cause}. ${next}`);
}
