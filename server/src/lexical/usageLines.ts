import { plainComment } from '../syntax/comments.js';
import { identifiersIn, isDistinctive } from './names.js';
import { tokens } from './tokens.js';

/** Longer lines are taken for data and ignored. */
const maxLine = 400;
/** A line that names definitions of more files says little about any of them. */
const maxTargets = 3;
/** Most lines of one file that count for another file. */
const maxLinesPerTarget = 40;

/**
 * The usage lines of a file: terms of its lines that name a definition of another file, with the comment directly
 * above. `commentRows` are the lines, from 1, on which a comment ends; `ownerOf` gives the only file that defines a
 * name. The result has token streams by file id.
 */
export function usageLines(
  text: string,
  commentRows: ReadonlySet<number>,
  ownerOf: (name: string) => number | undefined,
): Map<number, string> {
  const lines = text.split('\n');
  const found = new Map<number, { terms: string[]; lines: number }>();
  lines.forEach((line, row) => {
    if (line.length > maxLine) return;
    const targets = new Set<number>();
    for (const name of identifiersIn(line)) {
      const owner = isDistinctive(name) ? ownerOf(name) : undefined;
      if (owner !== undefined) targets.add(owner);
    }
    if (targets.size === 0 || targets.size > maxTargets) return;
    const above = commentRows.has(row) ? plainComment(lines[row - 1] ?? '') : '';
    const terms = tokens(`${line} ${above}`);
    for (const target of targets) {
      const known = found.get(target) ?? { terms: [], lines: 0 };
      found.set(target, known);
      if (known.lines++ < maxLinesPerTarget) known.terms.push(...terms);
    }
  });
  return new Map([...found].map(([target, { terms }]) => [target, terms.join(' ')]));
}
