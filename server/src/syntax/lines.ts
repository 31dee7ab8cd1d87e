/** Where each line of a text begins; a line ends after its `\n`. */
export class Lines {
  readonly text: string;
  /** Offset of each line, then the text's length. */
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
    // A final newline ends the last line; it does not begin another.
    if (this.#starts.at(-1) !== text.length) this.#starts.push(text.length);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** Offset where row `row` (from 0) begins; past the last row it is the text's length. */
  start(row: number): number {
    return this.#starts[Math.min(row, this.count)] ?? 0;
  }

  line(row: number): string {
    return this.text.slice(this.start(row), this.start(row + 1));
  }

  isBlank(row: number): boolean {
    return isBlank(this.line(row));
  }

  /** The row (from 0) that holds `offset`. */
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
