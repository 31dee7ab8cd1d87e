import type { HitLine } from '../../../shared/src/protocol/protocol.js';
import { type TextRange, tokenRanges, tokens } from '../lexical/tokens.js';
import { firstSentence, isCommentLine, legalNotice } from '../syntax/comments.js';
import { isImport } from './fileHeader.js';

/** What a question asks for: how much each of its tokens tells. Empty for related code. */
export type TokenWeights = ReadonlyMap<string, number>;

/** Lines of a file, the first of which has the number `startLine`. */
export interface Passage {
  readonly startLine: number;
  readonly text: string;
  /** The line that names the symbol; undefined when none is known. */
  readonly signatureLine: number | undefined;
}

/** Most characters of a line. A longer one is cut around what it has of the question. */
const longest = 200;
/** Share of a line's weight that a signature and a comment get on top: they say it for all lines below them. */
const signatureBonus = 0.3;
const commentBonus = 0.15;

/** A line with no more than a keyword or two, a decorator without arguments, or an end. */
const bare =
  /^\W*(?:(?:else|try|finally|do|begin|end|then|ensure|rescue|loop|return|pass|break|continue|default|public|private|protected|static|fi|done|esac|in|unsafe|async|self|this|super|null|nil|None|true|false)\W*){0,2}$|^\s*@[\w.]+\s*$/;

/**
 * The line of a hit that answers the question: the one with the most of the question in it, else the signature, else the
 * first sentence of a comment. Never an import, a bare keyword or a bracket while there is another line.
 */
export function answerLine(passage: Passage, weights: TokenWeights): HitLine {
  const { startLine, signatureLine } = passage;
  const lines = passage.text.split(/\r?\n/);
  const wanted = new Set(weights.keys());
  let best = { row: -1, worth: 0 };
  for (const [row, line] of lines.entries()) {
    if (!isTelling(line)) continue;
    const asked = weightOf(line, weights);
    const bonus = startLine + row === signatureLine ? signatureBonus : isCommentLine(line) ? commentBonus : 0;
    const worth = asked * (1 + bonus);
    if (worth > best.worth) best = { row, worth };
  }
  const row = best.row >= 0 ? best.row : silentRow(lines, signatureLine && signatureLine - startLine);
  return { number: startLine + row, ...shortened(lines[row] ?? '', wanted) };
}

/** The row to show where no line has anything of the question. */
function silentRow(lines: readonly string[], signature: number | undefined): number {
  if (signature !== undefined && signature >= 0 && signature < lines.length) return signature;
  const saying = lines.findIndex((line) => isCommentLine(line) && isTelling(line) && saysSomething(line));
  if (saying >= 0) return saying;
  const telling = lines.findIndex(isTelling);
  return Math.max(0, telling >= 0 ? telling : lines.findIndex((line) => line.trim() !== ''));
}

const isTelling = (line: string): boolean =>
  /[\p{L}\p{N}]/u.test(line) && !bare.test(line) && !isImport(line) && !legalNotice.test(line);

const saysSomething = (line: string): boolean => firstSentence(line).split(/\s+/).length >= 2;

function weightOf(line: string, weights: TokenWeights): number {
  const found = new Map<string, number>();
  for (const token of tokens(line)) {
    const weight = weights.get(token);
    if (weight !== undefined) found.set(token, weight);
  }
  let sum = 0;
  for (const weight of found.values()) sum += weight;
  return sum;
}

/** A line without its indentation, cut around the first token of the question when it is long. */
function shortened(line: string, wanted: ReadonlySet<string>): { text: string; marks: readonly TextRange[] } {
  const text = line.trim().replace(/\t/g, ' ');
  const marks = tokenRanges(text, wanted);
  if (text.length <= longest) return { text, marks };
  const first = marks[0]?.[0] ?? 0;
  const start = first < longest / 2 ? 0 : wholeCharacter(text, first - longest / 4);
  const end = wholeCharacter(text, Math.min(text.length, start + longest));
  const before = start > 0 ? '…' : '';
  return {
    text: `${before}${text.slice(start, end)}${end < text.length ? '…' : ''}`,
    marks: marks
      .filter(([from, to]) => from >= start && to <= end)
      .map(([from, to]) => [from - start + before.length, to - start + before.length]),
  };
}

/** `at`, or one before it where it is within a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
