/** Texts with this share of lines in common are duplicates, such as a vendored copy with another licence line. */
const sameShare = 0.9;
/** Shorter texts may be equal by chance. */
const leastLines = 4;

/** Recognises a text that equals an earlier one, except for white space and a line or two. */
export class Duplicates {
  readonly #seen: ReadonlySet<string>[] = [];

  isDuplicate(text: string): boolean {
    const lines = new Set(
      text
        .split('\n')
        .map((line) => line.replace(/\s+/g, ' ').trim())
        .filter((line) => /[\p{L}\p{N}]/u.test(line)),
    );
    const isOne = this.#seen.some((seen) => alike(seen, lines));
    if (!isOne && lines.size >= leastLines) this.#seen.push(lines);
    return isOne;
  }
}

function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const larger = Math.max(a.size, b.size);
  if (b.size < leastLines || Math.min(a.size, b.size) < larger * sameShare) return false;
  let common = 0;
  for (const line of b) if (a.has(line)) common++;
  return common >= larger * sameShare;
}
