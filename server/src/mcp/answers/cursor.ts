import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { LanternError } from '../../../../shared/src/errors.js';

/** A position in a list of hits. It is valid for the same question only. */
export function writeCursor(offset: number, question: unknown): string {
  return Buffer.from(`${offset}.${keyOf(question)}`).toString('base64url');
}

/** The position of a cursor; an invalid cursor is a `bad-request`. */
export function readCursor(cursor: string, question: unknown): number {
  const match = /^(\d{1,6})\.([0-9a-f]{8})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match?.[2] !== keyOf(question)) {
    throw new LanternError(
      'bad-request',
      'The cursor belongs to another question. Use it with the same arguments, or leave it out to begin again.',
    );
  }
  return Number(match[1]);
}

const keyOf = (question: unknown): string => hash('sha256', JSON.stringify(question)).slice(0, 8);
