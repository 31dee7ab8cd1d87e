import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants, type Stats, closeSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../../../shared/src/errors.js';
import { pathWithoutLinks } from '../../../shared/src/pathWithoutLinks.js';
import { decodeText, notebookText } from './decode.js';
import { type SkipReason, extensionOf, isSecretFile } from './excludes.js';
import { isInside } from './folderTree.js';

export interface ReadOptions {
  /** Larger files are skipped. At most this many bytes and one are ever read. */
  readonly maxFileBytes: number;
  /** Replaces `openFile`, for tests of faults. */
  readonly open?: typeof openFile;
}

/**
 * An open file. Calls are synchronous: each promise of `node:fs` waits for a free core, and while the model uses all
 * cores the seven that a file needs would take a hundred milliseconds.
 */
export interface ReadHandle {
  stat(): Stats;
  /** Reads into `buffer` at position `at`, from the same position in the file. Returns the number of bytes. */
  read(buffer: Uint8Array, at: number): number;
  close(): void;
}

export type ReadResult =
  | {
      readonly kind: 'text';
      /** Decoded, without a byte order mark. Line ends are as in the file. */
      readonly text: string;
      /** SHA-256 of the bytes, 64 hexadecimal digits. */
      readonly digest: string;
      /** In bytes. Size and time are those of the state that `text` shows. */
      readonly size: number;
      readonly mtimeMs: number;
    }
  | {
      readonly kind: 'skipped';
      readonly reason: SkipReason;
      /** Set when the content decided. Until size or time changes, it would decide the same. */
      readonly state?: { readonly size: number; readonly mtimeMs: number };
    }
  | { readonly kind: 'gone' };

const attempts = 3;
/** Milliseconds between attempts: about as long as an editor takes to write a file. */
const pauseMs = 20;

/**
 * Do not follow links, and do not wait for a writer when a FIFO has replaced the file. On Windows both flags are
 * undefined, which counts as 0.
 */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const skipped = (reason: SkipReason, state?: { size: number; mtimeMs: number }): ReadResult =>
  state ? { kind: 'skipped', reason, state } : { kind: 'skipped', reason };

/**
 * Reads one file of a folder as text. `root` is absolute and without links, `path` is relative to it, with `/`. Never
 * throws for a fault of the file, and never leaves the folder, whatever `path` is.
 */
export async function readSource(root: string, path: string, options: ReadOptions): Promise<ReadResult> {
  const segments = path.split('/');
  // The path may come from a store that was tampered with.
  if (path.includes('\0') || segments.some((s) => s === '' || s === '.' || s === '..'))
    return { kind: 'gone' };
  const name = segments.at(-1) ?? '';
  if (isSecretFile(name, segments.at(-2) ?? basename(root))) return skipped('secret');
  try {
    const absolute = join(root, path);
    if (!isInside(pathWithoutLinks(dirname(absolute)), root)) return skipped('symlink-outside');
    for (let attempt = 1; ; attempt++) {
      const read = readOnce(absolute, root, options);
      if (read.kind === 'bytes') return judge(name, read.bytes, read.stats);
      if (read.kind === 'final') return read.result;
      if (attempt === attempts) return skipped('changing');
      await sleep(pauseMs);
    }
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): ReadResult {
  switch (systemCode(error) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'gone' };
    case 'ELOOP':
      return skipped('symlink');
    default:
      return skipped('unreadable');
  }
}

type ReadOnce =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly stats: Stats }
  | { readonly kind: 'changed' }
  | { readonly kind: 'final'; readonly result: ReadResult };

export function openFile(path: string, flags: number): ReadHandle {
  const file = openSync(path, flags);
  return {
    stat: () => fstatSync(file),
    read: (buffer, at) => readSync(file, buffer, at, buffer.length - at, at),
    close: () => closeSync(file),
  };
}

function readOnce(absolute: string, root: string, options: ReadOptions): ReadOnce {
  // Check before opening: opening a device can have effects, and a large file is not read anyway.
  const refused = refusal(lstatSync(absolute), options);
  if (refused) return { kind: 'final', result: skipped(refused) };
  const handle = (options.open ?? openFile)(absolute, openFlags);
  try {
    const before = handle.stat();
    const replaced = refusal(before, options);
    if (replaced) return { kind: 'final', result: skipped(replaced) };
    if (!isStillAt(absolute, before, root)) return { kind: 'final', result: skipped('symlink-outside') };
    const buffer = Buffer.allocUnsafeSlow(before.size + 1);
    let length = 0;
    // Read one byte more than expected, to notice growth. This also ends for a file that grows forever.
    while (length < buffer.length) {
      const bytesRead = handle.read(buffer, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const after = handle.stat();
    const same =
      after.size === before.size && after.mtimeMs === before.mtimeMs && after.ctimeMs === before.ctimeMs;
    if (!same || length !== before.size) return { kind: 'changed' };
    return { kind: 'bytes', bytes: buffer.subarray(0, length), stats: after };
  } finally {
    handle.close();
  }
}

/**
 * Whether an open file is the one at `absolute`, inside the folder. A folder above it may have been replaced by a link
 * between the check and the opening.
 */
function isStillAt(absolute: string, opened: Stats, root: string): boolean {
  const folder = pathWithoutLinks(dirname(absolute));
  if (!isInside(folder, root)) return false;
  const there = lstatSync(join(folder, basename(absolute)));
  return there.ino === opened.ino && there.dev === opened.dev;
}

function refusal(stats: Stats, options: ReadOptions): SkipReason | undefined {
  if (stats.isSymbolicLink()) return 'symlink';
  if (!stats.isFile()) return 'special';
  if (stats.size === 0) return 'empty';
  return stats.size > options.maxFileBytes ? 'too-large' : undefined;
}

function judge(name: string, bytes: Buffer, stats: Stats): ReadResult {
  const { size, mtimeMs } = stats;
  const decoded = decodeText(bytes);
  if (!decoded) return skipped('binary', { size, mtimeMs });
  const text = (name.endsWith('.ipynb') ? notebookText(decoded.text) : undefined) ?? decoded.text;
  const reason = contentExclusion(name, text);
  if (reason) return skipped(reason, { size, mtimeMs });
  return {
    kind: 'text',
    text,
    // Not needed by callers that only show the text.
    get digest() {
      return createHash('sha256').update(bytes).digest('hex');
    },
    size,
    mtimeMs,
  };
}

/** Why a file is excluded by its content, if it is. */
export function contentExclusion(name: string, text: string): SkipReason | undefined {
  if (privateKey.test(text.slice(0, 1024))) return 'secret';
  if (text.trim() === '') return 'empty';
  if (isGenerated(name, text)) return 'generated';
  if (isMinified(name, text)) return 'minified';
  return undefined;
}

/** Only at the beginning of a line: source that just mentions such keys has them in strings. */
const privateKey =
  /^(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1)/m;

/** Lines at the top by which generators mark their output. */
const markerLines = 20;
const commentStart = String.raw`^\s*(?:\/\/|\/\*|\*|#|--|;|%|<!--|"""|'''|\(\*|\{-|@?rem\b)[\s/*#;!=-]*`;
const generatedMarkers = [
  // The convention of Go tools, and similar lines of other tools.
  new RegExp(`${commentStart}.*\\bgenerated\\b.*\\bdo not (?:edit|modify|change)\\b`, 'i'),
  new RegExp(`${commentStart}(?:(?:this|the) (?:file|code) (?:is|was) )?@generated\\b`, 'i'),
  new RegExp(`${commentStart}<auto-?generated\\b`, 'i'),
  new RegExp(
    `${commentStart}this (?:file|code) (?:is|was|has been) (?:auto(?:matically)?[ -]?)generated\\b`,
    'i',
  ),
];

function isGenerated(name: string, text: string): boolean {
  // Prose may speak of generated files in a heading or a list, so only its comments count.
  const markup = isProse(name);
  let start = 0;
  for (let line = 0; line < markerLines && start < text.length; line++) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    // Longer lines are cut: no marker is longer, and a minified line would be searched many times.
    const head = text.slice(start, Math.min(end, start + 300));
    const candidate = /generated/i.test(head) && (!markup || head.trimStart().startsWith('<!--'));
    if (candidate && generatedMarkers.some((marker) => marker.test(head))) return true;
    start = end + 1;
  }
  return false;
}

/** In shorter files long lines do no harm. */
const smallText = 2048;

function isMinified(name: string, text: string): boolean {
  if (text.length < smallText) return false;
  const longest = isProse(name) ? 5000 : 500;
  // Stop counting when there are enough lines for a short average.
  const enough = text.length / longest;
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0 && lines < enough; at = text.indexOf('\n', at + 1)) lines++;
  return lines < enough;
}

/** Formats in which a paragraph may be one line. */
const prose: ReadonlySet<string> = new Set([
  'md',
  'mdx',
  'markdown',
  'txt',
  'rst',
  'adoc',
  'asc',
  'org',
  'tex',
  'html',
]);

function isProse(name: string): boolean {
  return prose.has(extensionOf(name.toLowerCase()));
}
