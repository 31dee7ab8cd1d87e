import type { ChildExit } from './chromaChild.js';

/** Why a server ended before it answered. */
export interface ExitReason {
  readonly kind: 'port-taken' | 'damaged' | 'disk-full' | 'other';
  readonly message: string;
}

/** SQLite's primary result codes that say that the file itself is unusable. */
const damageCodes = new Set([1, 11, 26]);
const fullCode = 13;

/** The primary result code that SQLite gave, as it stands in one of Chroma's messages. */
export function sqliteCode(message: string): number | undefined {
  const code = /\bcode: "?(\d+)/.exec(message)?.[1];
  return code === undefined ? undefined : Number(code) & 0xff;
}

/** Reads from what a server printed why it did not come up. */
export function explainExit(output: string, exit: ChildExit, data: string): ExitReason {
  if (/AddrInUse|address already in use|Address .* is not available|os error (48|98|10048)/i.test(output)) {
    return { kind: 'port-taken', message: 'The port was taken between the choice and the start.' };
  }
  const line = output
    .split('\n')
    .find((text) => /error|failed|panicked at .*:$/i.test(text) && !text.startsWith('thread'));
  const said =
    line === undefined
      ? `it ended with ${exit.signal ?? `code ${exit.code ?? '?'}`}`
      : `it said "${line.trim()}"`;
  const sqlite = /sqlite|sqlx/i.test(output) ? sqliteCode(output) : undefined;
  if (sqlite === fullCode || /no space left|disk is full/i.test(output)) {
    return {
      kind: 'disk-full',
      message: `Chroma did not start: the disk that holds ${data} is full. Free some space.`,
    };
  }
  if ((sqlite !== undefined && damageCodes.has(sqlite)) || /migration/i.test(line ?? '')) {
    return { kind: 'damaged', message: `Chroma could not read its database: ${said}.` };
  }
  return {
    kind: 'other',
    message: `Chroma did not start: ${said}. Look at ${data}, or set lantern.chroma.url to a server.`,
  };
}
