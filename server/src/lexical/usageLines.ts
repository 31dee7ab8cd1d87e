import { plainComment } from '../syntax/comments.js';
import { identifiersIn, isDistinctive } from './names.js';
import { tokens } from './tokens.js';

/** Longer lines are data. */
const maxLine = 400;
/** A line that names things of more files than this says little of any of them. */
const maxTargets = 3;
/** Lines of one file that count for one other file. */
const maxLinesPerTarget = 40;

/**
 * What a file says of other files: the words of its lines that name a definition of theirs, with the comment right
 * above. `commentRows` are lines, from 1, on which a comment ends; `ownerOf` gives the one file that defines a name. The result has token streams by file.
 */
export function usageLines(
  text: string,
  commentRows: ReadonlySet<number>,
  ownerOf: (name: string) => number | undefined,
): Map<number, string> {
  const lines = text.split('\n');
  const found = new Map<number, { words: string[]; lines: number }>();
  lines.forEach((line, row) => {
    if (line.length > maxLine) return;
    const targets = new Set<number>();
    for (const name of identifiersIn(line)) {
      const owner = isDistinctive(name) ? ownerOf(name) : undefined;
      if (owner !== undefined) targets.add(owner);
    }
    if (targets.size === 0 || targets.size > maxTargets) return;
    const above = commentRows.has(row) ? plainComment(lines[row - 1] ?? '') : '';
    const words = tokens(`${line} ${above}`);
    for (const target of targets) {
      const known = found.get(target) ?? { words: [], lines: 0 };
      found.set(target, known);
      if (known.lines++ < maxLinesPerTarget) known.words.push(...words);
    }
  });
  return new Map([...found].map(([target, { words }]) => [target, words.join(' ')]));
}
