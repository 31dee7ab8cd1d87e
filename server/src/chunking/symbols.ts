import type { Definition } from '../syntax/definitions.js';
import type { Lines } from '../syntax/lines.js';

interface Reach {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/**
 * Gives the name for a range of rows (from 0): of the innermost definition around them, otherwise of the one that
 * begins in them and takes up most of them. A definition includes its comments and decorators; rows with only closing
 * marks do not count.
 */
export function symbolOf(
  lines: Lines,
  definitions: readonly Definition[],
  leads: ReadonlyMap<number, number>,
): (startRow: number, endRow: number) => string | undefined {
  const reaches = definitions.map(({ startLine, endLine, qualifiedName }): Reach => {
    const start = startLine - 1;
    return { start: leads.get(start) ?? start, end: endLine - 1, name: qualifiedName };
  });
  reaches.sort((a, b) => a.start - b.start || b.end - a.end);

  return (startRow, endRow) => {
    let start = startRow;
    let end = endRow;
    while (start < end && !says(lines, start)) start++;
    while (end > start && !says(lines, end)) end--;
    let around: Reach | undefined;
    let largest: Reach | undefined;
    let rows = 0;
    for (const reach of reaches) {
      if (reach.start > end) break;
      if (reach.start <= start && reach.end >= end) {
        if (!around || reach.end - reach.start <= around.end - around.start) around = reach;
      } else if (reach.start >= start && Math.min(reach.end, end) - reach.start >= rows) {
        largest = reach;
        rows = Math.min(reach.end, end) - reach.start + 1;
      }
    }
    return (around ?? largest)?.name;
  };
}

/** Whether a row has more than closing brackets and keywords. */
function says(lines: Lines, row: number): boolean {
  return /[\p{L}\p{N}_]/u.test(lines.line(row).replace(/^\s*(?:end|fi|done|esac)\b/, ''));
}
