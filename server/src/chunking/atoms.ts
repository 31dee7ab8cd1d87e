import type { Lines } from '../syntax/lines.js';
import type { Pacer } from '../syntax/pacer.js';

/** Tokens of a text under the model's tokenizer, without the special tokens around it. */
export type CountTokens = (text: string) => number;

/**
 * The unit that is never cut: a line with the blank lines after it, or a piece of a line that is too long. Offsets
 * are UTF-16 units into the text, rows count from 0.
 */
export interface Atom {
  readonly start: number;
  readonly end: number;
  readonly row: number;
  /** Share of the budget: its tokens, or more where few tokens have very many characters. */
  readonly weight: number;
  /** True for every piece of a line except the first. */
  readonly continues: boolean;
}

/**
 * A chunk has at most this many characters per token of its budget. An unbroken run, such as base64, may be one
 * token.
 */
const charactersPerToken = 32;

/** Cuts a text into atoms of at most `budget` tokens each, and counts every line once. */
export async function atomsOf(
  lines: Lines,
  budget: number,
  countTokens: CountTokens,
  pacer: Pacer,
): Promise<Atom[]> {
  const atoms: Atom[] = [];
  const known = new Map<string, number>();
  const weigh = (text: string): number => {
    let weight = known.get(text);
    if (weight === undefined) {
      const length = text.trim().length;
      weight = Math.max(countTokens(text), Math.ceil(length / charactersPerToken), 1);
      if (length < 200) known.set(text, weight);
    }
    return weight;
  };
  let row = 0;
  while (row < lines.count) {
    if (pacer.due) await pacer.pause();
    const start = lines.start(row);
    let next = row + 1;
    // Blank lines belong to the line before them, and those at the beginning to the first line.
    if (row === 0) while (next < lines.count && lines.isBlank(next - 1)) next++;
    const first = next - 1;
    while (next < lines.count && lines.isBlank(next)) next++;
    const end = lines.start(next);
    // Longer lines are never counted whole: on text worth keeping whole, tokens grow at least this fast.
    const isLong = end - start > budget * 8;
    const weight = isLong ? Infinity : weigh(lines.text.slice(start, end));
    if (weight <= budget) atoms.push({ start, end, row: first, weight, continues: false });
    else {
      for (const piece of pieces(lines.text, start, end, budget * 2)) {
        if (pacer.due) await pacer.pause();
        for (const part of fitted(lines.text, piece.start, piece.end, budget, weigh)) {
          atoms.push({ ...part, row: first, continues: part.start > start });
        }
      }
    }
    row = next;
  }
  return atoms;
}

type Piece = Pick<Atom, 'start' | 'end'>;

/** Cuts an atom in two, for counts that do not add up; undefined when it has only one character. */
export function halved(text: string, atom: Atom, countTokens: CountTokens): [Atom, Atom] | undefined {
  const cut = middle(text, atom.start, atom.end);
  if (cut === undefined) return undefined;
  const weigh = (start: number, end: number): number => Math.max(1, countTokens(text.slice(start, end)));
  return [
    { ...atom, end: cut, weight: weigh(atom.start, cut) },
    { ...atom, start: cut, weight: weigh(cut, atom.end), continues: true },
  ];
}

function* pieces(text: string, start: number, end: number, size: number): Iterable<Piece> {
  while (start < end) {
    const cut = cutBefore(text, start, end, size);
    yield { start, end: cut };
    start = cut;
  }
}

function fitted(
  text: string,
  start: number,
  end: number,
  budget: number,
  weigh: CountTokens,
): (Piece & { weight: number })[] {
  const weight = weigh(text.slice(start, end));
  if (weight <= budget) return [{ start, end, weight }];
  const cut = middle(text, start, end);
  if (cut === undefined) return [{ start, end, weight }];
  return [...fitted(text, start, cut, budget, weigh), ...fitted(text, cut, end, budget, weigh)];
}

/** The best cut near the middle of the visible text; undefined when it has only one character. */
function middle(text: string, start: number, end: number): number | undefined {
  const shown = text.slice(start, end).trim().length;
  const sizes = [Math.ceil(shown / 2), 1];
  const cuts = sizes.map((size) => cutBefore(text, start, end, size));
  // Needed only for a tokenizer that counts white space.
  cuts.push(endOfCharacter(text, start + Math.ceil((end - start) / 2), end));
  return cuts.find((cut) => cut < end);
}

/**
 * The best cut within about `size` characters after `start`: after white space, else after punctuation, else between
 * characters. White space at a cut stays on its left, so that no piece is blank.
 */
function cutBefore(text: string, start: number, end: number, size: number): number {
  const visible = start + Math.max(0, text.slice(start, end).search(/\S/));
  const limit = visible + Math.max(1, size);
  if (limit >= end) return end;
  const window = text.slice(visible + Math.floor(size / 2), limit);
  const offset = Math.max(window.search(/\s\S*$/), -1);
  let cut = limit;
  if (offset >= 0) cut = limit - window.length + offset + 1;
  else {
    const mark = /[;,{}()[\]<>"'`|&][^;,{}()[\]<>"'`|&]*$/.exec(window);
    if (mark) cut = limit - window.length + mark.index + 1;
  }
  const rest = /\S/g;
  rest.lastIndex = cut;
  const found = rest.exec(text);
  const blank = (found && found.index < end ? found.index : end) - cut;
  return endOfCharacter(text, cut + blank, end);
}

/** Moves a cut out of a surrogate pair. */
function endOfCharacter(text: string, cut: number, end: number): number {
  if (cut >= end) return end;
  const before = text.charCodeAt(cut - 1);
  const after = text.charCodeAt(cut);
  const isPair = before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
  return isPair ? cut + 1 : cut;
}
