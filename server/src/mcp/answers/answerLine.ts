import type { SearchHit } from '../../../../shared/src/protocol/protocol.js';

/** A line of a hit. */
export interface AnswerLine {
  /** Number in the file, from 1. */
  readonly number: number;
  /** Without indentation. */
  readonly text: string;
}

/** The line of a hit that answers: its first that is not blank. */
export function answerLine({ text, startLine }: SearchHit): AnswerLine {
  const line = /[^\n]*\S[^\n]*/.exec(text.replace(/^(?:[^\S\n]*\n)+/, ''))?.[0] ?? '';
  return { number: startLine, text: line.trim() };
}
