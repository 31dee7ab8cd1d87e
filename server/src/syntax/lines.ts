/** Start offsets of a text's lines. A line ends after its `\n`. */
export class Lines {
  readonly text: string;
  /** Offset of each line, followed by the length of the text. */
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
    // A final newline ends the last line and does not begin another.
    if (this.#starts.at(-1) !== text.length) this.#starts.push(text.length);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** Offset where row `row` (from 0) begins; the length of the text after the last row. */
  start(row: number): number {
    return this.#starts[Math.min(row, this.count)] ?? 0;
  }

  line(row: number): string {
    return this.text.slice(this.start(row), this.start(row + 1));
  }

  isBlank(row: number): boolean {
    return isBlank(this.line(row));
  }

  /** The row (from 0) that contains `offset`. */
  rowAt(offset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

/** Spaces for all of a text but its line feeds: offsets and lines stay as they are. */
export function blanked(text: string): string {
  if (!text.includes('\n')) return ' '.repeat(text.length);
  return text
    .split('\n')
    .map((line) => ' '.repeat(line.length))
    .join('\n');
}
