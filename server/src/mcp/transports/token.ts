import { Buffer } from 'node:buffer';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../../../shared/src/errors.js';
import { writePrivate } from '../../../../shared/src/writePrivate.js';

/** File of the token for HTTP clients. */
export const tokenPath = (dataDir: string): string => join(dataDir, 'mcp-token');

/** The token. A new one is made when there is none, or when others could have read it. */
export async function readToken(dataDir: string): Promise<string> {
  const path = tokenPath(dataDir);
  try {
    const stats = await lstat(path);
    const exposed = process.platform !== 'win32' && (stats.mode & 0o077) !== 0;
    if (stats.isFile() && !exposed) {
      const token = (await readFile(path, 'utf8')).trim();
      if (/^[\w-]{32,}$/.test(token)) return token;
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return rotateToken(dataDir);
}

/** Makes a new token. The old one is rejected from the next request on. */
export async function rotateToken(dataDir: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await writePrivate(tokenPath(dataDir), `${token}\n`);
  return token;
}

/** Whether an `Authorization` header has the token. The time does not depend on how much of it is right. */
export function bearerMatches(header: string | undefined, token: string): boolean {
  const presented = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
  // Digests have the same length for any input.
  return timingSafeEqual(digest(presented), digest(token));
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
